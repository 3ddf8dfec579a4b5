package discourse

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

const searchLogsName = "search_logs"

func searchLogsStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     searchLogsName,
			Help:     "what was searched in the 24 hours before each read, with how often and how often a result was opened, by day and term",
			Mode:     connectors.ModeIncremental,
			Personal: []string{"term"},
			Every:    24 * time.Hour,
		},
		read:  (*source).readSearchLogs,
		admin: true,
	}
}

// readSearchLogs reads the terms of the last day. Discourse gives sums of a
// running period, not single searches: the day of the answer stands in the
// key, beside a hash of the term, which may hold anything people typed.
func (s *source) readSearchLogs(ctx context.Context, _ connectors.Cursor, emit emitFunc) error {
	query := url.Values{"period": {"daily"}, "search_type": {"all"}}
	resp, err := s.get(ctx, searchLogsName, "/admin/logs/search_logs.json", "@this", query)
	if err != nil {
		return closed(searchLogsName, adminHelp, err)
	}
	day := "undated"
	if !resp.Date.IsZero() {
		day = resp.Date.UTC().Format(time.DateOnly)
	}
	var records []connectors.Record
	err = api.Items(resp.Body, "", func(item gjson.Result) error {
		term := item.Get("term")
		if term.Type != gjson.String {
			return wrongType("/admin/logs/search_logs.json", "term", term)
		}
		sum := sha256.Sum256([]byte(strings.ToLower(term.Str)))
		records = append(records, connectors.Record{Key: day + ":" + hex.EncodeToString(sum[:12]), Data: api.Raw(item)})
		return nil
	})
	if err != nil {
		return err
	}
	return emit(connectors.Batch{Records: records, Cursor: encode(searchLogsCursor{V: 1, Day: day})})
}

// searchLogsCursor is for show only: each read takes the last day.
type searchLogsCursor struct {
	V   int    `json:"v"`
	Day string `json:"day"`
}

const (
	reviewablesName = "reviewables"
	reviewHelp      = "the review queue needs the key of a moderator or an admin"
	reviewSpan      = 30 * 24 * time.Hour
)

func reviewablesStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     reviewablesName,
			Help:     "flags and the review queue, with what became of them",
			Mode:     connectors.ModeIncremental,
			Personal: []string{"payload", "target_url", "username", "email", "name", "raw", "cooked", "topic_url", "reviewable_notes"},
			Volatile: []string{"version", "can_edit", "bundled_actions", "editable_fields", "cooked"},
			Fields: `{
  "id": "BIGINT!",
  "type": "VARCHAR",
  "status": "BIGINT",
  "created_at": "TIMESTAMPTZ!",
  "created_by_id": "BIGINT",
  "target_created_by_id": "BIGINT",
  "topic_id": "BIGINT",
  "removed_topic_id": "BIGINT",
  "post_id": "BIGINT",
  "target_type": "VARCHAR",
  "target_id": "BIGINT",
  "target_url": "VARCHAR"
}`,
			Lookback: reviewSpan,
		},
		read: (*source).readReviewables,
	}
}

// reviewablesCursor is how far the queue has been read: downwards while
// Listing, then to 30 days before the newest.
type reviewablesCursor struct {
	V       int       `json:"v"`
	Listing bool      `json:"listing,omitempty"`
	Offset  int       `json:"offset,omitempty"`
	Newest  time.Time `json:"newest,omitzero"`
}

const reviewablesVersion = 1

// readReviewables reads the queue by its entries' making, newest first, and
// later those of the last 30 days again, since they are decided after.
func (s *source) readReviewables(ctx context.Context, cursor connectors.Cursor, emit emitFunc) error {
	at := reviewablesCursor{V: reviewablesVersion, Listing: true}
	since, isSince := connectors.Since(cursor)
	if len(cursor) > 0 && !isSince {
		at = reviewablesCursor{}
		if err := decode(cursor, &at, &at.V, reviewablesVersion); err != nil {
			return err
		}
	}
	if !isSince && !at.Listing {
		since = before(at.Newest, reviewSpan)
	}
	query := url.Values{"status": {"all"}, "sort_order": {"created_at"}}
	pager := api.Offset{Request: api.Request{Path: "/review.json", Query: query, Stream: reviewablesName, Items: "reviewables"}, Start: at.Offset}
	err := s.client.Walk(ctx, pager, func(resp *api.Response) error {
		older, batch := false, connectors.Batch{}
		err := api.Items(resp.Body, "reviewables", func(item gjson.Result) error {
			made := instant(item, "created_at")
			older = older || made.Before(since)
			at.Newest = later(at.Newest, made)
			r, err := record(item, "/review.json", made)
			batch.Records = append(batch.Records, r)
			return err
		})
		if err != nil {
			return err
		}
		if at.Listing {
			at.Offset += len(batch.Records)
			batch.Cursor = encode(at)
		}
		if err := emit(batch); err != nil || !older {
			return err
		}
		return api.ErrStop
	})
	if err != nil {
		return closed(reviewablesName, reviewHelp, err)
	}
	at.Listing, at.Offset = false, 0
	return emit(connectors.Batch{Cursor: encode(at)})
}

const (
	bookmarksName = "bookmarks"
	bookmarksHelp = "Discourse shows bookmarks to their owners only: make a Data Explorer query (the connector's README has its text) and set bookmarks_query to its id"
	explorerHelp  = "the Data Explorer query of bookmarks_query does not answer: the plugin must be there, the query exist, and the key be an admin's"
	// explorerRows is how many rows a run gives unless asked for more.
	explorerRows = 1000
)

func bookmarksStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     bookmarksName,
			Help:     "bookmarks of all users, through a Data Explorer query",
			Mode:     connectors.ModeSnapshot,
			Personal: []string{"name"},
			Fields: `{
  "id": "BIGINT!",
  "user_id": "BIGINT!",
  "bookmarkable_type": "VARCHAR",
  "bookmarkable_id": "BIGINT",
  "topic_id": "BIGINT",
  "post_number": "BIGINT",
  "target_user_id": "BIGINT",
  "created_at": "TIMESTAMPTZ!",
  "updated_at": "TIMESTAMPTZ"
}`,
			Every: 24 * time.Hour,
		},
		read: (*source).readBookmarks,
	}
}

// readBookmarks runs the query for the rows after an id until it gives none.
func (s *source) readBookmarks(ctx context.Context, _ connectors.Cursor, emit emitFunc) error {
	if s.set.BookmarksQuery == 0 {
		return &connectors.ErrForbidden{Stream: bookmarksName, Reason: bookmarksHelp}
	}
	for after := int64(0); ; {
		rows, err := s.explore(ctx, after)
		if err != nil {
			return err
		}
		batch := connectors.Batch{}
		for _, row := range rows {
			if row.id <= after {
				return &connectors.ErrConfig{Setting: "bookmarks_query", Reason: "the query must give rows with an id above its parameter after, in the order of id"}
			}
			after = row.id
			batch.Records = append(batch.Records, connectors.Record{Key: strconv.FormatInt(row.id, 10), Data: row.object})
		}
		if err := emit(batch); err != nil || len(rows) == 0 {
			return err
		}
	}
}
