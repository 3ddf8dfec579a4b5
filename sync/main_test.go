package sync

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollcall/connectors"
)

// TestMain makes the test binary its own child ("TEST connector feed") and
// its own daemon ("TEST daemon DIR URL", to be killed).
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "connector" {
		connectors.Serve(feed{}, pages{})
		return
	}
	if len(os.Args) > 3 && os.Args[1] == "daemon" {
		os.Exit(daemon(os.Args[2], os.Args[3]))
	}
	if len(os.Args) > 4 && os.Args[1] == "bench" {
		os.Exit(benchRole(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// feed is a connector without a mind of its own: a test's server says what
// each page holds and how it fails.
type feed struct{}

func (feed) Spec() connectors.Spec {
	stream := func(name string, mode connectors.Mode, volatile ...string) connectors.Stream {
		return connectors.Stream{Name: name, Help: name, Mode: mode, Volatile: volatile, Fields: `{"id": "BIGINT"}`}
	}
	return connectors.Spec{Type: "feed", Title: "Feed", Version: "1", Kinds: []connectors.Kind{connectors.KindCommunity},
		EmailTrust: connectors.TrustSelf,
		Settings: []connectors.Setting{{Name: "url", Type: connectors.TypeString, Required: true, Help: "server"},
			{Name: "token", Type: connectors.TypeString, Help: "saved token"}},
		Streams: []connectors.Stream{
			stream("posts", connectors.ModeIncremental),
			stream("users", connectors.ModeSnapshot),
			stream("topics", connectors.ModeCensus),
			stream("views", connectors.ModeIncremental, "views", "stats.seen", "tags.#.count"),
		},
		Buckets: []connectors.Bucket{{Name: "slow", Limit: 1, Per: time.Minute}},
	}
}

type feedSettings struct {
	URL   string          `json:"url"`
	Token json.RawMessage `json:"token"`
}

func (feed) Open(_ context.Context, s connectors.Settings, h connectors.Host) (connectors.Source, error) {
	var settings feedSettings
	if err := s.Decode(&settings); err != nil {
		return nil, err
	}
	if settings.URL == "bad" {
		return nil, &connectors.ErrConfig{Setting: "url", Reason: "it is bad"}
	}
	return &feedSource{settings, h}, nil
}

type feedSource struct {
	settings feedSettings
	host     connectors.Host
}

func (s *feedSource) Check(ctx context.Context) (connectors.Access, error) {
	if err := s.host.SaveToken(ctx, []byte(`{"access":"fresh"}`)); err != nil {
		return connectors.Access{}, err
	}
	if site, err := url.Parse(s.settings.URL); err == nil {
		conn, err := net.Dial("tcp", site.Host)
		if err != nil {
			return connectors.Access{}, &connectors.Transient{Err: err}
		}
		_ = conn.Close() // it answers, which is all that was asked
	}
	return connectors.Access{Account: "token " + string(s.settings.Token)}, nil
}

// A page is what a test's server answers.
type page struct {
	Records  []item      `json:"records,omitempty"`
	Cursor   string      `json:"cursor,omitempty"` // where the next page begins
	End      bool        `json:"end,omitempty"`
	Scopes   []string    `json:"scopes,omitempty"`
	Covered  [][2]int64  `json:"covered,omitempty"` // unix seconds
	Done     int64       `json:"done,omitempty"`
	Total    int64       `json:"total,omitempty"`
	Fail     string      `json:"fail,omitempty"` // after the records
	Until    time.Time   `json:"until,omitzero"`
	Quirk    string      `json:"quirk,omitempty"`  // misbehaviour before the records are emitted
	Bucket   string      `json:"bucket,omitempty"` // asked before the next page
	Anything interface{} `json:"anything,omitempty"`
}

type item struct {
	Key     string `json:"key"`
	Data    []byte `json:"data,omitempty"` // any bytes, so base64 in the page
	Size    int    `json:"size,omitempty"` // instead of data: an object of about so many bytes
	Deleted bool   `json:"deleted,omitempty"`
	At      int64  `json:"at,omitempty"`
}

func (s *feedSource) Read(ctx context.Context, stream string, cursor connectors.Cursor, emit func(connectors.Batch) error) error {
	at := string(cursor)
	if since, ok := connectors.Since(cursor); ok {
		at = "since:" + strconv.FormatInt(since.Unix(), 10)
	}
	for {
		p, err := s.fetch(ctx, stream, at)
		if err != nil {
			return err
		}
		misbehave(p.Quirk)
		batch := connectors.Batch{Scopes: p.Scopes, Progress: connectors.Progress{Done: p.Done, Total: p.Total}}
		for _, item := range p.Records {
			record := connectors.Record{Key: item.Key, Data: item.Data, Deleted: item.Deleted}
			if item.Size > 0 {
				record.Data = []byte(`{"a":"` + strings.Repeat("a", item.Size) + `"}`)
			}
			if item.At != 0 {
				record.At = time.Unix(item.At, 0)
			}
			batch.Records = append(batch.Records, record)
		}
		for _, c := range p.Covered {
			batch.Covered = append(batch.Covered, connectors.Interval{From: time.Unix(c[0], 0), Until: time.Unix(c[1], 0)})
		}
		if p.Cursor != "" {
			batch.Cursor = connectors.Cursor(p.Cursor)
			at = p.Cursor
		}
		if err := emit(batch); err != nil {
			return err
		}
		if err := p.failure(stream); err != nil || p.End {
			return err
		}
		if p.Bucket != "" {
			if err := s.host.Wait(ctx, p.Bucket, 1); err != nil {
				return err
			}
		}
	}
}

func (p page) failure(stream string) error {
	switch p.Fail {
	case "":
		return nil
	case "unauthorized":
		return connectors.ErrUnauthorized
	case "forbidden":
		return &connectors.ErrForbidden{Stream: stream, Reason: "needs an admin key"}
	case "limited":
		return &connectors.RateLimited{Until: p.Until}
	case "expired":
		return connectors.ErrCursorExpired
	case "transient":
		return &connectors.Transient{Err: errors.New("status 502")}
	case "config":
		return &connectors.ErrConfig{Setting: "url", Reason: "no such site"}
	}
	misbehave(p.Fail)
	return errors.New(p.Fail)
}

// fetch asks until the answer is whole: its server may fail on purpose.
func (s *feedSource) fetch(ctx context.Context, stream, cursor string) (page, error) {
	address := s.settings.URL + "/" + stream + "?cursor=" + url.QueryEscape(cursor)
	var last error
	for try := 0; try < 8; try++ {
		var p page
		body, err := get(ctx, address)
		if err == nil {
			err = json.Unmarshal(body, &p)
		}
		if err == nil || ctx.Err() != nil {
			return p, err
		}
		last = err
	}
	return page{}, &connectors.Transient{Err: last}
}

// answerWithin is how long a request may take; a server that fails on purpose
// takes longer.
const answerWithin = time.Second

func get(ctx context.Context, address string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", response.StatusCode)
	}
	return body, err
}

// pages reads pages of a thousand objects, for the benchmarks.
type pages struct{}

func (pages) Spec() connectors.Spec {
	spec := feed{}.Spec()
	spec.Type, spec.Title = "pages", "Pages"
	spec.Streams = spec.Streams[:1]
	return spec
}

func (pages) Open(ctx context.Context, s connectors.Settings, h connectors.Host) (connectors.Source, error) {
	source, err := feed{}.Open(ctx, s, h)
	if err != nil {
		return nil, err
	}
	return &pageSource{source.(*feedSource)}, nil
}

type pageSource struct{ *feedSource }

func (s *pageSource) Read(ctx context.Context, _ string, cursor connectors.Cursor, emit func(connectors.Batch) error) error {
	n, _ := strconv.Atoi(string(cursor))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for fetched := range s.ahead(ctx, n) {
		if fetched.err != nil {
			return fetched.err
		}
		n++
		records, err := split(fetched.body)
		if err != nil {
			return err
		}
		if err := emit(connectors.Batch{Records: records, Cursor: connectors.Cursor(strconv.Itoa(n))}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

type fetchedPage struct {
	body []byte
	err  error
}

// ahead fetches a page while the one before is taken apart, and ends after
// the last.
func (s *pageSource) ahead(ctx context.Context, n int) <-chan fetchedPage {
	out := make(chan fetchedPage)
	go func() {
		defer close(out)
		for ; ; n++ {
			err := s.host.Wait(ctx, "pages", 1)
			var body []byte
			if err == nil {
				body, err = get(ctx, s.settings.URL+"/page?n="+strconv.Itoa(n))
			}
			if err == nil && bytes.HasPrefix(body, []byte("[]")) {
				return
			}
			select {
			case out <- fetchedPage{body, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return out
}

// trimmed is a test's query, on one line in messages.
func trimmed(s string) string { return strings.Join(strings.Fields(s), " ") }
