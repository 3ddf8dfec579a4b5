package connectortest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// apiClient is a client of a server with handler; its waits cost no time.
func apiClient(t *testing.T, handler http.Handler, secret string) *api.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := api.New(api.Options{BaseURL: server.URL, Host: openHost{}, Clock: instantClock{}, MaxBody: 1 << 20,
		Timeout: 100 * time.Millisecond, Auth: api.QueryKey{Name: "key", Key: secret}, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	return client
}

type openHost struct{}

func (openHost) SaveToken(context.Context, []byte) error        { return nil }
func (openHost) Wait(context.Context, string, int) error        { return nil }
func (openHost) Report(context.Context, string, int, time.Time) {}

type instantClock struct{}

func (instantClock) Now() time.Time                                   { return time.Now() }
func (instantClock) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

var numbers = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintf(w, `{"items":[%q]}`, r.URL.Query().Get("n"))
})

func TestFaults_endAsTheirTypedFailure(t *testing.T) {
	var transient *connectors.Transient
	var limited *connectors.RateLimited
	var forbidden *connectors.ErrForbidden
	var status *api.StatusError
	for fault, matches := range map[Fault]func(error) bool{
		RateLimitJSON: func(err error) bool { return errors.As(err, &limited) }, RateLimitText: func(err error) bool { return errors.As(err, &limited) },
		RateLimitHeader: func(err error) bool { return errors.As(err, &limited) },
		ServerError:     func(err error) bool { return errors.As(err, &transient) }, TimeOut: func(err error) bool { return errors.As(err, &transient) },
		Reset: func(err error) bool { return errors.As(err, &transient) }, CutBody: func(err error) bool { return errors.As(err, &transient) },
		MalformedJSON: func(err error) bool { return errors.As(err, &transient) }, WrongType: func(err error) bool { return errors.As(err, &transient) },
		EmptyBody: func(err error) bool { return errors.As(err, &transient) }, EndlessBody: func(err error) bool { return errors.As(err, &transient) },
		SlowBody: func(err error) bool { return errors.As(err, &transient) }, Forbidden: func(err error) bool { return errors.As(err, &forbidden) },
		Unauthorized: func(err error) bool { return errors.Is(err, connectors.ErrUnauthorized) },
		Echo:         func(err error) bool { return errors.As(err, &status) && !strings.Contains(err.Error(), "hush") },
	} {
		t.Run(string(fault), func(t *testing.T) {
			faulty := Faults{Kinds: []Fault{fault}, Rate: 1, Wait: time.Hour}.Wrap(numbers)
			client := apiClient(t, faulty, "hush")
			_, err := client.Do(t.Context(), api.Request{Path: "/n", Items: "items"})
			require.True(t, matches(err), "%v", err)
			require.Positive(t, faulty.Injected()[fault])
		})
	}
}

func TestFaults_failTheSameRequestsForOneSeed(t *testing.T) {
	shown := func(seed uint64) string {
		server := httptest.NewServer(Faults{Kinds: []Fault{ServerError, Unauthorized}, Rate: 0.4, Seed: seed}.Wrap(numbers))
		defer server.Close()
		var codes strings.Builder
		for range 40 {
			resp, err := http.Get(server.URL)
			require.NoError(t, err)
			_ = resp.Body.Close()
			fmt.Fprintf(&codes, "%d ", resp.StatusCode)
		}
		return codes.String()
	}
	require.Equal(t, shown(1), shown(1))
	require.NotEqual(t, shown(1), shown(2))
	for _, code := range []string{"200", "401", "500"} {
		require.Contains(t, shown(1), code)
	}
}

func TestFaults_repeatTheAnswerBefore(t *testing.T) {
	faulty := Faults{Nth: map[int]Fault{1: DuplicatePage, 3: DuplicatePage},
		Match: func(r *http.Request) bool { return r.URL.Path == "/n" }}.Wrap(numbers)
	server := httptest.NewServer(faulty)
	defer server.Close()
	var got []string
	for _, path := range []string{"/n?n=1", "/n?n=2", "/other", "/n?n=3", "/n?n=4"} {
		resp, err := http.Get(server.URL + path)
		require.NoError(t, err)
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		_ = resp.Body.Close()
		got = append(got, string(body))
	}
	require.Equal(t, []string{`{"items":["1"]}`, `{"items":["2"]}`, `{"items":[""]}`, `{"items":["2"]}`, `{"items":["4"]}`}, got)
	require.Equal(t, map[Fault]int{DuplicatePage: 1}, faulty.Injected())
	require.Equal(t, 4, faulty.Requests())
}
