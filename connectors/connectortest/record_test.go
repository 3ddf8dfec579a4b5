package connectortest

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func fetch(t *testing.T, transport http.RoundTripper, method, url, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Accept-Encoding", "gzip")
	resp, err := transport.RoundTrip(r)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

func TestRecorder_savesWhatPlayerReplaysWithoutSecrets(t *testing.T) {
	const secret = "k/ey+1"
	calls := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Set-Cookie", "session=1")
		w.Header().Set("X-Key", secret)
		w.WriteHeader(200 + calls)
		w.Header().Set("Content-Encoding", "gzip")
		zipped := gzip.NewWriter(w)
		_, _ = zipped.Write([]byte("<&> \xff " + string(body) + r.URL.Query().Get("key") + strings.Repeat("!", calls)))
		_ = zipped.Close()
	}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "new", "recording.jsonl")
	requests := []struct{ method, url, body string }{
		{"GET", "/a?b=1&key=k%2Fey%2B1", ""}, {"GET", "/a?key=k%2Fey%2B1&b=1", ""}, {"POST", "/a", secret}, {"POST", "/a", "other"},
	}
	var codes []int
	var bodies []string
	t.Run("record", func(t *testing.T) {
		recorder := Recorder(t, file, http.DefaultTransport, secret)
		for _, r := range requests {
			code, body := fetch(t, recorder, r.method, server.URL+r.url, r.body)
			codes, bodies = append(codes, code), append(bodies, strings.ReplaceAll(body, secret, "secret"))
		}
	})
	saved, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, hidden := range []string{secret, "k%2Fey%2B1", "session=1"} {
		require.NotContains(t, string(saved), hidden)
	}

	player := NewPlayer(t, file, secret)
	replay := httptest.NewServer(player)
	defer replay.Close()
	for i, r := range requests {
		code, body := fetch(t, player, r.method, "http://anywhere.example"+r.url, r.body)
		require.Equal(t, codes[i], code)
		require.Equal(t, bodies[i], body)
	}
	code, body := fetch(t, http.DefaultTransport, "GET", replay.URL+requests[0].url, "")
	require.Equal(t, codes[1], code, "the last answer repeats")
	require.Equal(t, bodies[1], body)
}

func TestPlayer_failsTheTestForUnknownRequests(t *testing.T) {
	file := filepath.Join(t.TempDir(), "recording.jsonl")
	require.NoError(t, os.WriteFile(file, []byte(`{"method":"GET","url":"/a","status":200,"body":"{}"}`+"\n"), 0o600))
	c := collect(t, func(t testing.TB) {
		player := NewPlayer(t, file)
		for _, url := range []string{"/a", "/a?page=2"} {
			resp, err := player.RoundTrip(httptest.NewRequest(http.MethodGet, url, nil))
			require.NoError(t, err)
			_ = resp.Body.Close()
		}
	})
	require.Len(t, c.failures, 1)
	require.Contains(t, c.failures[0], "GET /a?page=2 is not in the recording")
	require.NotEmpty(t, collect(t, func(t testing.TB) { NewPlayer(t, file+".none") }).failures)
}
