package transforms_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
)

func TestBuild_givesTheValuesOfFixtureT(t *testing.T) {
	l := newLake(t)
	l.fixtureT()
	build, err := l.builder(board("main")).Build(t.Context(), transforms.BuildRequest{})
	require.NoError(t, err)
	require.Equal(t, transforms.StatusPassed, build.Status)

	require.Equal(t, []string{
		"community_mau|<nil>|<nil>|6|6|<nil>|<nil>|ok",
		"community_post_volume|11|<nil>|11|6|<nil>|<nil>|ok",
		"first_response_time_median_hours|<nil>|3|2|3|<nil>|<nil>|low_n",
		"unanswered_question_rate|1|4|0.25|4|0.045587|0.699358|low_n",
	}, l.rows(`select kpi_id, case when kpi_id <> 'community_mau' then numerator end, denominator, value, n, round(ci_low, 6), round(ci_high, 6), status from kpi.value
where grain = 'month' and period_start = date '2026-02-01' and segment_type = 'all' and kpi_id <> 'community_new_members' order by 1`))
}
