package transforms_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// seen makes a visit on a day, stored when the lake's other rows are.
func seen(l *lake, community, who, day string) {
	l.row("community_event", fmt.Sprintf("event_id=%[1]s:v:%[2]s-%[3]s community_id=%[1]s identity_id=%[1]s:%[2]s event_type=visit occurred_at=%[3]sT00:00:00Z", community, who, day))
}

func TestModels_knowSinceWhenVisitsAreWitnessed(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	for i := range 20 { // when everybody was last seen, as a forum's user list says it
		seen(l, "c:m", fmt.Sprint("u", i), fmt.Sprintf("2026-0%d-1%d", 1+i%5, i%10))
	}
	l.canonBuild()
	require.Equal(t, []string{"visits|2026-06-01"}, l.rows("select capability, since_on from core.capability"), "asked on 1 June for the first time")
	for i := range 20 { // a log
		seen(l, "c:m", fmt.Sprint("u", i), "2026-02-28")
	}
	l.canonBuild()
	require.Equal(t, []string{"visits|2026-01-10"}, l.rows("select capability, since_on from core.capability"))
}

// A forum that is asked in June knows of the months before only when each was
// last there: one of them, or who wrote, and not who only read. July is not held
// against May, nor is June, into which the day falls.
func TestBuild_comparesNoPeriodBeforeVisitsWereWitnessedWithALaterOne(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.now = time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)
	l.row("thread", "thread_id=c:m:t community_id=c:m author_identity_id=c:m:u1 created_at=2026-02-03T10:00:00Z")
	for i := range 20 {
		seen(l, "c:m", fmt.Sprint("u", i), fmt.Sprintf("2026-0%d-1%d", 1+i%5, i%10))
	}
	l.now = l.now.AddDate(0, 4, 0)
	for _, month := range []string{"06", "07", "08", "09"} {
		for i := range 8 {
			seen(l, "c:m", fmt.Sprint("u", i), "2026-"+month+"-20")
		}
	}
	l.canonBuild()
	require.Equal(t, []string{"visits|2026-06-10"}, l.rows("select capability, since_on from core.capability"))
	compared := "select strftime(period_start, '%m') from kpi.change where kpi_id = ? and grain = 'month' and segment_type = 'all' and compare_to = 'prior_period' order by 1"
	require.Equal(t, []string{"02", "03", "04", "05", "08", "09", "10"}, l.rows(compared, "community_mau"))
	require.Equal(t, []string{"02", "03", "04", "05", "06", "07", "08", "09", "10"}, l.rows(compared, "community_post_volume"))
	require.Equal(t, []string{"0"}, l.rows("select count(*) from kpi.change where kpi_id = 'community_mau' and grain = 'month' and compare_to = 'baseline' and period_start > date '2026-06-01'"))
}
