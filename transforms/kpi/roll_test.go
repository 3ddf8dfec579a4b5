package kpi_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompute_refusesARollingWindowOverSpansAlone(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-03-15")
	m.spans()
	err := m.try(file("members", `measure = "distinct"
windows = { month = "r30" }`, "select s.from_on, s.until_on, s.person_id from mart.span as s"))
	require.ErrorContains(t, err, "kpi/health/file1.sql: window r30 of grain month: a span is read on one day")
}

func TestCompute_spansStandBesideTheEventsOfARollingWindow(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-03-15")
	m.spans()
	m.exec("create table marts.mart.visit as select date '2026-01-20' as happened_on, 'P-a' as person_id, true as numerator, 0 as denominator union all select date '2026-02-08', 'P-b', true, 0")
	m.compute(file("share", `measure = "distinct"
windows = { month = "r30" }`, `select v.happened_on, cast(null as date) as from_on, cast(null as date) as until_on, v.person_id from mart.visit as v
union all select cast(null as date) as happened_on, s.from_on, s.until_on, s.person_id from mart.span as s`))
	require.Equal(t, []string{"01-01|all|3|-|3|3", "02-01|all|3|-|3|3", "03-01|all|2|-|2|2"}, m.cells("share", "month"),
		"b left on the tenth of February and is still in the window")
}

func TestCompute_periodsThatHaveNotBegunHaveNoCells(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-03-15")
	m.people("a")
	m.exec("create table marts.mart.plan as select unnest([date '2026-03-20', date '2026-04-02']) as happened_on, 'a' as identity_id")
	m.compute(
		file("plans", `measure = "count"`, "select p.happened_on, p.identity_id from mart.plan as p"),
		file("finished", `measure = "custom"`, "select 'month' as grain, r.period_start, 'all' as segment_type, 'all' as segment_value, 1 as value from ref.period as r where r.grain = 'month'"),
	)
	require.Equal(t, []string{"01-01|all|0|-|0|0", "02-01|all|0|-|0|0", "03-01|all|1|-|1|1"}, m.cells("plans", "month"))
	require.Equal(t, []string{"2026-03-01"}, m.rows("select max(period_start)::varchar from temp.cell where kpi_id = 'finished'"))
}

func TestCompute_derivedKPIsHaveARowWhereNothingIsToDivide(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-05-15")
	m.people("a")
	m.exec("create table marts.mart.act as select unnest([date '2026-01-05', date '2026-04-05']) as happened_on, 'a' as identity_id")
	rows := func(from string) string {
		return "select c.grain, c.period_start, c.segment_type, c.segment_value, c.value as numerator, c.value as denominator, c.n from " + from + " as c where c.kpi_id = 'acts' and c.value > 0"
	}
	m.compute(
		file("acts", `measure = "distinct"`, "select a.happened_on, a.identity_id from mart.act as a"),
		file("derived", `measure = "derived"`, rows("kpi.cell")), file("finished", `measure = "custom"
depends = ["acts"]`, rows("kpi.cell")),
	)
	want := []string{"01-01|all|1|1|1|1", "02-01|all|0|0|-|0", "03-01|all|0|0|-|0", "04-01|all|1|1|1|1", "05-01|all|0|0|-|0"}
	require.Equal(t, want, m.cells("derived", "month"))
	require.Equal(t, want[:4], m.cells("finished", "month"), "rows that a custom select ends with are its own")
}
