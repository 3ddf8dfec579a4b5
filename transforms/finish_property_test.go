package transforms_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFinish_leavesNothingToWorkOut draws counts of random communities by month
// and quarter and looks, with sums of its own, for a small cell that is shown
// and for a hidden one that is what a sum leaves over.
func TestFinish_leavesNothingToWorkOut(t *testing.T) {
	months := map[string][]string{
		"2025-01-01": {"2025-01-01", "2025-02-01", "2025-03-01"}, "2025-04-01": {"2025-04-01", "2025-05-01", "2025-06-01"},
		"2025-07-01": {"2025-07-01", "2025-08-01", "2025-09-01"}, "2025-10-01": {"2025-10-01", "2025-11-01", "2025-12-01"},
	}
	draw := rand.New(rand.NewPCG(1, 2))
	b := newBench(t)
	const kpis, communities = 25, 6
	for i := range kpis {
		id := fmt.Sprintf("k%d", i)
		b.define(id, []string{`measure = "count"`, `additive = "add"`, `grains = ["month", "quarter"]`, `unit = "count"`})
		for quarter, parts := range months {
			for c := range communities {
				sum := 0
				for _, month := range parts {
					n := []int{0, 1, 3, 4, 5, 6, 9, 20, 50}[draw.IntN(9)]
					sum += n
					b.cell(id, "month", month, fmt.Sprintf("community=c%d", c), n, "null", n, n)
				}
				b.cell(id, "quarter", quarter, fmt.Sprintf("community=c%d", c), sum, "null", sum, sum)
			}
		}
	}
	b.finish()
	require.Empty(t, b.rows("select kpi_id, n from kpi.value where value between 1 and 4"))
	require.Empty(t, b.rows(`select kpi_id, grain, period_start from kpi.value group by all
having count(*) filter (where value is null) = 1 and count(*) filter (where value > 0) > 0`), "one hidden among the communities of a period")
	require.Empty(t, b.rows(`with members as (
    select kpi_id, segment_value, date_trunc('quarter', period_start) as quarter, value from kpi.value
)
select kpi_id, segment_value, quarter from members group by all
having count(*) filter (where value is null) = 1 and count(*) filter (where value > 0) > 0`), "one hidden among a quarter and its months")
	require.NotEqual(t, []string{"0"}, b.rows("select count(*) from kpi.value where status = 'suppressed_complementary'"))
	require.NotEqual(t, []string{"0"}, b.rows("select count(*) from kpi.value where value > 0"), "not everything is hidden")
}
