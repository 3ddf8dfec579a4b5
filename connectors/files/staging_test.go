package files

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/connectortest/stagetest"
	rollcallsql "rollcall/sql"
)

var shapeColumn = regexp.MustCompile(`cast\(null as (\w+)\) as (\w+)`)

// staged is the column's type in its shape.
func (c column) staged() string {
	switch c.kind {
	case flag:
		return "boolean"
	case whole:
		return "bigint"
	case number:
		return "double"
	case moment:
		return "timestamp"
	case day:
		return "date"
	}
	return "varchar"
}

func TestShapes_areAllThatTheProductHas(t *testing.T) {
	files, err := fs.Glob(rollcallsql.FS, "staging/*.sql")
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "staging/"), ".sql")
		names = append(names, name)
		s, found := shapeNamed(name)
		require.True(t, found, "shape %s has no entry", name)
		text, err := fs.ReadFile(rollcallsql.FS, file)
		require.NoError(t, err)
		var want []string
		for _, match := range shapeColumn.FindAllStringSubmatch(string(text), -1) {
			want = append(want, match[2]+" "+match[1])
		}
		require.Equal(t, want, append([]string{"record varchar", "first_seen_at timestamp", "deleted_at timestamp"}, s.columnTypes()...), name)
	}
	require.ElementsMatch(t, names, shapeNames())
}

func (s shape) columnTypes() []string {
	var all []string
	for _, c := range s.columns {
		if !c.input {
			all = append(all, c.name+" "+c.staged())
		}
	}
	return all
}

// A case is one file as somebody would export it, and the rows staging makes
// of it: a shape's columns after deleted_at, joined by "|".
type stagedCase struct {
	stream, settings, file, content string
	want                            []string
}

func stagedCases() []stagedCase {
	return []stagedCase{
		{"identity", `"time_zone": "Europe/Berlin", "mapping": {"source_user_id": "id", "email": "mail", "is_staff": "ours", "created_at": "since"}`,
			"a.csv", "id,mail,ours,since\n7,ann@example.com,yes,2026-07-01 00:30\n",
			[]string{"files:x:7|files|x|7|||ann@example.com||true|2026-06-30 22:30:00|"}},
		{"identity", `"canonical": true`, "a.jsonl", `{"identity_id":"forum:a:7"}` + "\n", []string{"forum:a:7|forum|a||||||||"}},
		{"thread_reply", `"mapping": {"reply_id": "id", "thread_id": "t", "created_at": "at", "parent_reply_id": "to", "author_identity_id": "by", "char_len": "n"}`,
			"a.csv", "id,t,at,to,by,n\n5,1,2026-01-02,4,7,80.00\n",
			[]string{"files:x:reply:5|files:x:thread:1|files:x|files:x:7|files:x:reply:4|2026-01-02 00:00:00|80|||"}},
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
			[]string{"thread|files:x:thread:1|files:x:main|2026-03-01|member|3||", "thread|files:x:thread:1|files:x:main|2026-03-02|member|||"}},
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
			[]string{"files:x:member:set:7:a|files:x:a|files:x:7||||||||", "files:x:member:set:7:b|files:x:b|files:x:7||||||||"}},
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
			[]string{"files:x:question:1|files:x:survey:1||0.0|10.0|true||"}},
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
		{"identity_evidence", `"key": ["id"], "mapping": {"identity_id": "id", "id_type": "=email", "value": "second", "trust": "=verified", "seen_from": "since"}`,
			"a.csv", "id,second,since\n7,ann@example.com,2026-01-02\n8,,2026-01-02\n",
			[]string{"files:x:7|email||ann@example.com|verified||2026-01-02 00:00:00||"}},
		{"identity_evidence", `"key": ["id"], "mapping": {"identity_id": "id", "id_type": "=reference", "namespace": "=forum:a", "value": "member"}`,
			"b.csv", "id,member\n9,42\n", []string{"files:x:9|reference||forum:a:42|||||"}},
		{"identity_evidence", `"canonical": true, "key": ["identity_id", "id_type"]`, "c.jsonl",
			`{"identity_id":"forum:a:7","id_type":"subject","namespace":"https://login.example.com","value":"u-1"}` + "\n" +
				`{"identity_id":"forum:a:7","id_type":"reference","value":"crm:b:3","seen_until":"2026-01-02T00:00:00Z"}` + "\n",
			[]string{"forum:a:7|reference||crm:b:3||||2026-01-02 00:00:00|", "forum:a:7|subject|https://login.example.com|u-1|||||"}},
		{"merge", `"mapping": {"object": "=identity", "merged_id": "id", "surviving_id": "into", "merged_at": "at"}`, "a.csv", "id,into,at\n7,8,2026-01-02\n8,,\n",
			[]string{"identity|files:x:7|files:x:8|2026-01-02 00:00:00|"}},
		{"merge", `"mapping": {"object": "=org", "merged_id": "id", "surviving_id": "into"}`, "b.csv", "id,into\n3,4\n",
			[]string{"org|files:x:org:3|files:x:org:4||"}},
		{"consent", `"mapping": {"identity_id": "who", "purpose": "=identity_matching", "status": "may", "lawful_basis": "=consent", "recorded_at": "at"}`,
			"a.csv", "who,may,at\n7,yes,2026-01-02\n7,Withdrawn,2026-02-02\n8,0,2026-01-02\n9,,\n",
			[]string{
				"files:x:7|identity_matching|granted|consent|2026-01-02 00:00:00|", "files:x:7|identity_matching|withdrawn|consent|2026-02-02 00:00:00|",
				"files:x:8|identity_matching|refused|consent|2026-01-02 00:00:00|"}},
		{"org", `"mapping": {"org_id": "id", "name": "n", "domain": "d", "parent_org_id": "owner", "is_customer": "pays", "reference_source": "=stripe:main", "reference_org_id": "cus"}`, "a.csv", "id,n,d,owner,pays,cus\n3,Acme,acme.example,,yes,\n3,Acme,acme.test,,yes,\n4,Acme Labs,,3,,cus_1\n",
			[]string{
				"files:x:org:3|files|x|3|Acme|acme.example|||true||||", "files:x:org:3|files|x|3|Acme|acme.test|||true||||",
				"files:x:org:4|files|x|4|Acme Labs||stripe:main:org:cus_1|files:x:org:3|||||"}},
		{"org", `"canonical": true`, "a.jsonl", `{"org_id":"crm:a:org:3","source_org_id":"3","reference_org_id":"billing:b:org:9"}` + "\n",
			[]string{"crm:a:org:3|crm|a|3|||billing:b:org:9||||||"}},
		{"org_membership", `"mapping": {"identity_id": "who", "org_id": "company", "basis": "=crm", "valid_from": "from", "valid_to": "to"}`, "a.csv", "who,company,from,to\n7,3,2024-01-01,2025-01-01\n7,4,2025-01-01,\n8,,,\n",
			[]string{
				"files:x:7|files:x:org:3|crm||2024-01-01 00:00:00|2025-01-01 00:00:00|",
				"files:x:7|files:x:org:4|crm||2025-01-01 00:00:00||"}},
	}
}

// The files of all cases are staged together, then deleted one by one.
func TestStaging_makesRowsOfEveryShape(t *testing.T) {
	staged := stagetest.New(t, New().Spec())
	want := map[string][]string{}
	records := map[string][]connectors.Record{}
	for _, c := range stagedCases() {
		l := open(t, fmt.Sprintf(`{"file": {"set": {"path": "DIR/%s", "stream": %q, %s}}}`, c.file, c.stream, c.settings))
		l.write(c.file, c.content)
		require.NoError(t, l.read(c.stream), c.stream)
		require.Empty(t, l.rejects)
		for _, record := range l.rows {
			records[c.stream] = append(records[c.stream], record)
		}
		want[c.stream] = append(want[c.stream], c.want...)
	}
	for _, s := range shapes() {
		require.NotEmpty(t, want[s.name], "no case stages %s", s.name)
		staged.Put(s.name, records[s.name]...)
	}
	staged.Stage(false)
	for _, s := range shapes() {
		slices.Sort(want[s.name])
		require.Equal(t, want[s.name], staged.Rows(s.name, s.stagedNames()...), s.name)
	}
	require.Equal(t, []string{"content_view_daily ", "content_view_daily view_date", "content_view_daily views", "event_attendance minutes_attended", "survey_response score_raw"}, staged.Rejected())
	for _, s := range shapes() {
		first := records[s.name][0]
		first.Deleted = true
		staged.Put(s.name, first)
	}
	staged.Stage(false)
	for _, s := range shapes() {
		require.Len(t, staged.Rows(s.name, "record"), len(want[s.name]), "%s: a deleted row stays, marked", s.name)
	}
	staged.RequireSameWhenFull()
}

// People without an id of their own are known by their address, which no id
// shows.
func TestStaging_hashesAddressesThatAreIDs(t *testing.T) {
	l := open(t, `{"key_secret": "x", "file": {
		"people": {"path": "DIR/a.csv", "stream": "identity", "mapping": {"source_user_id": "mail", "email": "mail"}},
		"more": {"path": "DIR/b.csv", "stream": "identity_evidence", "mapping": {"identity_id": "mail", "id_type": "=email", "value": "other"}}}}`)
	l.write("a.csv", "mail\nann@example.com\n")
	l.write("b.csv", "mail,other\nAnn@example.com,ann@example.org\n")
	staged := stagetest.New(t, New().Spec())
	for _, stream := range []string{"identity", "identity_evidence"} {
		l.cursor, l.rows = nil, map[string]connectors.Record{}
		require.NoError(t, l.read(stream))
		for _, record := range l.rows {
			staged.Put(stream, record)
		}
	}
	staged.Stage(false)
	logins := staged.Rows("identity", "identity_id")
	require.Len(t, logins, 1)
	require.Regexp(t, `^files:x:\[address\]~[0-9a-f]{32}$`, logins[0])
	require.Equal(t, []string{"ann@example.com"}, staged.Rows("identity", "email"))
	require.Equal(t, []string{logins[0] + "|ann@example.org"}, staged.Rows("identity_evidence", "identity_id", "value"))
}

func (s shape) stagedNames() []string {
	var names []string
	for _, c := range s.columns {
		if !c.input {
			names = append(names, c.name)
		}
	}
	return names
}
