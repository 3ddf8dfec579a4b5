package files

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/connectortest"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "connector" {
		connectors.Serve(New())
		return
	}
	os.Exit(m.Run())
}

func TestConformance(t *testing.T) {
	const secret = "a-key-secret-that-must-not-show"
	dir := t.TempDir()
	var csv, jsonl strings.Builder
	csv.WriteString("id,email,at\n")
	for i := range 12_500 {
		fmt.Fprintf(&csv, "%d,p%d@example.org,2026-01-%02d\n", i, i, 1+i%28)
		fmt.Fprintf(&jsonl, "{\"id\":%d,\"at\":\"2026-01-%02dT00:00:00Z\",\"by\":%d}\n", i, 1+i%28, i)
	}
	for name, content := range map[string]string{"a.csv": csv.String(), "b.csv.gz": packed(t, "id,email,at\nlast,z@example.org,2026-02-01\n"), "t.jsonl": jsonl.String()} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		require.NoError(t, os.Chtimes(path, noon, noon))
	}
	block := func(path, stream, mapping string) connectors.Settings {
		return connectors.Settings(fmt.Sprintf(`{"key_secret": %q, "file": {"set": {"path": %q, "stream": %q, "mapping": {%s}},
			"likes": {"path": %q, "stream": "community_event", "mapping": {"event_type": "=reaction", "identity_id": "by", "thread_id": "id", "occurred_at": "at"}},
			"people": {"path": %q, "stream": "identity", "changed": "at", "key": ["email"], "mapping": {"source_user_id": "id", "email": "email", "created_at": "at"}}}}`,
			secret, filepath.Join(dir, path), stream, mapping, filepath.Join(dir, "t.jsonl"), filepath.Join(dir, "*.csv*")))
	}
	thread := `"thread_id": "id", "created_at": "at", "author_identity_id": "by"`
	connectortest.Run(t, connectortest.Case{
		Command:  []string{"/proc/self/exe", "connector", "files"},
		Settings: func(string) connectors.Settings { return block("t.jsonl", "thread", thread) },
		Secrets:  []string{secret},
		Streams:  []string{"identity", "thread", "community_event"},
		Bad: map[string]connectors.Settings{
			`file "set" stream`:  block("t.jsonl", "threads", thread),
			`file "set" mapping`: block("t.jsonl", "thread", `"thread_id": "id"`),
			"file":               connectors.Settings(`{"file": {}}`),
		},
	})
}

func TestJoin_rejectsALineThatIsTooLong(t *testing.T) {
	l := open(t, contacts("a.jsonl"))
	l.write("a.jsonl", `{"id":1}`+"\n"+strings.Repeat("x", 18<<20)+"\n"+`{"id":3}`+"\n")
	var rejects []connectors.Reject
	records := 0
	err := connectors.Join(l.source).Read(t.Context(), "identity", nil, func(b connectors.Batch) error {
		rejects, records = append(rejects, b.Rejects...), records+len(b.Records)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, records)
	require.Len(t, rejects, 1)
	require.Equal(t, "contacts#a.jsonl:2", rejects[0].Key)
}
