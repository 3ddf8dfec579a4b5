package discourse

import (
	"context"
	"strconv"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

const topicsName = "topics"

func topicsStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     topicsName,
			Help:     "topics as lists show them: title, category, tags, state, counts",
			Mode:     connectors.ModeCensus,
			Personal: []string{"title", "fancy_title", "slug", "excerpt", "last_poster_username", "posters"},
			Volatile: []string{
				"views", "unseen", "unread", "unread_posts", "new_posts", "last_read_post_number", "notification_level",
				"bookmarked", "liked", "bumped", "unpinned", "can_vote", "user_voted", "thumbnails", "image_url",
			},
			Fields: `{
  "id": "BIGINT!",
  "title": "VARCHAR",
  "slug": "VARCHAR",
  "created_at": "TIMESTAMPTZ!",
  "bumped_at": "TIMESTAMPTZ",
  "last_posted_at": "TIMESTAMPTZ",
  "category_id": "BIGINT",
  "archetype": "VARCHAR",
  "visible": "BOOLEAN",
  "has_accepted_answer": "BOOLEAN",
  "can_have_answer": "BOOLEAN",
  "posters": [{"user_id": "BIGINT"}]
}`,
			Lookback: 30 * 24 * time.Hour,
		},
		read: (*source).readTopics,
	}
}

const topicsVersion = 1

// topicsCursor is how far topics have been read: down the list of all by
// creation while Page counts, then by activity.
type topicsCursor struct {
	V       int       `json:"v"`
	Listing bool      `json:"listing,omitempty"`
	Page    int       `json:"page,omitempty"` // the next one of the listing
	Active  time.Time `json:"active,omitzero"`
	Looked  time.Time `json:"looked,omitzero"` // server's time when all within the re-read span were read
	Newest  time.Time `json:"newest,omitzero"` // the newest activity then
}

// readTopics lists all topics by their creation, newest first, so that
// activity meanwhile moves none to a page already read. Later reads take those
// with new activity, and every RereadEvery all of the re-read span, since
// titles, tags and states change without any.
func (s *source) readTopics(ctx context.Context, cursor connectors.Cursor, emit emitFunc) error {
	at := topicsCursor{V: topicsVersion, Listing: true}
	since, isSince := connectors.Since(cursor)
	switch {
	case isSince:
		at = topicsCursor{V: topicsVersion, Active: since}
	case len(cursor) > 0:
		at = topicsCursor{}
		if err := decode(cursor, &at, &at.V, topicsVersion); err != nil {
			return err
		}
	}
	read := s.listMovedTopics
	if at.Listing {
		read = s.listAllTopics
	}
	return refused(topicsName, postsHelp, read(ctx, at, emit))
}

func (s *source) listAllTopics(ctx context.Context, at topicsCursor, emit emitFunc) error {
	// Topics deleted since an interrupted listing move others to the page
	// before.
	first := max(at.Page-2, 0)
	err := s.latest(ctx, topicsName, "created", first, func(page int, topics []listed, resp *api.Response) error {
		if at.Looked.IsZero() {
			at.Looked = resp.Date
		}
		at.Newest = later(at.Newest, newestOf(topics))
		at.Page = page + 1
		return emit(connectors.Batch{Records: listedRecords(topics), Cursor: encode(at)})
	})
	if err != nil {
		return err
	}
	at.Listing, at.Page, at.Active = false, 0, known(at.Looked, at.Newest)
	return emit(connectors.Batch{Cursor: encode(at)})
}

func (s *source) listMovedTopics(ctx context.Context, at topicsCursor, emit emitFunc) error {
	since, next := at.Active.Add(1), at
	err := s.latest(ctx, topicsName, "activity", 0, func(page int, topics []listed, resp *api.Response) error {
		if page == 0 && s.lookDue(at, resp.Date, newestOf(topics)) {
			since = before(at.Active, s.reread)
			next.Looked, next.Newest = resp.Date, newestOf(topics)
		}
		next.Active = later(next.Active, newestOf(topics))
		older := false
		for _, t := range topics {
			older = older || !t.pinned && t.bumped.Before(since)
		}
		if err := emit(connectors.Batch{Records: listedRecords(topics)}); err != nil || !older {
			return err
		}
		return api.ErrStop
	})
	if err != nil {
		return err
	}
	return emit(connectors.Batch{Cursor: encode(next)})
}

// lookDue reports whether all of the re-read span is due; never with --since,
// which knows of no look before.
func (s *source) lookDue(at topicsCursor, now, newest time.Time) bool {
	return !at.Looked.IsZero() && s.due(at.Looked, now) || !at.Newest.IsZero() && s.due(at.Newest, newest)
}

func listedRecords(topics []listed) []connectors.Record {
	records := make([]connectors.Record, 0, len(topics))
	for _, t := range topics {
		records = append(records, connectors.Record{Key: strconv.FormatInt(t.id, 10), Data: api.Raw(t.raw), At: t.active})
	}
	return records
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
