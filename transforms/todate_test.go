package transforms_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// On Monday 15 June the first fourteen days of June are covered. May has more
// after its fourteenth day than before.
func TestBuild_comparesTheRunningPeriodWithAsManyDays(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.now = time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	days := []string{
		"2026-05-01", "2026-05-14", "2026-05-15", "2026-05-31", // two by the fourteenth
		"2026-06-02", "2026-06-03", "2026-06-14", "2026-06-15", // three, and one today
		"2025-06-14", "2025-06-15", // one a year ago
	}
	for i, day := range days {
		l.thread(fmt.Sprint(i), "a", day+"T10:00:00Z", nil)
	}
	l.coverBoard()
	l.build(l.builder(board("main")))
	require.Equal(t, []string{"prior_period|3|2|1|0.5|true", "prior_year|3|1|2|2|true"}, l.rows(`select compare_to, value, prev_value, abs_change, pct_change, is_like_for_like from kpi.change
where kpi_id = 'community_post_volume' and grain = 'month' and period_start = date '2026-06-01' and segment_type = 'all' order by 1`))
	require.Equal(t, []string{"4"}, l.rows(`select value from kpi.value where kpi_id = 'community_post_volume' and grain = 'month' and period_start = date '2026-06-01' and segment_type = 'all'`))
	require.Equal(t, []string{"day|week|month|quarter"}, l.rows(`select string_agg(distinct grain, '|' order by case grain when 'day' then 1 when 'week' then 2 when 'month' then 3 when 'quarter' then 4 else 5 end) from kpi.value where kpi_id = 'community_post_volume'`))
}

// toDate are the like-for-like changes of a KPI's month of June against May.
func (l *lake) toDate(id string) []string {
	l.t.Helper()
	return l.rows(`select segment_type, segment_value, round(value, 6), round(prev_value, 6) from kpi.change
where kpi_id = ? and grain = 'month' and period_start = date '2026-06-01' and compare_to = 'prior_period' and is_like_for_like order by all`, id)
}

// On 22 June the first 21 days are covered; of questions, which mature in seven
// days, the first 14. Nobody writes in community y in June. In z two people more
// wrote in May's last days than in its first: those are not told, nor are those
// of y, from which they could be worked out.
func TestBuild_comparesSlicesAndSharesToDate(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.now = time.Date(2026, 6, 22, 12, 0, 0, 0, time.UTC)
	l.ask("x", "2026-05-10", 22, 11)
	l.ask("x", "2026-05-30", 30, 0)
	l.ask("x", "2026-06-09", 20, 5)
	l.ask("x", "2026-06-18", 6, 6) // too young for a share of unanswered ones
	l.ask("w", "2026-05-03", 30, 30)
	l.ask("y", "2026-05-03", 6, 6)
	l.ask("z", "2026-05-10", 10, 0)
	l.ask("z", "2026-05-30", 12, 0)
	l.ask("z", "2026-06-05", 10, 0)
	for _, instance := range []string{"w", "x", "y", "z"} {
		for _, stream := range []string{"users", "threads", "replies"} {
			l.createRaw("board", stream)
			l.cover("board", instance, stream)
		}
	}
	l.build(l.builder(board("w", "x", "y", "z")))
	require.Equal(t, []string{"all|all|61|89", "community|board:w|0|30", "community|board:x|41|33", "join_channel|unknown|61|89", "join_month|unknown|61|89"}, l.toDate("community_post_volume"))
	require.Equal(t, []string{"all|all|0.166667|0.691176", "community|board:x|0.25|0.5", "join_channel|unknown|0.166667|0.691176", "join_month|unknown|0.166667|0.691176"}, l.toDate("unanswered_question_rate"))
	require.Equal(t, []string{"all|all|2|2", "join_channel|unknown|2|2", "join_month|unknown|2|2"}, l.toDate("first_response_time_median_hours"), "z was answered too: x would give it away")
	require.Empty(t, l.rows("select * from kpi.change where segment_type = 'engagement_level' and is_like_for_like"), "the level is that of a whole period")
	require.Equal(t, []string{"0"}, l.rows("select count(*) from kpi.value where grain like '%to_date'"))
}
