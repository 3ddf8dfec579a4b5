package python_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/python"
)

func TestSample_conforms(t *testing.T) {
	settings := func(url, token string) connectors.Settings {
		text, _ := json.Marshal(map[string]string{"url": url, "token": token})
		return text
	}
	connectortest.Run(t, connectortest.Case{
		Command:  append(python.Command(t), "--timeout", "2"),
		Settings: func(url string) connectors.Settings { return settings(url, "s3cret") },
		Secrets:  []string{"s3cret"},
		Server:   func() http.Handler { return &shop{items: dated(3_000)} },
		Bad: map[string]connectors.Settings{
			"url":   settings("nowhere", "s3cret"),
			"token": settings("http://127.0.0.1", "s3cret\n"),
		},
		Huge:        func(records int) http.Handler { return &shop{items: items(records)} },
		HugeStream:  "items",
		HugeRecords: 150_000,
		FaultLimit:  time.Minute,
	})
}

// dated are items that changed an hour apart.
func dated(n int) []string {
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	all := make([]string, n)
	for i := range all {
		at := first.Add(time.Duration(i) * time.Hour).Format(time.RFC3339)
		text, _ := json.Marshal(map[string]any{"id": i, "updated_at": at})
		all[i] = string(text)
	}
	return all
}
