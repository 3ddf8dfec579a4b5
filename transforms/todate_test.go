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
