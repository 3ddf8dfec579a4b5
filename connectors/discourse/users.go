package discourse

import (
	"context"
	"net/url"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

const usersName = "users"

func usersStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     usersName,
			Help:     "people with their e-mail addresses, as an admin sees them; each request is noted in the forum's staff action log",
			Mode:     connectors.ModeCensus,
			Personal: []string{"username", "name", "email", "secondary_emails", "avatar_template", "title", "ip_address", "registration_ip_address", "username_lower"},
			Volatile: userVolatile(),
			Fields: `{
  "id": "BIGINT!",
  "username": "VARCHAR",
  "name": "VARCHAR",
  "email": "VARCHAR",
  "secondary_emails": ["VARCHAR"],
  "created_at": "TIMESTAMPTZ!",
  "last_seen_at": "TIMESTAMPTZ",
  "trust_level": "BIGINT",
  "admin": "BOOLEAN",
  "moderator": "BOOLEAN",
  "active": "BOOLEAN",
  "staged": "BOOLEAN",
  "suspended": "BOOLEAN",
  "suspended_at": "TIMESTAMPTZ",
  "suspended_till": "TIMESTAMPTZ"
}`,
		},
		read:  (*source).readUsers,
		admin: true,
	}
}

// userVolatile is what grows by merely being there; the stream visits keeps
// it day by day.
func userVolatile() []string {
	return []string{
		"last_seen_at", "last_seen_age", "last_emailed_at", "last_emailed_age", "created_at_age", "avatar_template", "ip_address",
		"days_visited", "time_read", "posts_read_count", "topics_entered", "post_count", "flag_level",
		"can_be_deleted", "can_be_anonymized", "can_be_merged", "can_approve", "can_impersonate", "can_send_activation_email",
		"can_activate", "can_deactivate", "can_grant_admin", "can_revoke_admin", "can_grant_moderation", "can_revoke_moderation",
	}
}

const (
	usersVersion = 1
	// seenSlack is how far a read of people last seen goes back beyond the one
	// before: Discourse writes last_seen_at at intervals.
	seenSlack = time.Hour
)

// usersCursor is how far people have been read: through the list of all by
// creation while Listing, then those seen since.
type usersCursor struct {
	V       int       `json:"v"`
	Listing bool      `json:"listing,omitempty"`
	Page    int       `json:"page,omitempty"` // the next one of the listing
	Seen    time.Time `json:"seen,omitzero"`  // people seen or made since are read next
}

// readUsers lists everybody by creation, oldest first. Later reads take those
// seen, and those made, since the last one; what staff change of somebody who
// stays away shows at the next census.
func (s *source) readUsers(ctx context.Context, cursor connectors.Cursor, emit emitFunc) error {
	at := usersCursor{V: usersVersion, Listing: true}
	since, isSince := connectors.Since(cursor)
	switch {
	case isSince:
		at = usersCursor{V: usersVersion, Seen: since}
	case len(cursor) > 0:
		at = usersCursor{}
		if err := decode(cursor, &at, &at.V, usersVersion); err != nil {
			return err
		}
	}
	if at.Listing {
		return s.listUsers(ctx, at, emit)
	}
	return s.listSeenUsers(ctx, at, emit)
}

func (s *source) listUsers(ctx context.Context, at usersCursor, emit emitFunc) error {
	// Users deleted since an interrupted listing move others to the page
	// before.
	first := max(at.Page-1, 1)
	err := s.users(ctx, usersName, "created", true, first, func(page int, users []gjson.Result, resp *api.Response) error {
		if at.Seen.IsZero() && !resp.Date.IsZero() {
			at.Seen = resp.Date.Add(-seenSlack)
		}
		at.Page = page + 1
		return emitUsers(users, encode(at), emit)
	})
	if err != nil {
		return err
	}
	at.Listing, at.Page = false, 0
	return emit(connectors.Batch{Cursor: encode(at)})
}

func (s *source) listSeenUsers(ctx context.Context, at usersCursor, emit emitFunc) error {
	next := at
	for _, by := range []struct{ order, time string }{{"seen", "last_seen_at"}, {"created", "created_at"}} {
		err := s.users(ctx, usersName, by.order, false, 1, func(_ int, users []gjson.Result, resp *api.Response) error {
			if next.Seen.Equal(at.Seen) && !resp.Date.IsZero() {
				next.Seen = later(at.Seen, resp.Date.Add(-seenSlack))
			}
			fresh := users[:firstOlder(users, by.time, at.Seen)]
			if err := emitUsers(fresh, nil, emit); err != nil || len(fresh) == len(users) {
				return err
			}
			return api.ErrStop
		})
		if err != nil {
			return err
		}
	}
	return emit(connectors.Batch{Cursor: encode(next)})
}

// users walks the admin's list from a page, the first being 1: page 0 is the
// same as page 1, and the end is an empty page.
func (s *source) users(ctx context.Context, stream, order string, ascending bool, first int, fn func(page int, users []gjson.Result, resp *api.Response) error) error {
	query := url.Values{"order": {order}, "show_emails": {"true"}, "stats": {"true"}}
	if ascending {
		query.Set("asc", "true")
	}
	pager := api.Page{Request: api.Request{Path: "/admin/users/list/active.json", Query: query, Stream: stream, Items: "@this"}, First: first}
	page := first
	err := s.client.Walk(ctx, pager, func(resp *api.Response) error {
		var users []gjson.Result
		err := api.Items(resp.Body, "", func(item gjson.Result) error {
			users = append(users, item)
			return nil
		})
		if err != nil || len(users) == 0 {
			return err
		}
		err = fn(page, users, resp)
		page++
		return err
	})
	return closed(stream, adminHelp, err)
}

func emitUsers(users []gjson.Result, cursor connectors.Cursor, emit emitFunc) error {
	records := make([]connectors.Record, 0, len(users))
	for _, user := range users {
		r, err := record(user, "the user list", time.Time{})
		if err != nil {
			return err
		}
		records = append(records, r)
	}
	return emit(connectors.Batch{Records: records, Cursor: cursor})
}

// firstOlder is the index of the first user, of a list by that time newest
// first, who is older than since, or never was.
func firstOlder(users []gjson.Result, path string, since time.Time) int {
	for i, user := range users {
		if instant(user, path).Before(since) {
			return i
		}
	}
	return len(users)
}
