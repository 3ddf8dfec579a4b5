package discourse

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

const (
	reactionsName = "reactions"
	// likesGiven is the filter of /user_actions.json.
	likesGiven = "1"
)

func reactionsStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     reactionsName,
			Help:     "likes with who gave them and when: one request for each person who visited; counts are on the posts in any case",
			Mode:     connectors.ModeIncremental,
			Personal: []string{"username", "name", "target_username", "target_name", "acting_username", "acting_name", "title", "slug", "excerpt", "avatar_template", "acting_avatar_template"},
			Volatile: []string{"avatar_template", "acting_avatar_template", "excerpt", "title", "slug", "closed", "archived"},
			Fields: `{
  "acting_user_id": "BIGINT!",
  "hidden": "BOOLEAN",
  "created_at": "TIMESTAMPTZ!",
  "topic_id": "BIGINT",
  "post_id": "BIGINT",
  "post_number": "BIGINT",
  "user_id": "BIGINT"
}`,
			Every: 24 * time.Hour,
		},
		read:  (*source).readReactions,
		admin: true,
	}
}

// reactionsCursor is how far people's likes have been read: through the list
// of all people while Listing, then those of people seen since.
type reactionsCursor struct {
	V       int       `json:"v"`
	Listing bool      `json:"listing,omitempty"`
	Page    int       `json:"page,omitempty"` // of the listing
	User    int64     `json:"user,omitempty"` // the last one done on it
	Seen    time.Time `json:"seen,omitzero"`
}

const (
	reactionsVersion = 1
	// reactionsSlack is how far a person's likes are read back beyond the last
	// read.
	reactionsSlack = 24 * time.Hour
)

// readReactions asks for the likes of everybody who ever visited, later for
// those of people seen since. A person's likes, read to their end, are
// complete, so that withdrawn ones show; of others withdrawn likes stay until
// a full read.
func (s *source) readReactions(ctx context.Context, cursor connectors.Cursor, emit emitFunc) error {
	at := reactionsCursor{V: reactionsVersion, Listing: true}
	since, isSince := connectors.Since(cursor)
	switch {
	case isSince:
		at = reactionsCursor{V: reactionsVersion, Seen: since}
	case len(cursor) > 0:
		at = reactionsCursor{}
		if err := decode(cursor, &at, &at.V, reactionsVersion); err != nil {
			return err
		}
	}
	if at.Listing {
		return s.allReactions(ctx, at, emit)
	}
	return s.newReactions(ctx, at, emit)
}

func (s *source) allReactions(ctx context.Context, at reactionsCursor, emit emitFunc) error {
	err := s.users(ctx, reactionsName, "created", true, max(at.Page, 1), func(page int, users []gjson.Result, resp *api.Response) error {
		if at.Seen.IsZero() && !resp.Date.IsZero() {
			at.Seen = resp.Date.Add(-seenSlack)
		}
		for _, user := range users[afterUser(users, at.User):] {
			if err := s.readLikes(ctx, user, time.Time{}, emit); err != nil {
				return err
			}
			at.Page, at.User = page, user.Get("id").Int()
			if err := emit(connectors.Batch{Cursor: encode(at)}); err != nil {
				return err
			}
		}
		at.Page, at.User = page+1, 0
		return nil
	})
	if err != nil {
		return err
	}
	at.Listing, at.Page, at.User = false, 0, 0
	return emit(connectors.Batch{Cursor: encode(at)})
}

// afterUser is the index after that user on a page; 0 if they are not on it.
func afterUser(users []gjson.Result, id int64) int {
	for i, user := range users {
		if id != 0 && user.Get("id").Int() == id {
			return i + 1
		}
	}
	return 0
}

func (s *source) newReactions(ctx context.Context, at reactionsCursor, emit emitFunc) error {
	next := at
	err := s.users(ctx, reactionsName, "seen", false, 1, func(page int, users []gjson.Result, resp *api.Response) error {
		if page == 1 && !resp.Date.IsZero() {
			next.Seen = later(at.Seen, resp.Date.Add(-seenSlack))
		}
		seen := users[:firstOlder(users, "last_seen_at", at.Seen)]
		for _, user := range seen {
			if err := s.readLikes(ctx, user, at.Seen.Add(-reactionsSlack), emit); err != nil {
				return err
			}
		}
		if len(seen) < len(users) {
			return api.ErrStop
		}
		return nil
	})
	if err != nil {
		return err
	}
	return emit(connectors.Batch{Cursor: encode(next)})
}

// readLikes reads a person's likes, newest first, down to a time. Somebody who
// never visited gave none.
func (s *source) readLikes(ctx context.Context, user gjson.Result, since time.Time, emit emitFunc) error {
	if instant(user, "last_seen_at").IsZero() {
		return nil
	}
	query := url.Values{"username": {user.Get("username").String()}, "filter": {likesGiven}}
	giver := user.Get("id").Int()
	pager := api.Offset{Request: api.Request{Path: "/user_actions.json", Query: query, Stream: reactionsName, Items: "user_actions", Check: givenBy(giver)}}
	complete := true
	err := s.client.Walk(ctx, pager, func(resp *api.Response) error {
		records, older, err := likeRecords(resp.Body, since)
		if err != nil {
			return err
		}
		complete = !older
		if err := emit(connectors.Batch{Records: records}); err != nil || !older {
			return err
		}
		return api.ErrStop
	})
	if gone(err) || forbidden(err) { // a profile can be hidden, and a user vanish
		return nil
	}
	if err != nil || !complete {
		return err
	}
	return emit(connectors.Batch{Scopes: []string{fmt.Sprintf("acting_user_id=%d", giver)}})
}

// givenBy checks that an answer is about that person: one about another would
// make this one's likes gone.
func givenBy(user int64) func(*api.Response) error {
	return func(resp *api.Response) error {
		return api.Items(resp.Body, "user_actions", func(item gjson.Result) error {
			if n, err := id(item, "acting_user_id", "/user_actions.json"); err != nil || n == user {
				return err
			}
			return &connectors.Transient{Err: fmt.Errorf("likes of user %d were asked for and those of %s came", user, item.Get("acting_user_id").Raw)}
		})
	}
}

func likeRecords(body []byte, since time.Time) (records []connectors.Record, older bool, err error) {
	err = api.Items(body, "user_actions", func(item gjson.Result) error {
		user, err := id(item, "acting_user_id", "/user_actions.json")
		if err != nil {
			return err
		}
		post := item.Get("post_id").String()
		if post == "" {
			post = item.Get("topic_id").String() + "/" + item.Get("post_number").String()
		}
		given := instant(item, "created_at")
		older = older || given.Before(since)
		records = append(records, connectors.Record{Key: fmt.Sprintf("%s:%d", post, user), Data: api.Raw(item), At: given})
		return nil
	})
	return records, older, err
}
