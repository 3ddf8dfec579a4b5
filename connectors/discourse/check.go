package discourse

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// Check implements connectors.Source. With a key it asks whose it is, without
// one whether a visitor may look.
func (s *source) Check(ctx context.Context) (connectors.Access, error) {
	if s.set.Key == "" {
		return s.checkVisitor(ctx)
	}
	resp, err := s.client.Do(ctx, api.Request{Path: "/session/current.json"})
	if gone(err) || forbidden(err) {
		return s.checkNarrowKey(ctx)
	}
	if err != nil {
		return connectors.Access{}, err
	}
	user := gjson.GetBytes(resp.Body, "current_user")
	admin := user.Get("admin").Bool()
	access := connectors.Access{
		Account:    fmt.Sprintf("%s on %s", user.Get("username").String(), s.set.URL),
		ServerTime: resp.Date,
		Streams:    s.streamAccess(admin, admin || user.Get("moderator").Bool()),
	}
	if !admin {
		access.Notes = append(access.Notes, "the key is not an admin's: no user list, no e-mail addresses, no visits, likes or searches")
	}
	return access, nil
}

func (s *source) checkVisitor(ctx context.Context) (connectors.Access, error) {
	resp, err := s.client.Do(ctx, api.Request{Path: "/latest.json", Items: "topic_list.topics"})
	if forbidden(err) {
		return connectors.Access{}, fmt.Errorf("the forum shows nothing to visitors, set api_key: %w", connectors.ErrUnauthorized)
	}
	if err != nil {
		return connectors.Access{}, err
	}
	return connectors.Access{
		Account:    "a visitor on " + s.set.URL,
		ServerTime: resp.Date,
		Streams:    s.streamAccess(false, false),
		Notes:      []string{"no api_key: only what visitors see, without e-mail addresses"},
	}, nil
}

// checkNarrowKey tells a key of a narrow scope, which may read topic lists
// only, from one that the forum does not know: both answer 403.
func (s *source) checkNarrowKey(ctx context.Context) (connectors.Access, error) {
	resp, err := s.client.Do(ctx, api.Request{Path: "/latest.json", Items: "topic_list.topics"})
	var status *api.StatusError
	if forbidden(err) || errors.As(err, &status) && status.Status == http.StatusNotFound {
		return connectors.Access{}, fmt.Errorf("the forum does not accept api_key for user %q, or its scope is too narrow (make one with the global read scope): %w",
			s.set.Username, connectors.ErrUnauthorized)
	}
	if err != nil {
		return connectors.Access{}, err
	}
	return connectors.Access{
		Account:    s.set.Username + " on " + s.set.URL,
		ServerTime: resp.Date,
		Notes:      []string{"the key has a narrow scope: streams outside it are skipped; the global read scope reads all"},
	}, nil
}

func (s *source) streamAccess(admin, staff bool) []connectors.StreamAccess {
	var list []connectors.StreamAccess
	for _, stream := range streams() {
		access := connectors.StreamAccess{Stream: stream.Name, Readable: true}
		switch {
		case stream.Name == "reviewables" && !staff:
			access.Readable, access.Reason = false, reviewHelp
		case stream.Name == "bookmarks" && s.set.BookmarksQuery == 0:
			access.Readable, access.Reason = false, bookmarksHelp
		case stream.admin && !admin:
			access.Readable, access.Reason = false, adminHelp
		}
		list = append(list, access)
	}
	return list
}
