package connectortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// An exchange is one request and its answer, as a recording keeps them: one
// JSON object a line. Request headers, which hold the credentials, are not kept.
type exchange struct {
	Method  string      `json:"method"`
	URL     string      `json:"url"` // path and query, the query in order of names
	Request string      `json:"request,omitempty"`
	Status  int         `json:"status"`
	Header  http.Header `json:"header"`
	Body    string      `json:"body,omitempty"`
	Binary  []byte      `json:"binary,omitempty"` // the body where it is not UTF-8, which JSON text cannot hold
}

func (e exchange) name() string {
	if e.Request == "" {
		return e.Method + " " + e.URL
	}
	return fmt.Sprintf("%s %s %s", e.Method, e.URL, e.Request)
}

// Recorder passes requests on to next and, when the test ends well, saves the
// exchanges to file. Secrets are replaced in addresses, bodies and headers;
// cookies are left out.
func Recorder(t testing.TB, file string, next http.RoundTripper, secrets ...string) http.RoundTripper {
	t.Helper()
	r := &recorder{next: next, secrets: secrets}
	t.Cleanup(func() {
		if t.Failed() {
			return
		}
		if err := r.save(file); err != nil {
			t.Errorf("save the recording: %v", err)
		}
	})
	return r
}

type recorder struct {
	next    http.RoundTripper
	secrets []string

	mu        sync.Mutex
	exchanges []exchange
}

// RoundTrip implements http.RoundTripper.
func (r *recorder) RoundTrip(request *http.Request) (*http.Response, error) {
	e, err := asked(request, r.secrets)
	if err != nil {
		return nil, err
	}
	plain := request.Clone(request.Context())
	plain.Header.Del("Accept-Encoding") // a compressed body could not be scrubbed
	resp, err := r.next.RoundTrip(plain)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	e.Status, e.Header = resp.StatusCode, http.Header{}
	if e.Body = scrub(string(body), r.secrets); !utf8.ValidString(e.Body) {
		e.Body, e.Binary = "", []byte(e.Body)
	}
	for name, values := range resp.Header {
		if name == "Set-Cookie" || name == "Content-Length" {
			continue
		}
		for _, value := range values {
			e.Header.Add(name, scrub(value, r.secrets))
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.exchanges = append(r.exchanges, e)
	return resp, nil
}

func (r *recorder) save(file string) error {
	var lines bytes.Buffer
	encoder := json.NewEncoder(&lines)
	encoder.SetEscapeHTML(false)
	for _, e := range r.exchanges {
		if err := encoder.Encode(e); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, lines.Bytes(), 0o644)
}

// Player answers from a recording, as a handler or as a transport. Equal
// requests get their answers in the recorded order, the last one again and
// again. A request that is not in the recording fails the test. Secrets are
// those of the request, left out when it is compared.
type Player struct {
	t       testing.TB
	file    string
	secrets []string

	mu      sync.Mutex
	answers map[string][]exchange
}

// NewPlayer reads a recording.
func NewPlayer(t testing.TB, file string, secrets ...string) *Player {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("read the recording: %v", err)
	}
	p := &Player{t: t, file: file, secrets: secrets, answers: map[string][]exchange{}}
	decoder := json.NewDecoder(bytes.NewReader(text))
	for {
		var e exchange
		switch err := decoder.Decode(&e); err {
		case nil:
			p.answers[e.name()] = append(p.answers[e.name()], e)
		case io.EOF:
			return p
		default:
			t.Fatalf("read the recording %s: %v", file, err)
		}
	}
}

// ServeHTTP implements http.Handler.
func (p *Player) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e, err := asked(r, p.secrets)
	if err != nil {
		p.t.Errorf("read a request: %v", err)
		return
	}
	answer, found := p.next(e.name())
	if !found {
		p.t.Errorf("%s is not in the recording %s", e.name(), p.file)
		status(w, http.StatusNotImplemented, "text/plain", "not in the recording")
		return
	}
	for name, values := range answer.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Status)
	_, _ = io.WriteString(w, answer.Body+string(answer.Binary))
}

func (p *Player) next(name string) (exchange, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	left := p.answers[name]
	if len(left) == 0 {
		return exchange{}, false
	}
	if len(left) > 1 {
		p.answers[name] = left[1:]
	}
	return left[0], true
}

// RoundTrip implements http.RoundTripper.
func (p *Player) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	p.ServeHTTP(recorder, r)
	resp := recorder.Result()
	resp.Request = r
	return resp, nil
}

// asked is the request's half of an exchange; the request keeps its body.
func asked(r *http.Request, secrets []string) (exchange, error) {
	e := exchange{Method: r.Method, URL: r.URL.EscapedPath()}
	if query := r.URL.Query().Encode(); query != "" {
		e.URL += "?" + query
	}
	e.URL = scrub(e.URL, secrets)
	if r.Body == nil {
		return e, nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return e, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	e.Request = scrub(string(body), secrets)
	return e, nil
}

func scrub(text string, secrets []string) string {
	for _, secret := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if form != "" {
				text = strings.ReplaceAll(text, form, "secret")
			}
		}
	}
	return text
}
