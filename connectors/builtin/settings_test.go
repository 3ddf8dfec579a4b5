package builtin_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/builtin"
)

type noHost struct{}

func (noHost) SaveToken(context.Context, []byte) error        { return nil }
func (noHost) Wait(context.Context, string, int) error        { return nil }
func (noHost) Report(context.Context, string, int, time.Time) {}

// Settings cross the wire, so a child must not trust them: whatever comes, Open
// gives a source or says what is wrong.
func FuzzOpen(f *testing.F) {
	for _, seed := range []string{``, `null`, `[]`, `{}`, `{"url":7}`, `{"url":"http://127.0.0.1:1","api_key":"k","reread":"x"}`,
		`{"url":"http://[::1","api_key":"k"}`, `{"token":"t","organization":"acme","api_url":"nowhere"}`, `{"token":"t","repositories":["a/b",7]}`,
		`{"key_secret":"k","file":{"a":{"path":"[","stream":"thread","mapping":{"thread_id":"id"}}}}`, `{"file":{"a":null}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, settings []byte) {
		for _, connector := range builtin.Connectors() {
			source, err := connector.Open(t.Context(), connectors.Settings(settings), noHost{})
			require.True(t, (source == nil) != (err == nil), "%s: source %v, error %v", connector.Spec().Type, source, err)
		}
	})
}
