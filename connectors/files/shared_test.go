package files

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/connectortest"
)

// link puts a file of the shared material into the lake's directory.
func (l *lake) link(t *testing.T, name string) {
	t.Helper()
	content, err := os.ReadFile(connectortest.Shared(t, "data/identity/"+name))
	require.NoError(t, err)
	l.write(name, string(content))
}

func TestShared_everyRowOfRealFilesArrives(t *testing.T) {
	for _, c := range []struct {
		file, settings string
		rows           int
		key, want      string
	}{
		{"fake_1000.csv", `"mapping": {"source_user_id": "unique_id", "email": "email"}`, 1000,
			"people:0", `{"file_set":"people","identity_id":"0","source_user_id":"0","email":"robert255@smith.net"}`},
		{"febrl_dataset3.csv", `"trim": true, "mapping": {"source_user_id": "rec_id", "display_name": "surname", "created_at": "date_of_birth"}, "time_format": "%Y%m%d"`, 5000,
			"people:rec-1496-org", `{"file_set":"people","identity_id":"rec-1496-org","source_user_id":"rec-1496-org","display_name":"green","created_at":"1956-04-09T00:00:00Z"}`},
		{"mailmap_sympy.tsv", `"key": ["person", "name", "email"], "mapping": {"source_user_id": "person", "display_name": "name", "email": "email"}`, 2144, "", ""},
		{"mailmap_moby.tsv", `"key": ["person", "name", "email"], "mapping": {"source_user_id": "person", "display_name": "name", "email": "email"}`, 962, "", ""},
		{"stackalytics_people.jsonl", `"mapping": {"source_user_id": "person", "display_name": "name", "email": "emails.0", "username": "usernames.launchpad"}`, 2588,
			"people:0", `{"file_set":"people","identity_id":"0","source_user_id":"0","username":"vjdiaa859","display_name":"Jedp Viad","email":"vjdiaa859@126.com"}`},
		{"historical_50k.parquet", `"mapping": {"source_user_id": "unique_id", "display_name": "full_name", "created_at": "dob"}`, 50578,
			"people:Q2296770-1", `{"file_set":"people","identity_id":"Q2296770-1","source_user_id":"Q2296770-1","display_name":"thomas clifford, 1st baron clifford of chudleigh","created_at":"1630-08-01T00:00:00Z"}`},
	} {
		t.Run(c.file, func(t *testing.T) {
			l := open(t, `{"key_secret": "x", "file": {"people": {"path": "DIR/`+c.file+`", "stream": "identity", `+c.settings+`}}}`)
			l.link(t, c.file)
			require.NoError(t, l.read("identity"))
			require.Empty(t, l.rejects)
			require.Equal(t, c.rows, l.emitted, l.log.String())
			require.Equal(t, c.rows, len(l.rows))
			require.NotContains(t, l.log.String(), "faults")
			if c.key != "" {
				require.Equal(t, c.want, l.row(c.key))
			}
			for key := range l.rows {
				require.NotContains(t, key, "@")
			}
			require.NoError(t, l.read("identity"))
			require.Zero(t, l.emitted)
			require.False(t, strings.Contains(string(l.cursor), "@"))
		})
	}
}
