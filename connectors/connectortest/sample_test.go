package connectortest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// TestMain makes the test binary its own connector: "TEST sample VARIANT" is
// the sample connector, broken in the way VARIANT names.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "sample" {
		connectors.Serve(sample{variant: os.Args[2]})
		return
	}
	os.Exit(m.Run())
}

// sample is a small connector of a paged API, and what it is when its author
// makes a mistake.
type sample struct{ variant string }

func (c sample) Spec() connectors.Spec {
	spec := connectors.Spec{
		Type: "sample", Title: "Sample", Version: "1", Kinds: []connectors.Kind{connectors.KindCommunity}, EmailTrust: connectors.TrustSelf,
		Settings: []connectors.Setting{{Name: "url", Type: connectors.TypeString, Required: true},
			{Name: "key", Type: connectors.TypeString, Required: true, Secret: true}},
		Streams: []connectors.Stream{
			{Name: "items", Help: "Everything.", Mode: connectors.ModeIncremental, Personal: []string{"author.name"}, Volatile: []string{"views", "tags.#.used"},
				Fields: `{"id": "BIGINT!", "changed": "TIMESTAMPTZ", "author": {"name": "VARCHAR"}, "tags": [{"name": "VARCHAR", "price": "DECIMAL(18, 2)"}]}`},
			{Name: "groups", Help: "All groups.", Mode: connectors.ModeSnapshot},
		},
		Staging: map[string]string{"thread": "select j.id as id from raw.sample__items; select key from raw.sample__groups"},
	}
	switch c.variant {
	case "narrow field":
		spec.Streams[0].Fields = `{"id": "INTEGER"}`
	case "bad volatile path":
		spec.Streams[0].Volatile = []string{"views."}
	case "staging of another":
		spec.Staging["thread"] = "select 1 from raw.other__items"
	case "no help":
		spec.Streams[1].Help = ""
	}
	return spec
}

func (c sample) Open(_ context.Context, raw connectors.Settings, host connectors.Host) (connectors.Source, error) {
	var settings struct{ URL, Key string }
	if err := raw.Decode(&settings); err != nil {
		return nil, err
	}
	options := api.Options{BaseURL: settings.URL, Host: host, Auth: api.HeaderKey{Name: "Api-Key", Key: settings.Key},
		Timeout: 400 * time.Millisecond, Clock: hastyClock{c.variant == "sleeps through a cancel"}, Log: slog.Default(), MaxBody: 8 << 20}
	switch c.variant {
	case "gives up at once":
		options.MaxTries = 1
	case "asks on when cancelled":
		options.Timeout = time.Minute
	case "logs its key":
		slog.Info("opened", "key", settings.Key)
	}
	client, err := api.New(options)
	if c.variant == "untyped setting" && err != nil {
		err = errors.New(err.Error())
	}
	if err != nil {
		return nil, err
	}
	return &sampleSource{client: client, variant: c.variant, key: settings.Key}, nil
}

// hastyClock waits a twentieth of what it is asked to.
type hastyClock struct{ deaf bool }

func (hastyClock) Now() time.Time { return time.Now() }

func (c hastyClock) Sleep(ctx context.Context, d time.Duration) error {
	if c.deaf {
		ctx, d = context.WithoutCancel(ctx), d*20
	}
	select {
	case <-time.After(d / 20):
		return ctx.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

type sampleSource struct {
	client  *api.Client
	variant string
	key     string
	reads   atomic.Int64
	hoard   [][]byte
}

func (s *sampleSource) Check(ctx context.Context) (connectors.Access, error) {
	access := connectors.Access{Account: "tester", Streams: []connectors.StreamAccess{{Stream: "items", Readable: true}}}
	switch s.variant {
	case "checks nothing":
		return access, nil
	case "checks another's streams":
		access.Streams[0].Stream = "others"
	case "says its key":
		access.Account = s.key
	}
	_, err := s.client.Do(ctx, api.Request{Path: "/groups"})
	return access, err
}

// sampleCursor is where a Read of items resumes: the page to ask for next.
type sampleCursor struct {
	Page  int
	Since int64
	Key   string `json:",omitempty"`
}

func (s *sampleSource) Read(ctx context.Context, stream string, cursor connectors.Cursor, emit func(connectors.Batch) error) error {
	s.reads.Add(1)
	switch s.variant {
	case "asks on when cancelled", "sleeps through a cancel":
		ctx = context.WithoutCancel(ctx)
	case "swallows emit's error":
		inner := emit
		emit = func(b connectors.Batch) error { _ = inner(b); return nil }
	}
	err := s.read(ctx, stream, cursor, emit)
	switch {
	case err == nil:
	case s.variant == "ends well after a failure":
		return nil
	case s.variant == "drops the type":
		return errors.New(err.Error())
	case s.variant == "calls all transient":
		return &connectors.Transient{Err: errors.New(err.Error())}
	case s.variant == "names its key":
		return fmt.Errorf("with key %s: %w", s.key, err)
	}
	return err
}

func (s *sampleSource) read(ctx context.Context, stream string, raw connectors.Cursor, emit func(connectors.Batch) error) error {
	request := api.Request{Path: "/" + stream, Stream: stream, Items: "list"}
	if stream == "groups" {
		resp, err := s.client.Do(ctx, request)
		if err != nil {
			return err
		}
		batch := connectors.Batch{}
		err = s.records(resp, &batch)
		return errors.Join(err, emit(batch))
	}
	cursor := sampleCursor{Page: 1}
	if since, ok := connectors.Since(raw); ok && s.variant != "knows no since" {
		cursor.Since = since.Unix()
	} else if raw != nil {
		cursor.Page = 0
		if err := json.Unmarshal(raw, &cursor); err != nil || cursor.Page < 1 {
			return connectors.ErrCursorExpired
		}
	}
	if s.variant == "skips by since" && cursor.Since > 0 {
		cursor.Since += 3600
	}
	request.Query = map[string][]string{"since": {strconv.FormatInt(cursor.Since, 10)}}
	pager := api.Page{Request: request, First: cursor.Page, End: api.End{More: "more"}}
	return s.client.Walk(ctx, pager, func(resp *api.Response) error {
		var batch connectors.Batch
		if err := s.records(resp, &batch); err != nil {
			return err
		}
		if gjson.GetBytes(resp.Body, "more").Bool() {
			cursor.Page++
		} else {
			batch.Scopes = []string{"group=0"}
		}
		s.spoil(&batch, cursor)
		return emit(batch)
	})
}

func (s *sampleSource) records(resp *api.Response, batch *connectors.Batch) error {
	return resp.Items(func(item gjson.Result) error {
		at := item.Get("changed").Time()
		batch.Records = append(batch.Records, connectors.Record{Key: item.Get("id").String(), Data: api.Raw(item), At: at})
		return nil
	})
}

// spoil gives a batch its cursor, and the mistake of the variant.
func (s *sampleSource) spoil(batch *connectors.Batch, cursor sampleCursor) {
	first := &batch.Records[0]
	switch s.variant {
	case "empty key":
		first.Key = ""
	case "cut data":
		first.Data = first.Data[:len(first.Data)-1]
	case "bare data":
		first.Data = json.RawMessage(`17`)
	case "scope of another path":
		batch.Scopes = []string{"topic=1"}
	case "scope without value":
		batch.Scopes = []string{"topic"}
	case "backward range":
		batch.Covered = []connectors.Interval{{From: time.Unix(9, 0), Until: time.Unix(9, 0)}}
	case "cursor ahead":
		cursor.Page++
	case "content that changes":
		first.Data = json.RawMessage(fmt.Sprintf(`{"id":%s,"group":0,"read":%d}`, first.Key, s.reads.Load()))
	case "key in the cursor":
		cursor.Key = s.key
	case "hoards":
		for _, record := range batch.Records {
			s.hoard = append(s.hoard, append([]byte(nil), record.Data...))
		}
	}
	batch.Cursor, _ = json.Marshal(cursor)
}

// sampleServer serves count items of about size bytes, changed an hour apart,
// in pages.
func sampleServer(count, page, size int) http.Handler {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	filler := make([]byte, size)
	for i := range filler {
		filler[i] = 'a'
	}
	views := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/groups", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"list":[{"id":"a"},{"id":"b"}]}`)
	})
	mux.HandleFunc("/items", func(w http.ResponseWriter, r *http.Request) {
		number, _ := strconv.Atoi(r.URL.Query().Get("page"))
		since, _ := strconv.ParseInt(r.URL.Query().Get("since"), 10, 64)
		from := 0
		for from < count && start.Add(time.Duration(from)*time.Hour).Unix() < since {
			from++
		}
		from += (number - 1) * page
		until := min(from+page, count)
		body := []byte(`{"list":[`)
		for i := from; i < until; i++ {
			if i > from {
				body = append(body, ',')
			}
			views++
			body = fmt.Appendf(body, `{"id":%d,"group":%d,"changed":%q,"views":%d,"tags":[{"used":%d},{"used":2}],"author":{"name":"someone"},"text":"%s"}`,
				i+1, i%3, start.Add(time.Duration(i)*time.Hour).Format(time.RFC3339), views, views, filler)
		}
		body = fmt.Appendf(body, `],"more":%t}`, until < count)
		_, _ = w.Write(body)
	})
	return mux
}
