package files

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

func TestOpen_explainsSettingsItCannotUse(t *testing.T) {
	l := open(t, contacts("a.csv"))
	for name, c := range map[string]struct{ settings, reason string }{
		"no file":           {`{}`, "there is no file block"},
		"stream":            {contacts("a.csv", `"stream": "treads"`), `"treads" is not one of identity, identity_role, community, community_member, thread, thread_reply, answer, `},
		"near stream":       {contacts("a.csv", `"stream": "identiti"`), `did you mean "identity"?`},
		"target":            {contacts("a.csv", `"mapping": {"source_user_id": "id", "mail": "m"}`), `no column "mail" to fill`},
		"near target":       {contacts("a.csv", `"mapping": {"source_user_id": "id", "e_mail": "m"}`), `did you mean "email"?`},
		"given":             {contacts("a.csv", `"mapping": {"identity_id": "id"}`), `no column "identity_id" to fill`},
		"no user":           {contacts("a.csv", `"mapping": {"email": "m"}`), "source_user_id is missing"},
		"no time":           {contacts("a.csv", `"stream": "thread"`, `"mapping": {"thread_id": "id"}`), "created_at is missing"},
		"no type":           {contacts("a.csv", `"stream": "community_event"`, `"mapping": {"event_id": "id", "occurred_at": "at"}`), `event_type is missing: every row of community_event needs it ("=…" gives all rows the same event_type)`},
		"no content":        {contacts("a.csv", `"stream": "moderation_action"`, `"mapping": {"action_id": "id"}`), "reply_id or thread_id is missing"},
		"no reply":          {contacts("a.csv", `"stream": "answer"`, `"mapping": {"thread_id": "id"}`), "reply_id is missing"},
		"no key":            {contacts("a.csv", `"stream": "community"`, `"mapping": {"community_id": "=main", "name": "n"}`), "name the columns that tell one row from another"},
		"personal id":       {contacts("a.csv", `"stream": "survey_response"`, `"mapping": {"response_id": "email", "survey_id": "=nps"}`), "set key_secret"},
		"both":              {contacts("a.csv", `"canonical": true`, `"mapping": {"source_user_id": "id"}`), "a canonical file needs none"},
		"neither":           {`{"file": {"contacts": {"path": "a.csv", "stream": "identity"}}}`, "set canonical = true"},
		"zone":              {contacts("a.csv", `"time_zone": "Berlin"`), `"Berlin" is no zone`},
		"time":              {contacts("a.csv", `"time_format": "dd.mm.yyyy"`), "holds no %Y"},
		"directive":         {contacts("a.csv", `"time_format": "%Q"`), "is not understood"},
		"settle":            {contacts("a.csv", `"settle": "2h"`), "is no duration"},
		"glob":              {contacts("[a.csv"), "is no glob"},
		"format":            {contacts("a.csv", `"format": "xlsx"`), `"xlsx" is not one of csv, jsonl, parquet`},
		"order":             {contacts("a.csv", `"order": "size"`), "is neither"},
		"delimiter":         {contacts("a.csv", `"delimiter": "::"`), "is not one ASCII character"},
		"quote":             {contacts("a.csv", `"quote": "''"`), "is not one character"},
		"header":            {contacts("a.csv", `"header": false`), "needs the columns' names"},
		"columns":           {contacts("a.csv", `"columns": ["a"]`), "the header names the columns"},
		"personal key":      {contacts("a.csv", `"key": ["email"]`), "set key_secret"},
		"personal key name": {contacts("a.csv", `"key": ["Work E-Mail"]`), "set key_secret"},
		"key twice":         {contacts("a.csv", `"key": ["id", "id"]`), "named twice"},
		"name":              {`{"file": {"a=b": {"path": "a.csv", "stream": "identity"}}}`, "letters, digits"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.try(c.settings)
			var config *connectors.ErrConfig
			require.ErrorAs(t, err, &config)
			require.Contains(t, config.Reason, c.reason)
		})
	}
}

func TestOpen_takesTheKeyForTheIDThatNoMappingNames(t *testing.T) {
	l := open(t, contacts("a.csv", `"key": ["id"]`, `"mapping": {"email": "email"}`))
	l.write("a.csv", "id,email\n1,a\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"1"}, l.live("identity_id"))
}

func TestSpec_isValidAndStaysFixed(t *testing.T) {
	spec := New().Spec()
	require.NoError(t, spec.Validate())
	require.Empty(t, spec.Kinds)
	require.Empty(t, spec.EmailTrust)
	require.Equal(t, []string{"username", "display_name", "email"}, spec.Streams[0].Personal)
	require.Len(t, spec.Staging, len(spec.Streams))
	golden := ""
	for _, stream := range spec.Streams {
		golden += spec.Staging[stream.Name] + "-- " + stream.Fields + "\n\n"
	}
	want, err := os.ReadFile("testdata/staging.sql")
	require.NoError(t, err)
	require.Equal(t, string(want), golden, "changed staging needs another Version")
}

func TestCheck_saysWhatIsThereAndWhatIsWrong(t *testing.T) {
	l := open(t, `{"file": {
		"good": {"path": "DIR/a-*.csv", "stream": "identity", "mapping": {"source_user_id": "id"}},
		"misfit": {"path": "DIR/a-1.csv", "stream": "thread", "mapping": {"thread_id": "ID", "created_at": "at"}},
		"none": {"path": "DIR/b-*.csv", "stream": "thread", "mapping": {"thread_id": "id", "created_at": "at"}},
		"nowhere": {"path": "DIR/c/*.csv", "stream": "thread_reply", "mapping": {"reply_id": "id", "thread_id": "t", "created_at": "at"}}}}`)
	l.write("a-1.csv", "id,at\n1,2026-01-01\n")
	access, err := l.source.Check(t.Context())
	require.NoError(t, err)
	require.Len(t, access.Streams, 3, "no file block fills the others")
	require.True(t, access.Streams[0].Readable)
	require.Equal(t, "local files: good (1, newest a-1.csv), misfit (1, newest a-1.csv), none (none), nowhere (none)", access.Account)
	require.False(t, access.Streams[1].Readable)
	require.Contains(t, access.Streams[1].Reason, `a-1.csv has no column "ID"; did you mean "id"?`)
	require.Contains(t, access.Streams[1].Reason, "no file matches "+filepath.Join(l.dir, "b-*.csv"))
	require.Contains(t, access.Streams[2].Reason, "does not exist")
}

func TestList_readsNoLinkThatLeadsOut(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret.csv")
	require.NoError(t, os.WriteFile(outside, []byte("id,email\n9,out\n"), 0o644))
	l := open(t, contacts("*.csv"))
	a := l.write("a.csv", "id,email\n1,a\n")
	require.NoError(t, os.Symlink(a, filepath.Join(l.dir, "same.csv")))
	require.NoError(t, os.Symlink(outside, filepath.Join(l.dir, "out.csv")))
	require.NoError(t, os.Symlink(filepath.Join(l.dir, "gone"), filepath.Join(l.dir, "dangling.csv")))
	require.NoError(t, os.Mkdir(filepath.Join(l.dir, "dir.csv"), 0o755))
	l.write(".a.csv.tmp.csv", "id,email\n8,half\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"a"}, l.live("email"))
	require.Equal(t, 1, l.emitted)
	require.Contains(t, l.log.String(), "out.csv is a link that leads out")
	l.reopen(contacts("out.csv")) // named itself
	require.NoError(t, l.readFrom("identity", nil))
	require.Equal(t, []string{"a", "out"}, l.live("email"))
}

func TestRead_tellsAMissingDirectoryFromAnEmptyOne(t *testing.T) {
	l := open(t, contacts("sub/*.csv"))
	var config *connectors.ErrConfig
	require.ErrorAs(t, l.read("identity"), &config)
	require.NoError(t, os.Mkdir(filepath.Join(l.dir, "sub"), 0o755))
	require.NoError(t, l.read("identity"))
	require.Contains(t, l.log.String(), "no file matches")
}

func TestParse_readsTimesAsTheyAreWritten(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for _, c := range []struct{ format, text, want string }{
		{"", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"},
		{"", "2026-01-02T03:04:05.123456+05:30", "2026-01-02T03:04:05.123456+05:30"},
		{"", "2026-01-02 03:04:05+00", "2026-01-02T03:04:05Z"},
		{"", "2026-01-02 03:04:05.5-0800", ""},
		{"", "2026-01-02T03:04:05-0800", "2026-01-02T03:04:05-08:00"},
		{"", "2026-01-02 03:04:05 UTC", "2026-01-02T03:04:05Z"},
		{"", "2026-01-02 03:04:05", "2026-01-02T03:04:05+01:00"},
		{"", "2026-07-02T03:04", "2026-07-02T03:04:00+02:00"},
		{"", "2026-07-02", "2026-07-02T00:00:00+02:00"},
		{"", "2026-02-30", ""},
		{"", "02/07/2026", ""},
		{"", "20260702", ""},
		{"", "yesterday", ""},
		{"%d.%m.%Y %H:%M", "02.07.2026 03:04", "2026-07-02T03:04:00+02:00"},
		{"%m/%d/%y %I:%M %p", "07/02/26 03:04 PM", "2026-07-02T15:04:00+02:00"},
		{"%d.%m.%Y", "2026-07-02", ""},
		{"unix", "1767323045", "2026-01-02T03:04:05Z"},
		{"unix", "1767323045.5", "2026-01-02T03:04:05.5Z"},
		{"unix_ms", "1767323045123", "2026-01-02T03:04:05.123Z"},
		{"unix", "soon", ""},
		{"unix", "99999999999999999", ""},
	} {
		layout, err := parseLayout(c.format)
		require.NoError(t, err)
		at, ok := layout.parse(c.text, berlin)
		require.Equal(t, c.want != "", ok, c.text)
		if ok {
			require.Equal(t, c.want, at.Format(time.RFC3339Nano), c.text)
		}
	}
}
