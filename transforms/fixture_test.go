package transforms_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
)

func TestBuild_givesTheValuesOfFixtureT(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	build := l.build(l.builder(board("main")))
	require.Equal(t, transforms.StatusPassed, build.Status)
	require.Equal(t, []string{
		"community_mau|<nil>|<nil>|6|6|<nil>|<nil>|ok",
		"community_post_volume|11|<nil>|11|6|<nil>|<nil>|ok",
		"first_response_time_median_hours|<nil>|3|2|3|<nil>|<nil>|low_n",
		"unanswered_question_rate|1|4|0.25|4|0.045587|0.699358|low_n",
	}, l.rows(`select kpi_id, case when kpi_id <> 'community_mau' then numerator end, denominator, value, n, round(ci_low, 6), round(ci_high, 6), status from kpi.value
where grain = 'month' and period_start = date '2026-02-01' and segment_type = 'all'
    and kpi_id in ('community_mau', 'community_post_volume', 'first_response_time_median_hours', 'unanswered_question_rate') order by 1`))
	require.Equal(t, []string{"2026-02-02|11", "2026-02-09|0"}, l.rows(`select period_start, value from kpi.value
where grain = 'week' and segment_type = 'all' and kpi_id = 'community_post_volume' and period_start < date '2026-02-16' order by 1`))
}

// value reads one value of the whole.
func (l *lake) value(id, grain, start string) string {
	l.t.Helper()
	rows := l.rows("select value from kpi.value where kpi_id = ? and grain = ? and period_start = cast(? as date) and segment_type = 'all'", id, grain, start)
	return strings.Join(rows, ",")
}

func TestBuild_countsFirstJoinsByLocalDate(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	l.cfg.TimeZone = zone
	l.user("a", object{"joined_at": "2026-02-03T08:00:00Z"})
	l.user("b", object{"joined_at": "2026-02-28T23:30:00Z"}) // 1 March in Berlin
	l.put("board", "main", "users", "c-old", object{"id": "c", "joined_at": "2025-11-01T00:00:00Z"}, false)
	l.put("board", "main", "users", "c", object{"id": "c", "joined_at": "2026-02-09T00:00:00Z", "updated_at": "2020-01-01T00:00:00Z"}, false)
	l.user("i", object{"joined_at": "2026-02-10T00:00:00Z", "channel": "import"})
	l.user("s", object{"joined_at": "2026-02-10T00:00:00Z", "staff": true})
	l.user("o", object{"joined_at": "2026-02-11T00:00:00+02:00", "bot": true})
	l.coverBoard()
	source := board("main")
	source.Staging["community_member"] = strings.Replace(source.Staging["community_member"], "'board:' || instance || ':member:' || j.id as member_id", "record as member_id", 1)
	l.build(l.builder(source))
	require.Equal(t, "1", l.value("community_new_members", "month", "2026-02-01"))
	require.Equal(t, "1", l.value("community_new_members", "month", "2026-03-01"))
	require.Equal(t, "1", l.value("community_new_members", "month", "2025-11-01"))
	require.Equal(t, "0", l.value("community_new_members", "month", "2025-12-01"))
}

func TestBuild_sweepsRollingWindows(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	for i, at := range []string{"a 2026-01-01", "a 2026-01-30", "b 2026-01-15", "c 2026-02-10"} {
		who, day, _ := strings.Cut(at, " ")
		l.thread(fmt.Sprint(i), who, day+"T10:00:00Z", nil)
	}
	l.coverBoard()
	daily := readSQL(t, "kpi/health/community_mau.sql")
	daily = strings.Replace(daily, `"community_mau"`, `"mau_daily"`, 1)
	daily = strings.Replace(daily, `["week", "month", "quarter"]`, `["day"]`, 1)
	daily = strings.Replace(daily, `{ week = "r30", month = "cal", quarter = "mean:month" }`, `{ day = "r30" }`, 1)
	l.build(l.builderOver(overlay(t, map[string]string{"kpi/health/mau_daily.sql": daily}), board("main")))

	require.Equal(t, "2", l.value("community_mau", "month", "2026-01-01"))
	for day, want := range map[string]string{"2026-01-30": "2", "2026-01-31": "2", "2026-02-13": "3", "2026-02-14": "2", "2026-03-11": "1", "2026-03-12": "0"} {
		require.Equal(t, want, l.value("mau_daily", "day", day), day)
	}
	require.Equal(t, "1", l.value("community_mau", "quarter", "2026-01-01"), "mean of 2, 1 and 0")
	require.Equal(t, "2", l.value("community_mau", "week", "2026-02-09"), "people of the 30 days up to Sunday 15 February")
}

// ask stores questions of as many people in one statement; the first of them
// stay unanswered.
func (l *lake) ask(instance, day string, questions, unanswered int) {
	l.createRaw("board", "threads")
	l.createRaw("board", "replies")
	l.exec(`insert into lake.raw.board__threads select ?, ? || 'q' || i, json_object('id', ? || 'q' || i, 'author', 'asker' || i, 'created_at', ? || 'T10:00:00Z'),
    false, 1, null, ?, 1, 0, 0, 0 from range(?) as r(i)`, instance, day, day, day, l.now, questions)
	l.exec(`insert into lake.raw.board__replies select ?, ? || 'a' || i, json_object('id', ? || 'a' || i, 'thread', ? || 'q' || i, 'author', 'helper', 'created_at', ? || 'T12:00:00Z'),
    false, 1, null, ?, 1, 0, 0, 0 from range(?, ?) as r(i)`, instance, day, day, day, day, l.now, unanswered, questions)
}

func TestBuild_givesPublishedWilsonIntervals(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.ask("main", "2026-02-03", 263, 81)
	l.ask("main", "2026-03-03", 20, 0)
	l.coverBoard()
	l.build(l.builder(board("main")))
	require.Equal(t, []string{"0.255289|0.366210|ok", "0.000000|0.161125|ok"}, l.rows(`select printf('%.6f', ci_low), printf('%.6f', ci_high), status from kpi.value
where kpi_id = 'unanswered_question_rate' and grain = 'month' and segment_type = 'all' and denominator > 0 order by period_start`))
	require.Equal(t, []string{"2|2|2|182", "2|2|2|20"}, l.rows(`select value, ci_low, ci_high, n from kpi.value
where kpi_id = 'first_response_time_median_hours' and grain = 'month' and segment_type = 'all' and denominator > 0 order by period_start`))
}

func TestBuild_suppressesSmallCellsAndTheirComplement(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	for instance, people := range map[string]int{"x": 3, "y": 9, "z": 40} {
		l.ask(instance, "2026-02-03", people, people)
		for _, stream := range []string{"users", "threads", "replies"} {
			l.createRaw("board", stream)
			l.cover("board", instance, stream)
		}
	}
	l.build(l.builder(board("x", "y", "z")))
	require.Equal(t, []string{
		"all|52|52|ok", "board:x|<nil>|<nil>|suppressed", "board:y|<nil>|<nil>|suppressed_complementary", "board:z|40|40|ok",
	}, l.rows(`select segment_value, value, n, status from kpi.value
where kpi_id = 'community_post_volume' and grain = 'month' and period_start = date '2026-02-01' and segment_type in ('all', 'community') order by 1`))
	require.Equal(t, []string{"0|0|ok"}, l.rows(`select value, n, status from kpi.value
where kpi_id = 'community_post_volume' and grain = 'month' and period_start = date '2026-03-01' and segment_value = 'board:x'`), "an empty cell hides nobody")
}
