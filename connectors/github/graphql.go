package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// A query is one GraphQL request.
type query struct {
	stream    string
	document  string // name of the operation file
	text      string // instead of document, for operations made in code
	variables map[string]any
	cost      int // estimated points
}

// An answer is the data of a query and what GitHub said it could not give.
type answer struct {
	data   gjson.Result
	faults []fault
	date   time.Time
}

// A fault is one element of a GraphQL answer's errors.
type fault struct {
	kind    string // "NOT_FOUND"; empty when the server gives none
	message string
	path    string // "node.discussions.nodes.3", empty for the whole query
}

// denied reports whether the fault is a refusal of one object, which asking
// for less does not cure.
func (f fault) denied() bool { return f.kind == "NOT_FOUND" || f.kind == "FORBIDDEN" }

// errHeavy is an answer that asking for less may cure: a time-out, a server
// fault, a resource limit, objects missing from the answer.
type errHeavy struct{ err error }

func (e *errHeavy) Error() string { return e.err.Error() }
func (e *errHeavy) Unwrap() error { return e.err }

// errStaleCursor is a page cursor that GitHub no longer takes.
var errStaleCursor = errors.New("the page cursor is no longer valid")

// ask makes a query. Faults of the whole query are errors; those of single
// objects are left to the caller, who knows which may be missing.
func (s *source) ask(ctx context.Context, q query) (answer, error) {
	for {
		emails := s.readsEmails()
		got, err := s.post(ctx, q, emails)
		if err != nil {
			return answer{}, err
		}
		scope, missing := firstFault(got.faults, func(f fault) bool { return f.kind == "INSUFFICIENT_SCOPES" })
		if !missing {
			return got, judge(q, got)
		}
		if !emails || !strings.Contains(scope.message, "email") {
			return answer{}, &connectors.ErrForbidden{Stream: q.stream, Reason: scope.message}
		}
		s.forgoEmails()
	}
}

// askFixed makes a query that cannot be made smaller.
func (r *reading) askFixed(ctx context.Context, q query) (answer, error) {
	for tries := 1; ; tries++ {
		got, err := r.ask(ctx, q)
		var heavy *errHeavy
		if !errors.As(err, &heavy) {
			return got, err
		}
		if tries == lastTries {
			return got, giveUp(heavy)
		}
	}
}

// judge turns faults of the whole query into an error.
func judge(q query, got answer) error {
	for _, f := range got.faults {
		switch {
		case f.kind == "INVALID_CURSOR_ARGUMENTS" || strings.Contains(f.message, "valid cursor"):
			return errStaleCursor
		case f.kind == "undefinedField" || f.kind == "argumentNotAccepted":
			return &connectors.ErrForbidden{Stream: q.stream, Reason: "this GitHub server is too old for it: " + f.message}
		case !f.denied():
			return &errHeavy{fmt.Errorf("graphql %s: %s %s", q.name(), f.kind, f.message)}
		}
	}
	return nil
}

func firstFault(faults []fault, is func(fault) bool) (fault, bool) {
	for _, f := range faults {
		if is(f) {
			return f, true
		}
	}
	return fault{}, false
}

func (q query) name() string {
	if q.document != "" {
		return q.document
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(q.text, "query "), "(")
	return name
}

func (s *source) post(ctx context.Context, q query, emails bool) (answer, error) {
	body, err := s.body(q, emails)
	if err != nil {
		return answer{}, err
	}
	resp, err := s.graphql.Do(ctx, api.Request{
		Method: http.MethodPost, Path: "/graphql", Body: body, Stream: q.stream,
		Cost: max(1, q.cost), Check: isGraphQL,
	})
	if err != nil {
		return answer{}, weigh(ctx, err)
	}
	got := parseAnswer(resp.Body)
	got.date = s.serverTime(resp)
	s.reportPoints(ctx, got.data)
	return got, nil
}

func (s *source) body(q query, emails bool) ([]byte, error) {
	text := q.text
	if text == "" {
		text = s.documents[q.document]
	}
	if text == "" {
		return nil, fmt.Errorf("no GraphQL document %q", q.document)
	}
	variables := map[string]any{}
	for name, value := range q.variables {
		variables[name] = value
	}
	if strings.Contains(text, "$emails") {
		variables["emails"] = emails
	}
	return json.Marshal(map[string]any{"query": text, "variables": variables})
}

// isGraphQL refuses a 200 that is no GraphQL answer, such as a proxy's page.
func isGraphQL(r *api.Response) error {
	body := gjson.ParseBytes(r.Body)
	if !body.IsObject() || !body.Get("data").IsObject() && !body.Get("errors").IsArray() {
		return &connectors.Transient{Err: errors.New("the answer has neither data nor errors")}
	}
	return nil
}

// weigh marks faults of the transport that asking for less may cure. A wait
// that GitHub asked for is none.
func weigh(ctx context.Context, err error) error {
	var transient *connectors.Transient
	if ctx.Err() == nil && errors.As(err, &transient) {
		return &errHeavy{err}
	}
	return err
}

func parseAnswer(body []byte) answer {
	parsed := gjson.ParseBytes(body)
	got := answer{data: parsed.Get("data")}
	for _, e := range parsed.Get("errors").Array() {
		f := fault{kind: e.Get("type").String(), message: e.Get("message").String()}
		if f.kind == "" {
			f.kind = e.Get("extensions.code").String()
		}
		var steps []string
		for _, step := range e.Get("path").Array() {
			steps = append(steps, step.String())
		}
		f.path = strings.Join(steps, ".")
		got.faults = append(got.faults, f)
	}
	return got
}

// reportPoints tells the host what the query left of the hour's points.
func (s *source) reportPoints(ctx context.Context, data gjson.Result) {
	limit := data.Get("rateLimit")
	reset, err := time.Parse(time.RFC3339, limit.Get("resetAt").String())
	if err != nil || !limit.Get("remaining").Exists() {
		return // switched off on GitHub Enterprise Server
	}
	s.host.Report(ctx, bucketGraphQL, int(limit.Get("remaining").Int()), reset)
}

// serverTime is the server's clock when it answered; what is stored after it
// is read the next time.
func (s *source) serverTime(r *api.Response) time.Time {
	if r.Date.IsZero() {
		return s.now().UTC().Truncate(time.Second)
	}
	return r.Date.UTC()
}

func (s *source) readsEmails() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.noEmails
}

func (s *source) forgoEmails() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noEmails = true
}
