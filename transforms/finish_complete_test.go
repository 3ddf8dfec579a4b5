package transforms_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestFinish_isWholeOnceItsWindowAndMaturityAreCovered(t *testing.T) {
	b := newBench(t) // today is 2026-06-01
	week := []string{`grains = ["week"]`, `restate = "35d"`}
	b.define("cal", week, "2026-01-07..2026-03-09", "2026-03-16..2026-05-25")
	b.define("mature", append(week, `maturity = "7d"`), "2026-01-01..2026-05-25")
	b.define("roll", []string{`grains = ["week"]`, `measure = "distinct"`, `windows = { week = "r30" }`}, "2026-01-01..2026-05-25")
	b.define("year", []string{`grains = ["month"]`, `measure = "distinct"`, `windows = { month = "r12m" }`}, "2024-03-01..2026-06-01")
	for _, start := range []string{"2026-01-05", "2026-01-12", "2026-03-02", "2026-03-09", "2026-03-16", "2026-04-20", "2026-05-11", "2026-05-18"} {
		for _, id := range []string{"cal", "mature", "roll"} {
			b.cell(id, "week", start, "all", 1, 2, 0.5, 10)
		}
	}
	b.cell("year", "month", "2025-01-01", "all", 1, "null", 1, 10)
	b.cell("year", "month", "2025-02-01", "all", 1, "null", 1, 10)
	b.finish()
	state := func(id string) []string {
		return b.rows("select period_start from kpi.value where not is_partial and kpi_id = ? order by 1", id)
	}
	require.Equal(t, []string{"2026-01-12", "2026-03-02", "2026-03-16", "2026-04-20", "2026-05-11", "2026-05-18"}, state("cal"), "a hole and both ends are partial")
	require.Equal(t, []string{"2026-01-05", "2026-01-12", "2026-03-02", "2026-03-09", "2026-03-16", "2026-04-20", "2026-05-11"}, state("mature"), "the week up to 25 May matures on 1 June, which is not covered")
	require.Equal(t, []string{"2026-03-02", "2026-03-09", "2026-03-16", "2026-04-20", "2026-05-11", "2026-05-18"}, state("roll"), "thirty days before 19 January begin in December")
	require.Equal(t, []string{"2025-02-01"}, state("year"), "twelve months before March begin on 1 March")
	require.Equal(t, []string{"2026-04-20|true|2026-06-01"}, b.rows("select period_start, is_final, final_on from kpi.value where kpi_id = 'cal' and period_start = date '2026-04-20'"), "27 April and 35 days are today")
	require.Equal(t, []string{"false|2026-06-08"}, b.rows("select is_final, final_on from kpi.value where kpi_id = 'mature' and period_start = date '2026-04-20'"))
	require.Equal(t, []string{"false"}, b.rows("select is_final from kpi.value where kpi_id = 'cal' and period_start = date '2026-03-09'"), "past its horizon, but not covered")
}

func TestFinish_givesEachValueOfASplitItsMaturity(t *testing.T) {
	b := newBench(t)
	b.define("k", []string{`grains = ["month"]`, `maturity = "14d"`, `split = "window_days"`, `split_default = "p"`, `parameters = ["p"]`,
		`split_maturity = { "7" = "7d", "30" = "30d" }`}, "2026-01-01..2026-05-15")
	for _, segment := range []string{"all", "window_days=7", "window_days=30"} {
		b.cell("k", "month", "2026-04-01", segment, 1, 2, 0.5, 10)
	}
	b.finish()
	require.Equal(t, []string{"30|true|2026-07-05", "7|false|2026-06-12", "all|false|2026-06-19"},
		b.rows("select segment_value, is_partial, final_on from kpi.value order by segment_value"))
}

func TestFinish_saysWhyAValueIsThinOrMissing(t *testing.T) {
	b := newBench(t)
	b.define("share", []string{"min_n = 20"})
	b.define("median", []string{`measure = "median"`, `unit = "hours"`, "min_n = 10"})
	b.define("money", []string{`measure = "sum"`, `unit = "money"`})
	b.define("derived", []string{`measure = "derived"`, `depends = ["share"]`, "min_n = 20"})
	b.cell("share", "week", "2026-01-05", "all", 9, 19, 0.47, 30)
	b.cell("share", "week", "2026-01-12", "all", 9, 20, 0.45, 3)
	b.cell("share", "week", "2026-01-19", "all", 0, 0, "null", 0)
	b.cell("share", "week", "2026-01-26", "all", 0, 30, 0, 30)
	b.cell("median", "week", "2026-01-05", "all", "null", 40, 2, 9)
	b.cell("median", "week", "2026-01-12", "all", "null", 4, 2, 10)
	b.cell("median", "week", "2026-01-19", "all", "null", 40, "null", 40)
	b.cell("money", "week", "2026-01-05", "all", "null", "null", "null", 9)
	b.cell("money", "week", "2026-01-12", "all", 0, "null", 0, 0)
	b.cell("derived", "week", "2026-01-05", "all", 3, 4, 0.75, "null")
	b.cell("derived", "week", "2026-01-12", "all", "null", "null", 0.75, "null")
	b.finish()
	require.Equal(t, []string{
		"derived|0.75|low_n", "derived|0.75|ok",
		"median|2|low_n", "median|2|ok", "median|<nil>|ok",
		"money|<nil>|missing_rate", "money|0|ok",
		"share|0.47|low_n", "share|0.45|ok", "share|<nil>|zero_denominator", "share|0|ok",
	}, b.rows("select kpi_id, value, status from kpi.value order by kpi_id, period_start"))
}
