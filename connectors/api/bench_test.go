package api_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors/api"
)

// benchmarkWalk walks pages of 1,000 records of about 680 bytes.
func benchmarkWalk(b *testing.B, latency, work time.Duration) {
	record := fmt.Sprintf(`{"id":%%d,"created_at":"2026-01-01T00:00:00.000Z","raw":%q,"tags":["a","b"],"user":{"id":12,"name":"someone"}}`, strings.Repeat("text ", 110))
	records := make([]string, 1000)
	for i := range records {
		records[i] = fmt.Sprintf(record, i)
	}
	page := `"items":[` + strings.Join(records, ",") + `]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(latency)
		head := `{"page":` + r.URL.Query().Get("page") + `,`
		w.Header().Set("Content-Length", strconv.Itoa(len(head)+len(page)))
		fmt.Fprint(w, head, page)
	}))
	defer server.Close()
	client, err := api.New(api.Options{BaseURL: server.URL, Host: &host{}, Log: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	b.ReportAllocs()
	pages, read := 0, 0
	b.ResetTimer()
	err = client.Walk(b.Context(), api.Page{Request: api.Request{Path: "/x", Items: "items"}}, func(r *api.Response) error {
		time.Sleep(work)
		if pages++; pages > b.N {
			return api.ErrStop
		}
		return r.Items(func(item gjson.Result) error {
			if item.Get("id").Exists() && len(api.Raw(item)) > 0 {
				read++
			}
			return nil
		})
	})
	require.NoError(b, err)
	b.ReportMetric(float64(read)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkWalk(b *testing.B) { benchmarkWalk(b, 0, 0) }
func BenchmarkWalk_slowServer(b *testing.B) {
	benchmarkWalk(b, 20*time.Millisecond, 15*time.Millisecond)
}
