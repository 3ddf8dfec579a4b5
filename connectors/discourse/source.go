package discourse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// source is one forum.
type source struct {
	client              *api.Client
	set                 settings
	reread, rereadEvery time.Duration
}

type emitFunc = func(connectors.Batch) error

// stream is a stream with what reads it.
type stream struct {
	connectors.Stream
	read  func(s *source, ctx context.Context, cursor connectors.Cursor, emit emitFunc) error
	admin bool // needs an admin's key
}

// streams lists every stream, in the order they should be read.
func streams() []stream {
	return []stream{
		categoriesStream(), tagsStream(), groupsStream(), groupMembersStream(), usersStream(),
		topicsStream(), postsStream(), solutionsStream(), reactionsStream(), visitsStream(),
		searchLogsStream(), reviewablesStream(), eventsStream(), eventInviteesStream(), bookmarksStream(),
	}
}

// Read implements connectors.Source.
func (s *source) Read(ctx context.Context, name string, cursor connectors.Cursor, emit func(connectors.Batch) error) error {
	for _, stream := range streams() {
		if stream.Name == name {
			return stream.read(s, ctx, cursor, emit)
		}
	}
	return fmt.Errorf("discourse has no stream %q", name)
}

// get reads one page of a stream; items is the path of its array. check, if
// given, tells an answer to another question, as a stray cache gives: it is
// asked for again.
func (s *source) get(ctx context.Context, stream, path, items string, query url.Values, check ...func(*api.Response) error) (*api.Response, error) {
	request := api.Request{Path: path, Query: query, Stream: stream, Items: items}
	if len(check) > 0 {
		request.Check = check[0]
	}
	return s.client.Do(ctx, request)
}

const adminHelp = "needs the key of an admin: make one in Admin > API for all users, with the global read scope, and set api_key"

// refused turns a 403 into an ErrForbidden that says what would help.
func refused(stream, help string, err error) error {
	if forbidden(err) {
		return &connectors.ErrForbidden{Stream: stream, Reason: help}
	}
	return err
}

// closed turns the answers of a route that the credentials may not use, or
// that the forum does not have, into an ErrForbidden that says what would
// help. Discourse hides routes from those who may not use them behind a 404.
func closed(stream, help string, err error) error {
	if gone(err) || forbidden(err) {
		return &connectors.ErrForbidden{Stream: stream, Reason: help}
	}
	return err
}

// gone reports whether a single object is not there, or not for these
// credentials.
func gone(err error) bool {
	var status *api.StatusError
	return errors.As(err, &status) && (status.Status == http.StatusNotFound || status.Status == http.StatusGone)
}

func forbidden(err error) bool {
	var e *connectors.ErrForbidden
	return errors.As(err, &e)
}

// wrongType is an answer that is not what the API promises: the same as a
// server fault, so that nothing is taken for empty or gone.
func wrongType(where, what string, found gjson.Result) error {
	return &connectors.Transient{Err: fmt.Errorf("%s: %s is %s %.40s", where, what, found.Type, found.Raw)}
}

// id reads a whole number that a key is made of.
func id(item gjson.Result, path, where string) (int64, error) {
	v := item.Get(path)
	if v.Type != gjson.Number || v.Num != float64(v.Int()) {
		return 0, wrongType(where, path, v)
	}
	return v.Int(), nil
}

// record makes a record whose key is the number at "id".
func record(item gjson.Result, where string, at time.Time) (connectors.Record, error) {
	n, err := id(item, "id", where)
	if err != nil {
		return connectors.Record{}, err
	}
	return connectors.Record{Key: strconv.FormatInt(n, 10), Data: api.Raw(item), At: at}, nil
}

// instant is the time at a path, zero if there is none. Discourse sends null
// for times that never were.
func instant(item gjson.Result, path string) time.Time {
	t, err := time.Parse(time.RFC3339, item.Get(path).Str)
	if err != nil {
		return time.Time{}
	}
	return t
}

// known is up to when a list is surely known, by its newest entry and the time
// its reading began (zero: at once). The server's clock alone is no measure: an
// archive sends today's date with years-old content, and what happens there
// next lies before it.
func known(began, newest time.Time) time.Time {
	if newest.IsZero() {
		return newest
	}
	if !began.IsZero() && began.Before(newest) {
		newest = began
	}
	return newest.Add(-settle)
}

// due reports whether a clock, the server's or that of the newest thing on the
// forum, has moved by RereadEvery since the last look.
func (s *source) due(last, now time.Time) bool {
	return now.Sub(last).Abs() >= s.rereadEvery
}

// encode writes a cursor. Cursors hold numbers and times only, which always
// marshal.
func encode(v any) connectors.Cursor {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// decode reads a cursor that a stream wrote, whose version stands in *v. One
// that is not understood has expired: the stream begins again.
func decode(cursor connectors.Cursor, into any, version *int, want int) error {
	if err := json.Unmarshal(cursor, into); err != nil || *version != want {
		return fmt.Errorf("cursor %.60q is not of this version: %w", cursor, connectors.ErrCursorExpired)
	}
	return nil
}
