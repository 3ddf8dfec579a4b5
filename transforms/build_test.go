package transforms_test

import (
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
	rollcallsql "rollcall/sql"
	"rollcall/transforms"
)

func readSQL(t *testing.T, path string) string {
	t.Helper()
	text, err := fs.ReadFile(rollcallsql.FS, path)
	require.NoError(t, err)
	return string(text)
}

// headerOf is the file of a KPI up to its select.
func headerOf(t *testing.T, path string) string {
	t.Helper()
	text := readSQL(t, path)
	return text[:strings.Index(text, "*/")+3]
}

const valuesBut = "select * exclude (computed_at, build_id) from kpi.value order by all"

func TestBuild_givesTheSameIDsAndValuesAfterTheMartsAreDeleted(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	l.build(l.builder(board("main")))
	people := l.rows("select identity_id, person_id from core.person_identity order by all")
	values := l.rows(valuesBut)
	require.Len(t, people, 8)
	require.Equal(t, []string{"0"}, l.rows("select count(*) from core.person_identity where try_cast(person_id as uuid) is null"))

	require.NoError(t, l.db.Close())
	require.NoError(t, os.Remove(warehouse.MartsPath(l.cfg.DataDir)))
	var err error
	l.db, err = warehouse.Open(t.Context(), warehouse.Options{Dir: l.cfg.DataDir, MemoryLimit: "1GB"})
	require.NoError(t, err)
	l.build(l.builder(board("main")))
	require.Equal(t, people, l.rows("select identity_id, person_id from core.person_identity order by all"))
	require.Equal(t, values, l.rows(valuesBut))
}

func TestBuild_isRepeatable(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	l.build(b)
	first := l.rows(valuesBut)
	l.build(b)
	require.Equal(t, first, l.rows(valuesBut))
}

func TestBuild_followsEditsAndDeletions(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	l.build(b)
	l.put("board", "main", "replies", "3", object{"id": "3", "thread": "T1", "author": "m2", "created_at": "2026-02-02T14:00:00Z", "updated_at": "2026-02-02T15:00:00Z"}, false)
	l.put("board", "main", "replies", "7", object{"id": "7", "thread": "T4", "author": "m2", "created_at": "2026-02-07T00:00:00Z"}, true)
	l.thread("T5", "m2", "2026-02-06T12:00:00Z", object{"solvable": false, "removed": true, "updated_at": "2026-02-08T00:00:00Z"})
	l.build(b)
	require.Equal(t, []string{"6|9"}, l.rows("select (select count(*) from lake.staging.thread), (select count(*) from lake.staging.thread_reply)"))
	require.Equal(t, "8", l.value("community_post_volume", "month", "2026-02-01"), "without T5, its reply and reply 7")
	require.Equal(t, "0.5", l.value("unanswered_question_rate", "month", "2026-02-01"), "T4 lost its only reply")
	require.Equal(t, "2.5", l.value("first_response_time_median_hours", "month", "2026-02-01"), "of 4 and 1 hours")
}

func TestBuild_leavesOutRecordsWithoutARequiredField(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	l.put("board", "main", "replies", "bad", `{"id": "bad", "thread": "T1", "author": "m3", "created_at": "yesterday", "chars": 12.6}`, false)
	l.put("board", "main", "replies", "odd", `{"id": "odd", "thread": "T1", "author": "m3", "created_at": "2026-02-02T18:00:00+02:00", "chars": true}`, false)
	build, err := l.builder(board("main")).Build(t.Context(), transforms.BuildRequest{})
	var failed *transforms.ChecksFailed
	require.ErrorAs(t, err, &failed)
	require.Len(t, failed.Results, 1)
	require.Equal(t, "required_fields", failed.Results[0].Check)
	require.Equal(t, "12", l.value("community_post_volume", "month", "2026-02-01"))
	require.EqualValues(t, 1, build.Streams[2].LeftOut)
	require.Equal(t, []string{
		"replies|chars|BOOLEAN|1|odd", "replies|chars|DOUBLE|1|bad", "replies|created_at|VARCHAR|1|bad",
	}, l.rows("select stream, path, json_type, value_count, sample_key from lake.ops.rejected_value order by all"))
	require.Equal(t, []string{"2026-02-02 16:00:00"}, l.rows("select cast(created_at as varchar) from core.thread_reply where reply_id = 'board:main:reply:odd'"))
}

func TestBuild_countsFaultsBelowObjectsAndLists(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	source := board("main")
	source.Streams[1].Fields = `{"id": "VARCHAR!", "author": "VARCHAR", "created_at": "TIMESTAMPTZ!", "updated_at": "TIMESTAMPTZ", "solvable": "BOOLEAN", "private": "BOOLEAN",
    "removed": "BOOLEAN", "tags": "VARCHAR", "title": "VARCHAR", "poll": {"votes": "BIGINT"}, "likes": [{"user": "BIGINT", "at": "TIMESTAMPTZ"}]}`
	for key, more := range map[string]object{
		"fine":      {"poll": object{"votes": 3}, "likes": []object{{"user": 1, "at": "2026-02-02T10:00:00Z"}, {"user": nil}}},
		"no poll":   {"poll": nil, "likes": []object{}},
		"votes":     {"poll": object{"votes": "many"}},
		"poll":      {"poll": "yes"},
		"likes":     {"likes": object{"user": 1}},
		"two likes": {"likes": []object{{"user": 1.5}, {"user": true, "at": "soon"}}},
		"numbers":   {"poll": object{"votes": "12"}},
	} {
		l.thread(key, "m1", "2026-02-02T10:00:00Z", more)
	}
	l.coverBoard()
	l.build(l.builder(source))
	require.Equal(t, []string{
		"likes|OBJECT|1|likes", "likes[].at|ARRAY|1|two likes", "likes[].user|ARRAY|2|two likes", "poll|VARCHAR|1|poll", "poll.votes|VARCHAR|1|votes",
	}, l.rows("select path, json_type, value_count, sample_key from lake.ops.rejected_value order by all"))
}

func TestBuild_marksPeriodsPartialUntilCoveredAndMature(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	l.exec("delete from lake.ops.coverage where stream = 'replies'")
	l.exec("insert into lake.ops.coverage values ('board', 'main', 'replies', timestamp '2026-02-04', timestamp '2026-05-30')")
	l.now = time.Date(2026, 3, 6, 0, 0, 0, 0, time.UTC)
	l.build(l.builder(board("main")))
	require.Equal(t, []string{
		"community_post_volume|week|2026-02-02|true|false", "community_post_volume|week|2026-02-09|false|false", "community_post_volume|week|2026-02-23|false|false",
		"unanswered_question_rate|week|2026-02-02|true|false", "unanswered_question_rate|week|2026-02-09|false|false", "unanswered_question_rate|week|2026-02-23|true|false",
	}, l.rows(`select kpi_id, grain, period_start, is_partial, is_final from kpi.value where grain = 'week' and segment_type = 'all'
and kpi_id in ('community_post_volume', 'unanswered_question_rate') and period_start in (date '2026-02-02', date '2026-02-09', date '2026-02-23') order by all`))
	l.now = time.Date(2026, 3, 30, 0, 0, 0, 0, time.UTC)
	l.build(l.builder(board("main")))
	require.Equal(t, []string{"2026-02-02|false", "2026-02-09|true", "2026-02-16|true", "2026-02-23|false"}, l.rows(`select period_start, is_final from kpi.value
where grain = 'week' and segment_type = 'all' and kpi_id = 'community_post_volume' and period_start < date '2026-03-01' order by all`))
}

func TestBuild_saysWhatIsNotConfigured(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	l.exec("drop table lake.raw.board__users")
	l.exec("delete from lake.ops.coverage where stream = 'users'")
	l.exec(`insert into lake.ops.run (run_id, type, instance, stream, kind, status, started_at, record_count, appended_count, unchanged_count, tombstone_count, rejected_count, held_back_count)
values (1, 'board', 'main', 'users', 'continue', 'forbidden', now()::timestamp, 0, 0, 0, 0, 0, 0)`)
	source := board("main")
	source.Staging["thread"] += "\n;\nselect record, first_seen_at, deleted_at, key as thread_id from raw.board__users where key = 'none'"
	build := l.build(l.builder(source))
	require.Equal(t, map[string]string{"community_new_members": "no community_member: the credentials may not read board.main users; give them access and sync again"}, build.NotConfigured)
	require.Equal(t, "", l.value("community_new_members", "month", "2026-02-01"))
	require.Equal(t, []string{"not_configured"}, l.rows("select status from kpi.dictionary where kpi_id = 'community_new_members'"))
	require.Equal(t, []string{"false"}, l.rows("select is_partial from kpi.value where kpi_id = 'community_post_volume' and grain = 'week' and period_start = date '2026-02-02' and segment_type = 'all'"))
}

// A second board of which nobody reads the replies has never run: nothing is
// waited for, unless it was read once.
func TestBuild_waitsForNoStreamThatIsNotRead(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	l.cover("board", "second", "threads")
	l.cover("board", "second", "users")
	source := board("main", "second")
	partial := func() []string {
		l.build(l.builder(source))
		return l.rows("select is_partial from kpi.value where kpi_id = 'community_post_volume' and grain = 'week' and period_start = date '2026-02-02' and segment_type = 'all'")
	}
	require.Equal(t, []string{"true"}, partial())
	source.Instances[1].Unread = []string{"replies"}
	require.Equal(t, []string{"false"}, partial())

	source = board("main")
	source.Instances[0].Unread = []string{"users"}
	l.exec("drop table lake.raw.board__users")
	l.exec("delete from lake.ops.coverage where stream = 'users'")
	source.Staging["thread"] += "\n;\nselect record, first_seen_at, deleted_at, key as thread_id from raw.board__users where key = 'none'"
	build := l.build(l.builder(source))
	require.Equal(t, "no community_member: no configured community source has it; connect one that does, or bring it through files", build.NotConfigured["community_new_members"])
}

func TestBuild_withoutAnySourceGivesEmptyTables(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	build := l.build(l.builder())
	require.ElementsMatch(t, thinLine(), slices.Collect(maps.Keys(build.NotConfigured)))
	require.Empty(t, l.rows("select * from kpi.value"))
	require.Equal(t, []string{"0"}, l.rows("select count(*) from lake.staging.thread"))
}

func TestBuild_followsTheFiscalYear(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.cfg.FiscalYearStart = time.February
	l.fixtureT()
	l.build(l.builder(board("main")))
	require.Equal(t, "11", l.value("community_post_volume", "quarter", "2026-02-01"))
	require.Equal(t, []string{"FY2027-Q1|2026-05-01"}, l.rows("select label, period_end from ref.period where grain = 'quarter' and period_start = date '2026-02-01'"))
	require.Equal(t, []string{"2027|4|12"}, l.rows("select fiscal_year, fiscal_quarter, fiscal_month from ref.calendar where date_day = date '2027-01-31'"))
}

func TestBuild_decidesWhatAQuestionIs(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.thread("tagged", "m1", "2026-02-02T10:00:00Z", object{"tags": "news,Help"})
	l.thread("plain", "m1", "2026-02-02T10:00:00Z", object{"tags": "news"})
	l.put("board", "qa", "threads", "solvable", object{"id": "solvable", "author": "m1", "created_at": "2026-02-02T10:00:00Z", "solvable": true}, false)
	l.put("board", "qa", "threads", "chat", object{"id": "chat", "author": "m1", "created_at": "2026-02-02T10:00:00Z", "tags": "help"}, false)
	l.createRaw("board", "replies")
	l.createRaw("board", "users")
	l.build(l.builderOver(overlay(t, map[string]string{
		"ref/question_default.sql": "-- Defaults.\n-- source: type\n-- is_question: default\nselect 'board' as source, false as is_question",
	}), board("main", "qa")))
	require.Equal(t, []string{"chat|false|category", "plain|false|default", "solvable|true|category", "tagged|true|tag"},
		l.rows("select split_part(thread_id, ':', 4), is_question, question_basis from core.thread order by all"))
}

func TestBuild_takesACleanListingAsCoverage(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	l.exec("delete from lake.ops.coverage where stream = 'replies'")
	b := l.builder(board("main"))
	partial := func() []string {
		l.build(b)
		return l.rows("select is_partial from kpi.value where kpi_id = 'community_post_volume' and grain = 'week' and period_start = date '2026-02-02' and segment_type = 'all'")
	}
	require.Equal(t, []string{"true"}, partial(), "nothing says that all replies are there")
	l.exec(`insert into lake.ops.run (run_id, type, instance, stream, kind, status, started_at, record_count, appended_count, unchanged_count, tombstone_count, rejected_count, held_back_count)
values (1, 'board', 'main', 'replies', 'full', 'ok', timestamp '2026-05-30', 0, 0, 0, 0, 0, 0)`)
	require.Equal(t, []string{"false"}, partial())
}

func TestBuild_computesSumsMeansAndDistinctEntities(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	for key, chars := range map[string]int{"20": 100, "21": 250, "22": 50} {
		l.put("board", "main", "replies", key, object{"id": key, "thread": "T1", "author": "m2", "created_at": "2026-03-02T12:00:00Z", "chars": chars}, false)
	}
	head := readSQL(t, "kpi/health/community_post_volume.sql")
	atoms := "*/\nselect r.created_on as happened_on, r.author_identity_id as identity_id, r.thread_id as entity_id, r.community_id, r.char_len as amount from core.thread_reply as r where r.char_len is not null"
	files := map[string]string{}
	for id, measure := range map[string]string{"chars_sum": `"sum"`, "chars_mean": `"mean"`, "threads_answered": "\"distinct\"\n  of = \"entity\""} {
		text := head[:strings.Index(head, "*/")] + atoms
		text = replaceOnce(text, `"community_post_volume"`, `"`+id+`"`)
		text = replaceOnce(text, `measure     = "count"`, "measure = "+measure)
		files["kpi/health/"+id+".sql"] = text
	}
	l.build(l.builderOver(overlay(t, files), board("main")))
	require.Equal(t, []string{"chars_mean|400|3|133.333333333|1", "chars_sum|400|<nil>|400|1", "threads_answered|1|<nil>|1|1"},
		l.rows("select kpi_id, numerator, denominator, value, n from kpi.value where grain = 'month' and period_start = date '2026-03-01' and segment_type = 'all' and kpi_id in ('chars_mean', 'chars_sum', 'threads_answered') order by 1"))
}

func TestBuild_refusesAtomsThatItsMeasureCannotRead(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	head := headerOf(t, "kpi/health/community_mau.sql")
	for text, want := range map[string]string{
		"select d.community_id from mart.person_day_community as d":                                         "an atom has happened_on (event), from_on and until_on (span) or grain and period_start (period)",
		"select d.happened_on, d.community_id from mart.person_day_community as d":                          "measure distinct of person reads column identity_id or person_id, which the select does not return",
		"select d.happened_on as from_on, d.person_id from mart.person_day_community as d":                  "column from_on needs column until_on beside it",
		"select d.happened_on, d.person_id from mart.person_day_community as d where d.nothing is not null": "kpi/health/community_mau.sql: ",
	} {
		_, err := l.builderOver(overlay(t, map[string]string{"kpi/health/community_mau.sql": head + text}), board("main")).Build(t.Context(), transforms.BuildRequest{})
		require.ErrorContains(t, err, want)
	}
}

func TestBuild_takesEachAttributeFromTheRecordThatChangedLast(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	reply := object{"id": "1", "thread": "T", "author": "m1", "created_at": "2026-02-02T10:00:00Z", "updated_at": "2026-02-05T00:00:00Z", "chars": 10}
	l.put("board", "main", "replies", "a", reply, false)
	l.put("board", "main", "replies", "b", object{"id": "1", "thread": "T", "created_at": "2026-02-02T10:00:00Z", "updated_at": "2026-02-06T00:00:00Z", "chars": 20}, false)
	l.put("board", "main", "replies", "z", reply.with(object{"updated_at": "2026-02-01T00:00:00Z", "chars": 30}), false)
	l.coverBoard()
	l.build(l.builder(board("main")))
	require.Equal(t, []string{"board:main:m1|20"}, l.rows("select author_identity_id, char_len from core.thread_reply"))
}

func TestBuild_ignoresRepliesBeforeTheirQuestion(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.thread("T", "m1", "2026-02-02T10:00:00Z", nil)
	l.reply("imported", "T", "m2", "2026-02-02T09:00:00Z")
	l.reply("same", "T", "m2", "2026-02-02T10:00:00Z")
	l.reply("real", "T", "m3", "2026-02-02T13:30:00Z")
	l.coverBoard()
	l.build(l.builder(board("main")))
	require.Equal(t, "3.5", l.value("first_response_time_median_hours", "month", "2026-02-01"))
}

func TestBuild_countsAPersonOfTwoCommunitiesOnce(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.put("board", "main", "users", "1", object{"id": "a", "joined_at": "2026-01-05T00:00:00Z", "channel": "north"}, false)
	l.put("board", "main", "users", "2", object{"id": "a", "joined_at": "2026-02-05T00:00:00Z", "channel": "south"}, false)
	l.coverBoard()
	source := board("main")
	source.Staging["community_member"] = strings.Replace(replaceOnce(source.Staging["community_member"], "'board:' || instance as community_id", "'board:' || j.channel as community_id"),
		"'board:' || instance || ':member:' || j.id as member_id", "record as member_id", 1)
	l.build(l.builder(source))
	require.Equal(t, "1", l.value("community_new_members", "month", "2026-01-01"))
	require.Equal(t, "0", l.value("community_new_members", "month", "2026-02-01"))
}
