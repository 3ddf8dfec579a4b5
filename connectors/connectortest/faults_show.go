package connectortest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// show answers with a fault.
func (h *FaultyHandler) show(fault Fault, w http.ResponseWriter, r *http.Request) {
	switch fault {
	case RateLimitJSON, RateLimitText, RateLimitHeader:
		h.showRateLimit(fault, w)
	case ServerError:
		status(w, 500, "text/html", "<html><h1>Internal Server Error</h1></html>")
	case Unauthorized:
		status(w, 401, "application/json", `{"errors":["the key is not valid"],"error_type":"unauthenticated"}`)
	case Forbidden:
		status(w, 403, "application/json", `{"errors":["you are not permitted to view this"],"error_type":"forbidden"}`)
	case Echo:
		body, _ := io.ReadAll(r.Body)
		status(w, 422, "text/plain", fmt.Sprintf("%s %s %v %s", r.Method, r.URL, r.Header, body))
	case TimeOut:
		_, _ = io.Copy(io.Discard, r.Body) // else the server would not notice that the client left
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case Reset:
		reset(w)
	case EmptyBody:
		status(w, 200, "application/json", "")
	case EndlessBody:
		endless(w, r)
	case DuplicatePage:
		page := h.remembered(r)
		send(w, page, page.Body.Bytes())
	default:
		h.spoil(fault, w, r)
	}
}

func (h *FaultyHandler) showRateLimit(fault Fault, w http.ResponseWriter) {
	seconds := strconv.Itoa(int(h.faults.Wait.Seconds()))
	w.Header().Set("Retry-After", seconds)
	switch fault {
	case RateLimitJSON:
		status(w, 429, "application/json", `{"errors":["too many requests"],"error_type":"rate_limit","extras":{"wait_seconds":`+seconds+`}}`)
	case RateLimitText:
		status(w, 429, "text/plain", "Slow down, too many requests.\n")
	default:
		status(w, 429, "", "")
	}
}

// spoil sends the real answer with its body damaged.
func (h *FaultyHandler) spoil(fault Fault, w http.ResponseWriter, r *http.Request) {
	page := h.answer(r)
	body := page.Body.Bytes()
	half := len(body) / 2
	switch fault {
	case MalformedJSON:
		// A NUL is never JSON, wherever the cut is.
		send(w, page, append(append([]byte(nil), body[:half]...), 0))
	case WrongType:
		send(w, page, []byte(wrongType(body)))
	case CutBody, SlowBody:
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		send(w, page, body[:half])
		_ = http.NewResponseController(w).Flush()
		if fault == SlowBody {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}
		panic(http.ErrAbortHandler)
	}
}

// wrongType turns the arrays and objects of an object's members into strings,
// an array or an object without such members into a bare string.
func wrongType(body []byte) string {
	page := gjson.ParseBytes(body)
	var members []string
	changed := false
	page.ForEach(func(key, value gjson.Result) bool {
		raw := value.Raw
		if value.IsArray() || value.IsObject() {
			raw, changed = `"wrong type"`, true
		}
		members = append(members, key.Raw+":"+raw)
		return true
	})
	if !page.IsObject() || !changed {
		return `"wrong type"`
	}
	return "{" + strings.Join(members, ",") + "}"
}

func send(w http.ResponseWriter, page *httptest.ResponseRecorder, body []byte) {
	for name, values := range page.Header() {
		if name != "Content-Length" {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(page.Code)
	_, _ = w.Write(body)
}

func status(w http.ResponseWriter, code int, contentType, body string) {
	if contentType != "" {
		w.Header().Set("Content-Type", contentType)
	}
	w.WriteHeader(code)
	_, _ = io.WriteString(w, body)
}

func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // a connection that cannot be taken over can still be dropped
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

func endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	chunk := []byte(strings.Repeat(`{"id":1},`, 8<<10))
	_, err := io.WriteString(w, "[")
	for err == nil && r.Context().Err() == nil {
		_, err = w.Write(chunk)
	}
}
