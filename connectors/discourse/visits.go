package discourse

import (
	"context"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

const visitsName = "visits"

func visitsStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     visitsName,
			Help:     "the user list's row of everybody seen since the day before, by user and the UTC day they were last seen; days_visited and posts_read_count against the row before tell what was done in between",
			Mode:     connectors.ModeIncremental,
			Personal: []string{"username", "name", "email", "secondary_emails", "avatar_template", "title", "ip_address", "username_lower"},
			Volatile: []string{"last_seen_age", "last_emailed_age", "created_at_age", "last_emailed_at", "avatar_template", "ip_address"},
			Fields: `{
  "id": "BIGINT!",
  "last_seen_at": "TIMESTAMPTZ!",
  "days_visited": "BIGINT",
  "posts_read_count": "BIGINT",
  "topics_entered": "BIGINT",
  "time_read": "BIGINT",
  "post_count": "BIGINT"
}`,
			Every: 24 * time.Hour,
		},
		read:  (*source).readVisits,
		admin: true,
	}
}

// visitsCursor is up to when people seen have been read.
type visitsCursor struct {
	V    int       `json:"v"`
	Seen time.Time `json:"seen,omitzero"`
}

const visitsVersion = 1

// readVisits reads everybody seen since the beginning of the day before, by
// the server's clock, or since the last read if that is longer ago. The first
// read is the list's present state: Discourse keeps no earlier ones here.
func (s *source) readVisits(ctx context.Context, cursor connectors.Cursor, emit emitFunc) error {
	at := visitsCursor{V: visitsVersion}
	if since, ok := connectors.Since(cursor); ok {
		at.Seen = since
	} else if len(cursor) > 0 {
		if err := decode(cursor, &at, &at.V, visitsVersion); err != nil {
			return err
		}
	}
	next, since := at, time.Time{}
	err := s.users(ctx, visitsName, "seen", false, 1, func(page int, users []gjson.Result, resp *api.Response) error {
		if page == 1 {
			next.Seen = later(at.Seen, resp.Date)
			since = dayBefore(resp.Date)
			if !at.Seen.IsZero() && at.Seen.Before(since) {
				since = at.Seen
			}
		}
		seen := users[:firstOlder(users, "last_seen_at", since)]
		records, err := visitRecords(seen)
		if err != nil {
			return err
		}
		if err := emit(connectors.Batch{Records: records}); err != nil || len(seen) == len(users) {
			return err
		}
		return api.ErrStop
	})
	if err != nil {
		return err
	}
	return emit(connectors.Batch{Cursor: encode(next)})
}

func dayBefore(now time.Time) time.Time {
	if now.IsZero() {
		return now
	}
	return now.UTC().Truncate(24 * time.Hour).Add(-24 * time.Hour)
}

func visitRecords(users []gjson.Result) ([]connectors.Record, error) {
	var records []connectors.Record
	for _, user := range users {
		n, err := id(user, "id", "the user list")
		if err != nil {
			return nil, err
		}
		seen := instant(user, "last_seen_at")
		if seen.IsZero() {
			continue // never seen
		}
		key := strconv.FormatInt(n, 10) + ":" + seen.UTC().Format(time.DateOnly)
		records = append(records, connectors.Record{Key: key, Data: api.Raw(user), At: seen})
	}
	return records, nil
}
