package transforms_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

const changes = `select kpi_id, period_start, compare_to, prev_value, abs_change, pct_change, improvement, is_significant from kpi.change
where kpi_id = ? order by period_start, compare_to`

func TestFinish_comparesWithEarlierPeriods(t *testing.T) {
	b := newBench(t)
	month := []string{`grains = ["month"]`, `measure = "count"`, `unit = "count"`}
	b.define("down", append(month, `direction = "down"`))
	b.define("either", append(month, `direction = "either"`))
	b.define("gap", month)
	for _, id := range []string{"down", "either"} {
		b.cell(id, "month", "2025-02-01", "all", 10, "null", 10, 10)
		b.cell(id, "month", "2025-03-01", "all", 0, "null", 0, 10)
		b.cell(id, "month", "2025-04-01", "all", 8, "null", 8, 10)
		b.cell(id, "month", "2026-03-01", "all", 6, "null", 6, 10)
		b.cell(id, "month", "2026-06-01", "all", 6, "null", 6, 10) // going on
	}
	b.cell("gap", "month", "2025-01-01", "community=a", 3, "null", 3, 3) // hidden, with the next
	b.cell("gap", "month", "2025-01-01", "community=b", 9, "null", 9, 9)
	b.cell("gap", "month", "2025-02-01", "community=a", 30, "null", 30, 30)
	b.cell("gap", "month", "2025-02-01", "community=b", 9, "null", 9, 9)
	b.finish()
	require.Equal(t, []string{
		"down|2025-03-01|prior_period|10|-10|-1|1|<nil>",
		"down|2025-04-01|prior_period|0|8|<nil>|<nil>|<nil>",
		"down|2026-03-01|prior_year|0|6|<nil>|<nil>|<nil>",
	}, b.rows(changes, "down"))
	require.Contains(t, b.rows(changes, "either"), "either|2025-03-01|prior_period|10|-10|-1|<nil>|<nil>")
	require.Empty(t, b.rows(changes, "gap"), "a hidden value is not compared")
}

func TestFinish_takesTheMedianOfFourAsBaseline(t *testing.T) {
	b := newBench(t)
	b.define("k", []string{`grains = ["month"]`, `measure = "count"`, `unit = "count"`})
	for i, value := range []int{1, 100, 3, 5, 8} {
		b.cell("k", "month", fmt.Sprintf("2025-%02d-01", i+1), "all", value, "null", value, 10)
	}
	b.finish()
	require.Equal(t, []string{"2025-05-01|4|4|1"}, b.rows("select period_start, prev_value, abs_change, pct_change from kpi.change where compare_to = 'baseline'"))
}

// The intervals are Wilson's of 56/70 and 48/80: Newcombe's difference is 0.2,
// 0.052431 to 0.333873. Of 60/100 and 55/100 it is -0.085919 to 0.183059.
func TestFinish_testsSharesByTheIntervalOfTheirDifference(t *testing.T) {
	b := newBench(t)
	b.define("k", []string{`grains = ["month"]`})
	b.cell("k", "month", "2025-01-01", "all", 48, 80, 0.6, 80, 0.490445, 0.700361)
	b.cell("k", "month", "2025-02-01", "all", 56, 70, 0.8, 70, 0.691779, 0.877170)
	b.cell("k", "month", "2025-04-01", "all", 55, 100, 0.55, 100, 0.452446, 0.643855)
	b.cell("k", "month", "2025-05-01", "all", 60, 100, 0.60, 100, 0.502003, 0.690599)
	b.finish()
	require.Equal(t, []string{"2025-02-01|true", "2025-05-01|false"}, b.rows("select period_start, is_significant from kpi.change"))
}

func TestFinish_testsOtherValuesByTheirUsualMoves(t *testing.T) {
	b := newBench(t)
	b.define("k", []string{`grains = ["month"]`, `measure = "count"`, `unit = "count"`})
	// Twelve changes of 1, -1, 2, -2, …: their median is 0, their deviation 1.5.
	values := []int{100, 101, 100, 102, 100, 101, 100, 102, 100, 101, 100, 102, 100, 103, 100, 110}
	start := [2]int{2024, 1}
	for i, value := range values {
		m := start[1] + i - 1
		b.cell("k", "month", fmt.Sprintf("%d-%02d-01", start[0]+m/12, m%12+1), "all", value, "null", value, 10)
	}
	b.finish()
	rows := b.rows("select abs_change, is_significant from kpi.change where compare_to = 'prior_period' order by period_start")
	require.Equal(t, "-2|<nil>", rows[11], "eleven changes before it")
	require.Equal(t, "3|false", rows[12], "exactly twice the deviation")
	require.Equal(t, "-3|false", rows[13])
	require.Equal(t, "10|true", rows[14])
	require.Len(t, rows, 15)
}

func TestFinish_comparesOneDefinitionOnly(t *testing.T) {
	b := newBench(t)
	b.define("nps", []string{`grains = ["month"]`, `measure = "nps"`, `unit = "points"`, "min_n = 10"})
	b.cell("nps", "month", "2025-01-01", "all", 2, 100, 2, 100, -12, 16) // half widths 14
	b.cell("nps", "month", "2025-02-01", "all", 24, 100, 24, 100, 10, 38)
	b.cell("nps", "month", "2025-03-01", "all", 5, 100, 5, 100, -9, 19)
	b.cell("nps", "month", "2025-04-01", "all", 5, 9, 5, 9, -9, 19) // thin
	b.finish()
	require.Equal(t, []string{"2025-02-01|true", "2025-03-01|false"}, b.rows("select period_start, is_significant from kpi.change"),
		"22 is more than 19.8, the root of both half widths squared; 19 is not")
}
