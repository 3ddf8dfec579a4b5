package files

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
	rollcallsql "rollcall/sql"
)

func TestShapes_areAllThatTheProductHas(t *testing.T) {
	conn := scratch(t)
	entries, err := fs.ReadDir(rollcallsql.FS, "staging")
	require.NoError(t, err)
	names := map[string]bool{}
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), ".sql")
		names[name] = true
		s, found := shapeNamed(name)
		require.True(t, found, "shape %s has no entry", name)
		want, err := fs.ReadFile(rollcallsql.FS, "staging/"+entry.Name())
		require.NoError(t, err)
		stage(t, conn, s, nil)
		require.Equal(t, rows(t, conn, describe(string(want))), rows(t, conn, describe(s.staging())), name)
	}
	for _, name := range shapeNames() {
		require.True(t, names[name], "%s is no shape", name)
	}
}

// A case is one file as somebody would export it, and the rows staging makes
// of it: a shape's columns after deleted_at, joined by "|".
type stagedCase struct {
	stream, settings, file, content string
	want                            []string
}

func stagedCases() []stagedCase {
	return []stagedCase{
		{"thread", `"mapping": {"thread_id": "id", "created_at": "at", "char_len": "chars", "product_topic": "area", "campaign": "c", "merged_into_thread_id": "into"}`,
			"a.csv", "id,at,chars,area,c,into\n1,2026-01-02T00:30:00+01:00,120,billing,spring,\n2,2026-01-03,,,,1\n",
			[]string{"files:x:thread:1|files:x||||||2026-01-01 23:30:00|120|||billing|spring|||", "files:x:thread:2|files:x||||||2026-01-03 00:00:00||||||files:x:thread:1||"}},
		{"answer", `"mapping": {"thread_id": "id", "reply_id": "best", "accepted_at": "at", "accepted_by_identity_id": "by"}`,
			"a.csv", "id,best,at,by\n1,9,2026-01-02,7\n2,,,\n",
			[]string{"files:x:thread:1|files:x:reply:9|files:x|2026-01-02 00:00:00|files:x:7||"}},
		{"moderation_action", `"time_zone": "Europe/Berlin", "mapping": {"thread_id": "t", "reply_id": "r", "reason": "why", "flagged_at": "at", "outcome": "end"}`,
			"a.csv", "t,r,why,at,end\n1,,spam,2026-07-01 00:00:00,upheld\n1,5,spam,2026-07-01 00:00:00,pending\n",
			[]string{
				"files:x:action:set:1:%-:spam:2026-07-01 00%3A00%3A00|files:x|files:x:thread:1|spam|2026-06-30 22:00:00||upheld|",
				"files:x:action:set:1:5:spam:2026-07-01 00%3A00%3A00|files:x|files:x:reply:5|spam|2026-06-30 22:00:00||pending|"}},
		{"content_view_daily", `"time_format": "%Y%m%d", "time_zone": "America/New_York", "mapping": {"content_type": "=thread", "content_id": "t", "view_date": "day", "viewer_class": "=member", "views": "n", "community_id": "=main"}`,
			"a.csv", "t,day,n\n1,20260301,3\n1,20260302,many\n2,soon,1\n",
			[]string{"thread|files:x:thread:1|files:x:main|2026-03-01 00:00:00|member|3||", "thread|files:x:thread:1|files:x:main|2026-03-02 00:00:00|member|||"}},
		{"community_event", `"mapping": {"event_type": "=reaction", "reaction": "emoji", "identity_id": "who", "thread_id": "t", "reply_id": "r", "occurred_at": "at"}`,
			"a.csv", "emoji,who,t,r,at\n+1,7,1,,2026-01-02T00:00:00Z\n+1,7,1,5,2026-01-02T00:00:00Z\n",
			[]string{
				"files:x:event:set:+1:7:1:%-:2026-01-02T00%3A00%3A00Z|files:x|files:x:7|reaction|+1|files:x:thread:1|files:x:thread:1|||2026-01-02 00:00:00|||",
				"files:x:event:set:+1:7:1:5:2026-01-02T00%3A00%3A00Z|files:x|files:x:7|reaction|+1|files:x:thread:1|files:x:reply:5|||2026-01-02 00:00:00|||"}},
		{"community_event", `"canonical": true`, "a.jsonl",
			`{"event_id":"forum:a:like:1","identity_id":"forum:a:7","community_id":"forum:a","event_type":"reaction","content_id":"forum:a:post:5","reply_id":"x","occurred_at":"2026-01-02T00:00:00Z"}` + "\n",
			[]string{"forum:a:like:1|forum:a|forum:a:7|reaction|||forum:a:post:5|||2026-01-02 00:00:00|||"}},
		{"community", `"mapping": {"community_id": "id", "name": "name", "supports_accept": "qa"}`, "a.csv", "id,name,qa\n1,Help,yes\n",
			[]string{"files:x:1|Help||true|||"}},
		{"community_member", `"mapping": {"identity_id": "who", "community_id": "board"}`, "a.csv", "who,board\n7,a\n7,b\n",
			[]string{"files:x:member:set:7:a|files:x:a|files:x:7||||||", "files:x:member:set:7:b|files:x:b|files:x:7||||||"}},
		{"identity_role", `"mapping": {"identity_id": "who", "role_name": "=staff", "valid_from": "from", "valid_to": "to"}`, "a.csv", "who,from,to\n7,2025-01-01,2025-06-01\n7,2026-01-01,\n",
			[]string{"files:x:7|staff|2025-01-01 00:00:00|2025-06-01 00:00:00|", "files:x:7|staff|2026-01-01 00:00:00||"}},
		{"identity_role", `"canonical": true`, "a.csv", "identity_id,role_name\nforum:a:7,staff\n",
			[]string{"forum:a:7|staff|||"}},
		{"community_gathering", `"mapping": {"gathering_id": "id", "title": "t", "kind": "=webinar", "starts_at": "at", "capacity": "seats"}`, "a.csv", "id,t,at,seats\n1,Hello,2026-02-01T17:00:00+01:00,100.0\n",
			[]string{"files:x:gathering:1||Hello|webinar|||2026-02-01 16:00:00||100|||"}},
		{"event_attendance", `"mapping": {"gathering_id": "=1", "identity_id": "who", "first_joined_at": "in", "last_left_at": "out", "minutes_attended": "min", "checked_in": "ok"}`,
			"a.csv", "who,in,out,min,ok\n7,2026-02-01T16:00:00Z,2026-02-01T16:12:30Z,12.5,y\n7,2026-02-01T16:20:00Z,,a while,\n",
			[]string{
				"files:x:attendance:set:7:2026-02-01T16%3A00%3A00Z|files:x:gathering:1|files:x:7|||2026-02-01 16:00:00|2026-02-01 16:12:30|12.5|true||",
				"files:x:attendance:set:7:2026-02-01T16%3A20%3A00Z|files:x:gathering:1|files:x:7|||2026-02-01 16:20:00|||||"}},
		{"survey", `"mapping": {"survey_id": "id", "kind": "kind", "gathering_id": "event"}`, "a.csv", "id,kind,event\n1,nps,4\n",
			[]string{"files:x:survey:1|nps|||files:x:gathering:4||"}},
		{"survey_question", `"mapping": {"question_id": "q", "survey_id": "s", "scale_min": "lo", "scale_max": "hi", "higher_is_better": "up"}`, "a.csv", "q,s,lo,hi,up\n1,1,0,10,true\n",
			[]string{"files:x:question:1|files:x:survey:1||0|10|true||"}},
		{"survey_invitation", `"mapping": {"survey_id": "s", "identity_id": "who", "sent_at": "at", "channel": "=email"}`, "a.csv", "s,who,at\n1,7,2026-02-01\n",
			[]string{"files:x:invitation:set:1:7:2026-02-01|files:x:survey:1|files:x:7|2026-02-01 00:00:00||email|"}},
		{"survey_response", `"mapping": {"response_id": "r", "question_id": "q", "survey_id": "=nps", "org_id": "company", "responded_at": "at", "score_raw": "score", "text_raw": "why", "is_complete": "done"}`,
			"a.jsonl", `{"r":1,"q":"a","at":"2026-02-01T00:00:00+02:00","score":9.5,"why":"good","done":true,"company":3}` + "\n" + `{"r":1,"q":"b","score":"n/a"}` + "\n",
			[]string{
				"files:x:response:1|files:x:question:a|files:x:survey:nps||files:x:org:3|||2026-01-31 22:00:00|9.5||good|true|",
				"files:x:response:1|files:x:question:b|files:x:survey:nps||||||||||"}},
		{"product_user", `"mapping": {"identity_id": "id", "org_id": "company", "is_service": "robot"}`, "a.csv", "id,company,robot\n7,3,no\n",
			[]string{"files:x:7|files:x:org:3|||false|"}},
		{"product_event", `"time_format": "unix_ms", "mapping": {"identity_id": "who", "event_name": "name", "occurred_at": "ts"}`, "a.csv", "who,name,ts\n7,export,1767323045123\n",
			[]string{"files:x:event:set:export:7:1767323045123|files:x:7||export||2026-01-02 03:04:05.123||"}},
	}
}

func TestStaging_makesRowsOfEveryShape(t *testing.T) {
	conn := scratch(t)
	staged := map[string]bool{"identity": true, "thread_reply": true} // older tests hold these
	for _, c := range stagedCases() {
		staged[c.stream] = true
		t.Run(c.stream, func(t *testing.T) {
			l := open(t, fmt.Sprintf(`{"file": {"set": {"path": "DIR/%s", "stream": %q, %s}}}`, c.file, c.stream, c.settings))
			l.write(c.file, c.content)
			require.NoError(t, l.read(c.stream))
			require.Empty(t, l.rejects)
			s, _ := shapeNamed(c.stream)
			stage(t, conn, s, l)
			require.Equal(t, c.want, rows(t, conn, s.staging()+"order by record")[:len(c.want)])
			require.Len(t, rows(t, conn, s.staging()), len(c.want))
		})
	}
	for _, name := range shapeNames() {
		require.True(t, staged[name], "no case stages %s", name)
	}
}

// scratch is an in-memory database of its own.
func scratch(t *testing.T) *sql.Conn {
	t.Helper()
	db, err := warehouse.Open(t.Context(), warehouse.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	conn, err := db.SQL().Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		require.NoError(t, db.Close())
	})
	for _, statement := range []string{"attach ':memory:' as scratch", "use scratch", "create schema raw"} {
		_, err = conn.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	}
	return conn
}

// stage makes the table that staging reads of a stream, of the lake's rows if
// there is one, without those that lack a required field.
func stage(t *testing.T, conn *sql.Conn, s shape, l *lake) {
	t.Helper()
	exec := func(query string, args ...any) {
		_, err := conn.ExecContext(context.Background(), query, args...)
		require.NoError(t, err, query)
	}
	exec("create or replace temp table incoming (key varchar, data varchar, gone boolean)")
	if l != nil {
		for key, record := range l.rows {
			exec("insert into incoming values (?, ?, ?)", key, string(record.Data), record.Deleted)
		}
	}
	exec(fmt.Sprintf(`create or replace table raw.files__%s as select 'files:x:%s:' || key as record, 'x' as instance, key, from_json(data, '%s') as j, data,
		timestamp '2026-03-10' as synced_at, timestamp '2026-03-01' as first_seen_at, case when gone then timestamp '2026-03-10' end as deleted_at from incoming`,
		s.name, s.name, strings.ReplaceAll(s.fields(), "!", "")))
	for _, c := range s.columns {
		if c.required {
			exec(fmt.Sprintf("delete from raw.files__%s where j.%s is null", s.name, c.name))
		}
	}
}

func describe(query string) string {
	return "select null, null, null, column_name, column_type from (describe " + query + ")"
}

// rows prints what a query gives, from its fourth column on.
func rows(t *testing.T, conn *sql.Conn, query string) []string {
	t.Helper()
	found, err := conn.QueryContext(context.Background(), query)
	require.NoError(t, err, query)
	defer found.Close()
	columns, err := found.Columns()
	require.NoError(t, err)
	printed := []string{}
	for found.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(t, found.Scan(into...))
		var cells []string
		for _, value := range values[3:] {
			cells = append(cells, show(value))
		}
		printed = append(printed, strings.Join(cells, "|"))
	}
	require.NoError(t, found.Err())
	return printed
}

func show(value any) string {
	switch v := value.(type) {
	case nil:
		return ""
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.999")
	}
	return fmt.Sprint(value)
}
