package files

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

func TestRead_readsEveryTextFormat(t *testing.T) {
	csv := "id,email\n1,ann@x.org\n2,\"bob, \"\"b\"\"\"\n"
	jsonl := `{"id": 1, "email": "ann@x.org"}` + "\n" + `{"id": 2, "email": "bob, \"b\""}` + "\n"
	enc, err := zstd.NewWriter(nil)
	require.NoError(t, err)
	for name, content := range map[string]string{
		"a.csv": csv, "a.csv.gz": packed(t, csv), "bom.csv": "\xef\xbb\xbf" + csv, "crlf.csv": strings.ReplaceAll(csv, "\n", "\r\n"),
		"a.tsv": "id\temail\n1\tann@x.org\n2\t\"bob, \"\"b\"\"\"\n", "a.csv.zst": string(enc.EncodeAll([]byte(csv), nil)),
		"a.jsonl": jsonl, "a.jsonl.gz": packed(t, jsonl), "bom.ndjson": "\xef\xbb\xbf" + jsonl, "crlf.json": strings.ReplaceAll(jsonl, "\n", "\r\n"),
		"a.jsonl.zst": string(enc.EncodeAll([]byte(jsonl), nil)), "unnamed.csv": packed(t, csv), "no-end.csv": strings.TrimSuffix(csv, "\n"),
		"no-end.jsonl": strings.TrimSuffix(jsonl, "\n"), "blank-lines.csv": strings.ReplaceAll(csv, "\n", "\n\n"),
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, contacts("*"))
			l.write(name, content)
			require.NoError(t, l.read("identity"))
			require.Equal(t, []string{"ann@x.org", `bob, "b"`}, l.live("email"), l.log.String())
			require.Equal(t, `{"file_set":"contacts","identity_id":"1","source_user_id":"1","email":"ann@x.org"}`, l.row("contacts:1"))
			require.NoError(t, l.read("identity"))
			require.Zero(t, l.emitted)
		})
	}
}

func TestRead_keepsLineEndsInQuotedCells(t *testing.T) {
	l := open(t, contacts("a.csv"))
	l.write("a.csv", "id,email\r\n1,\"one\r\ntwo\nthree\"\r\n2,b\r\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"b", "one\r\ntwo\nthree"}, l.live("email"))
}

func TestRead_keepsNeighboursOfMalformedRows(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		reject  string
	}{
		"a.jsonl":          {"{\"id\":1}\n{\"id\": 2, \"em\n{\"id\":3}\n", "contacts#a.jsonl:2"},
		"few.csv":          {"id,email\n1,a\n2\n3,c\n", "contacts#few.csv:3"},
		"more.csv":         {"id,email\n1,a\n2,b,c\n3,c\n", "contacts#more.csv:3"},
		"stray.csv":        {"id,email\n1,a\n2,\"b\n3,c\n", "contacts#stray.csv:3"},
		"junk.csv":         {"id,email\n1,a\n2,\"b\"x\n3,c\n", "contacts#junk.csv:3"},
		"encoding.csv":     {"id,email\n1,a\n2,\xe9\n3,c\n", "contacts:2"},
		"number-alone.csv": {"id,email\n1,a\n22\n3,c\n", "contacts#number-alone.csv:3"},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, contacts("*"))
			l.write(name, c.content)
			require.NoError(t, l.read("identity"))
			require.Equal(t, []string{"1", "3"}, l.live("source_user_id"), l.log.String())
			require.Contains(t, l.rejects, c.reject)
			require.Len(t, l.rejects, 1)
		})
	}
}

func TestRead_toleratesEmptyCellsBehindTheLastColumn(t *testing.T) {
	l := open(t, contacts("a.csv"))
	l.write("a.csv", "id,email\n1,a,,\n")
	require.NoError(t, l.read("identity"))
	require.Empty(t, l.rejects)
	require.Equal(t, []string{"a"}, l.live("email"))
}

func TestRead_keepsRowsWhoseValuesDoNotFit(t *testing.T) {
	l := open(t, `{"file": {"members": {"path": "DIR/m.csv", "stream": "community_member", "key": ["user"],
		"mapping": {"identity_id": "user", "joined_at": "joined", "trust_level": "level", "is_suspended": "off"}}}}`)
	l.write("m.csv", "user,joined,level,off\n1,yesterday,high,perhaps\n2,2026-01-02,3.00,yes\n3,,99999999999999999999,0\n4,,12.6,\n")
	require.NoError(t, l.read("community_member"))
	require.Equal(t, `{"file_set":"members","member_id":"1","identity_id":"1","joined_at":"yesterday","is_suspended":"perhaps","trust_level":"high"}`, l.row("members:1"))
	require.Equal(t, `{"file_set":"members","member_id":"2","identity_id":"2","joined_at":"2026-01-02T00:00:00Z","is_suspended":true,"trust_level":3}`, l.row("members:2"))
	require.Equal(t, `{"file_set":"members","member_id":"3","identity_id":"3","is_suspended":false,"trust_level":99999999999999999999}`, l.row("members:3"))
	require.Equal(t, `{"file_set":"members","member_id":"4","identity_id":"4","trust_level":12.6}`, l.row("members:4"))
}

func TestRead_namesRowsWithoutKeyByTheirPlace(t *testing.T) {
	l := open(t, contacts("*"))
	l.write("a.csv", "id,email\n,nobody@x.org\n1,a\n")
	l.write("b.jsonl", "[1]\n")
	l.write("c.jsonl", "7\n{\"id\":2}\n")
	err := l.read("identity")
	require.ErrorContains(t, err, `b.jsonl begins with "["`)
	require.Equal(t, `{"file_set":"contacts","email":"nobody@x.org"}`, l.row("contacts#a.csv:2"))
	require.Equal(t, `{"file_set":"contacts"}`, l.row("contacts#c.jsonl:1"))
	require.Equal(t, []string{"", "", "1", "2"}, l.live("source_user_id"))
	require.Contains(t, l.log.String(), "without_key=1")
}

func TestRead_joinsKeysUnambiguously(t *testing.T) {
	l := open(t, contacts("a.jsonl", `"key": ["a", "b"]`, `"mapping": {"source_user_id": "a"}`))
	rows := []string{`{"a":"x:y","b":"z"}`, `{"a":"x","b":"y:z"}`, `{"a":"x%3Ay","b":"z"}`, `{"a":"x"}`, `{"a":"x","b":"%-"}`, `{"a":"x","b":""}`}
	l.write("a.jsonl", strings.Join(rows, "\n")+"\n")
	require.NoError(t, l.read("identity"))
	require.Len(t, l.rows, len(rows))
}

func TestRead_hashesKeysOfPersonalColumns(t *testing.T) {
	l := open(t, `{"key_secret": "s3cret", "file": {"contacts": {"path": "DIR/a.csv", "stream": "identity", "key": ["email"], "mapping": {"source_user_id": "id", "email": "email"}}}}`)
	l.write("a.csv", "id,email\n1,ann@x.org\n2,bob@x.org\n")
	require.NoError(t, l.read("identity"))
	require.Len(t, l.rows, 2)
	for key := range l.rows {
		require.Regexp(t, `^contacts:[0-9a-f]{32}$`, key)
	}
	require.NotContains(t, string(l.cursor)+l.log.String(), "s3cret")
}

func TestRead_takesTimesFromTheChangedColumn(t *testing.T) {
	l := open(t, contacts("*", `"changed": "at"`, `"time_zone": "Europe/Berlin"`))
	l.write("a.csv", "id,email,at\n1,,2026-01-02 03:04:05\n2,,2026-07-02T03:04:05.5+05:30\n3,,never\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, "2026-01-02T02:04:05Z", l.rows["contacts:1"].At.UTC().Format(time.RFC3339Nano))
	require.Equal(t, "2026-07-02T03:04:05.5+05:30", l.rows["contacts:2"].At.Format(time.RFC3339Nano))
	require.True(t, l.rows["contacts:3"].At.IsZero())
	require.Contains(t, l.log.String(), "changed_unreadable=1")
}

func TestRead_marksDeletedRows(t *testing.T) {
	l := open(t, contacts("a.csv", `"deleted": "gone"`))
	l.write("a.csv", "id,email,gone\n1,a,true\n2,b,false\n3,c,\n4,d,2026-01-01\n5,e,perhaps\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"b", "c", "e"}, l.live("email"))
	require.Contains(t, l.log.String(), "deleted_unreadable=1")
}

func TestRead_stopsAtTheErrorOfEmit(t *testing.T) {
	l := open(t, contacts("a.csv"))
	l.write("a.csv", "id,email\n"+strings.Repeat("1,a\n", 5000))
	refused := errors.New("disk full")
	calls := 0
	err := l.source.Read(t.Context(), "identity", nil, func(connectors.Batch) error { calls++; return refused })
	require.ErrorIs(t, err, refused)
	require.Equal(t, 1, calls)
}

func TestRead_takesDaysInTheZoneTheyAreWrittenIn(t *testing.T) {
	for format, c := range map[string][2]string{
		"":         {"2026-03-01T23:30:00-08:00", "2026-03-01"},
		"%d.%m.%Y": {"01.03.2026", "2026-03-01"},
		"unix":     {"1772377200", "2026-03-02"}, // 15:00 UTC, midnight in Tokyo
	} {
		l := open(t, contacts("a.csv", `"stream": "content_view_daily"`, `"time_zone": "Asia/Tokyo"`, `"time_format": "`+format+`"`,
			`"mapping": {"content_type": "=page", "content_id": "id", "view_date": "day"}`))
		l.write("a.csv", "id,day\n1,"+c[0]+"\n")
		require.NoError(t, l.read("content_view_daily"))
		require.Equal(t, []string{c[1]}, l.live("view_date"), format)
	}
}

func TestRead_refusesStreamsThatNoFileFills(t *testing.T) {
	l := open(t, contacts("a.csv"))
	l.write("a.csv", "id,email\n1,a\n")
	var forbidden *connectors.ErrForbidden
	require.ErrorAs(t, l.read("survey"), &forbidden)
	require.Equal(t, "no file block fills it", forbidden.Reason)
	require.NoError(t, l.read("identity"))
}

func TestRead_startsAgainWhenAConstantChanges(t *testing.T) {
	roles := func(role string) string {
		return contacts("a.csv", `"stream": "identity_role"`, `"mapping": {"identity_id": "id", "role_name": "=`+role+`"}`)
	}
	l := open(t, roles("agent"))
	l.write("a.csv", "id\n1\n")
	require.NoError(t, l.read("identity_role"))
	require.Equal(t, []string{"agent"}, l.live("role_name"))
	l.reopen(roles("staff"))
	require.NoError(t, l.read("identity_role"))
	require.Equal(t, []string{"staff"}, l.live("role_name"))
}

func TestRead_startsAgainWhenTheMappingChanges(t *testing.T) {
	l := open(t, contacts("a.csv"))
	l.write("a.csv", "id,email,name\n1,a,Ann\n")
	require.NoError(t, l.read("identity"))
	l.reopen(contacts("a.csv", `"mapping": {"source_user_id": "id", "display_name": "name"}`))
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"Ann"}, l.live("display_name"))
}

func TestRead_takesACanonicalFileAsItIs(t *testing.T) {
	l := open(t, contacts("a.jsonl", `"canonical": true`))
	l.write("a.jsonl", `{"identity_id":"crm:acme:7","source":"crm","is_staff":false,"created_at":"2026-01-01T00:00:00+02:00","other":1}`+"\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, `{"file_set":"contacts","canonical":true,"identity_id":"crm:acme:7","source":"crm","is_staff":false,"created_at":"2026-01-01T00:00:00+02:00"}`, l.row("contacts:crm%3Aacme%3A7"))
	require.Len(t, l.covered, 1)
}

func TestRead_readsPathsInJSON(t *testing.T) {
	l := open(t, contacts("a.jsonl", `"mapping": {"source_user_id": "user.id", "email": "emails.0", "username": "a.b"}`))
	l.write("a.jsonl", `{"user":{"id":9007199254740993},"emails":["x@y.org","z"],"a.b":"dotted","a":{"b":"nested"}}`+"\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, `{"file_set":"contacts","identity_id":"9007199254740993","source_user_id":"9007199254740993","username":"dotted","email":"x@y.org"}`, l.row("contacts:9007199254740993"))
}

func TestRead_namesTheMissingColumn(t *testing.T) {
	l := open(t, contacts("*.csv", `"mapping": {"source_user_id": "id", "email": "E-Mail"}`))
	l.write("a.csv", "id,e-mail,name\n1,a,b\n")
	l.write("b.csv", "id;E-Mail\n1;b\n")
	l.write("c.csv", "id,E-Mail\n3,c\n")
	err := l.read("identity")
	var config *connectors.ErrConfig
	require.ErrorAs(t, err, &config)
	require.Equal(t, `file "contacts"`, config.Setting)
	require.ErrorContains(t, err, `a.csv has no column "E-Mail"; did you mean "e-mail"?; it has id, e-mail, name`)
	require.ErrorContains(t, err, `cells seem to be separated by ';': set delimiter`)
	require.Equal(t, []string{"c"}, l.live("email"), "the file that fits is read")
}

func TestRead_saysWhichColumnsNoJSONRowHas(t *testing.T) {
	l := open(t, contacts("a.jsonl"))
	l.write("a.jsonl", `{"id":1,"e_mail":"a"}`+"\n")
	require.NoError(t, l.read("identity"))
	require.Contains(t, l.log.String(), `did you mean \"e_mail\"`)
}

func TestRead_saysWhatIsNotUTF8(t *testing.T) {
	l := open(t, contacts("*"))
	l.write("a.csv", "id,email\n1,\xe9\n")
	l.write("b.csv", "\xff\xfei\x00d\x00\n\x00")
	l.write("c.csv", "id,email,caf\xe9\n")
	err := l.read("identity")
	require.ErrorContains(t, err, "UTF-16")
	require.ErrorContains(t, err, "0xE9")
	require.Contains(t, l.log.String(), "rows are not UTF-8")
}

func TestRead_toleratesEmptyFilesAndHeadersAlone(t *testing.T) {
	l := open(t, contacts("*"))
	l.write("a.csv", "")
	l.write("b.csv", "id,email\n")
	l.write("c.csv", "id,em")
	l.write("d.jsonl", "\n \n")
	l.write("e.csv.gz", packed(t, "id,email"))
	l.write("f-\xff.csv", "id,email\n")
	require.NoError(t, l.read("identity"))
	require.Empty(t, l.rows)
	l.clock.time = l.clock.time.Add(time.Hour)
	l.write("c.csv", "id,email\n1,a\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"a"}, l.live("email"))
}

func TestRead_passesALineThatIsTooLong(t *testing.T) {
	l := open(t, contacts("a.jsonl"))
	l.write("a.jsonl", `{"id":1}`+"\n"+`{"id":2,"email":"`+strings.Repeat("x", 17<<20)+"\"}\n"+`{"id":3}`+"\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"1", "3"}, l.live("source_user_id"))
	require.Contains(t, l.rejects, "contacts#a.jsonl:2")
}

func TestRead_survivesNestingWithoutEnd(t *testing.T) {
	l := open(t, contacts("a.jsonl"))
	l.write("a.jsonl", strings.Repeat(`{"a":`, 2_000_000)+"\n"+`{"id":3}`+"\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"3"}, l.live("source_user_id"))
}

func TestRead_keepsTheCursorSmallWithThousandsOfFiles(t *testing.T) {
	l := open(t, contacts("*.csv"))
	for i := range 5000 {
		l.writeAt(fmt.Sprintf("a-rather-long-file-name-of-an-export-%d.csv", i), fmt.Sprintf("id,email\n%d,a\n", i), noon.Add(time.Duration(i-6000)*time.Minute))
	}
	require.NoError(t, l.read("identity"))
	require.Len(t, l.rows, 5000)
	require.NoError(t, l.read("identity"))
	require.Zero(t, l.emitted)
	l.writeAt("new.csv", "id,email\nnew,a\n", noon)
	require.NoError(t, l.read("identity"))
	require.Equal(t, 1, l.emitted)
}

func TestRead_sinceSkipsRowsKnownToBeOlder(t *testing.T) {
	l := open(t, contacts("a.csv", `"changed": "at"`, `"snapshot": true`))
	l.write("a.csv", "id,email,at\n1,a,2026-01-01\n2,b,2026-02-01\n3,c,\n")
	require.NoError(t, l.readFrom("identity", connectors.SinceCursor(time.Date(2026, 1, 15, 0, 0, 0, 0, time.UTC))))
	require.Equal(t, []string{"b", "c"}, l.live("email"))
	require.Empty(t, l.scopes)
	require.Empty(t, l.covered)
}

func TestRead_claimsTheTimeItsEventsCover(t *testing.T) {
	l := open(t, `{"file": {"topics": {"path": "DIR/*.csv", "stream": "thread", "mapping": {"thread_id": "id", "created_at": "at", "tags": "tags"}}}}`)
	l.write("a.csv", "id,at,tags\n1,2026-01-02T00:00:00Z,\"x,y\"\n2,2026-01-05T00:00:00Z,\n3,1900-01-01,\n4,2999-01-01,\n")
	require.NoError(t, l.read("thread"))
	require.Equal(t, []connectors.Interval{{From: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Until: time.Date(2026, 1, 5, 0, 0, 0, 1000, time.UTC)}}, l.covered)
	l.covered = nil
	require.NoError(t, l.read("thread"))
	require.Empty(t, l.covered)
}
