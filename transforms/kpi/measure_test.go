package kpi_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompute_distinctCountsPeopleAccountsAndEntities(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-02-28")
	m.people("a 2026-01", "b 2026-02")
	m.exec("insert into core.person_identity values ('a2', 'P-a')")
	m.exec(`create table marts.mart.ticket as select * from (values
    (date '2026-01-05', 'a', 'acme', 't1', true, 'web'), (date '2026-01-06', 'a2', 'acme', 't1', true, 'mail'),
    (date '2026-01-07', 'b', 'acme', 't2', true, 'web'), (date '2026-01-08', 'b', 'bolt', 't2', false, 'web'),
    (date '2026-01-09', null, null, 't3', true, null)
) as v (happened_on, identity_id, account_id, entity_id, numerator, ticket_channel)`)
	atoms := "select t.happened_on, t.identity_id, t.account_id, t.entity_id, t.numerator, t.ticket_channel from mart.ticket as t"
	m.compute(
		file("people", `measure = "distinct"`, atoms),
		file("accounts", `measure = "distinct"
of = "account"`, atoms),
		file("tickets", `measure = "distinct"
of = "entity"
segments = ["support", "join_month"]`, atoms),
		file("customers", `measure = "distinct"
of = "account"`, "select t.happened_on, t.account_id, t.numerator from mart.ticket as t"),
	)
	require.Equal(t, "2|-|2|2", m.cell("people", "month", "2026-01-01"))
	require.Equal(t, "1|-|1|2", m.cell("accounts", "month", "2026-01-01"), "n counts people")
	require.Equal(t, "1|-|1|1", m.cell("customers", "month", "2026-01-01"), "n counts accounts where nobody is named")
	require.Equal(t, []string{
		"01-01|all|3|-|3|2",
		"01-01|join_month=2026-01|1|-|1|1",
		"01-01|join_month=2026-02|1|-|1|1",
		"01-01|join_month=unknown|1|-|1|0",
		"01-01|ticket_channel=mail|1|-|1|1",
		"01-01|ticket_channel=unknown|1|-|1|0",
		"01-01|ticket_channel=web|2|-|2|2",
	}, m.cells("tickets", "month")[:7])
}

func TestCompute_ratiosAndTheirIntervals(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-02-28")
	m.exec(`create table marts.mart.item as
select date '2026-01-05' as happened_on, 'x' || i.range as account_id, i.range < 81 as numerator, true as denominator, 'a' as shelf from range(263) as i
union all
select date '2026-02-05', 'x' || i.range, false, true, 'b' from range(20) as i`)
	atoms := "select i.happened_on, i.account_id, i.numerator, i.denominator, i.shelf from mart.item as i"
	m.compute(
		file("rate", `measure = "ratio"
segments = ["shelf"]`, atoms),
		file("share_of_accounts", `measure = "distinct_ratio"
of = "account"`, atoms),
		file("net", `measure = "ratio"`, "select i.happened_on, i.account_id, case when i.numerator then 1 else -1 end as numerator, 1 as denominator from mart.item as i"),
		file("odds", `measure = "distinct_ratio"
of = "account"`, "select i.happened_on, i.account_id, i.numerator, not i.numerator as denominator from mart.item as i"),
	)
	interval := func(id string) []string {
		return m.rows("select printf('%.6f', ci_low), printf('%.6f', ci_high) from temp.cell where kpi_id = ? and segment_type = 'all' order by period_start", id)
	}
	require.Equal(t, "81|263|0.307985|263", m.cell("rate", "month", "2026-01-01"))
	require.Equal(t, []string{"0.255289|0.366210", "0.000000|0.161125"}, interval("rate"))
	require.Equal(t, []string{"0.255289|0.366210", "0.000000|0.161125"}, interval("share_of_accounts"))
	require.Equal(t, "-101|263|-0.38403|263", m.cell("net", "month", "2026-01-01"))
	require.Equal(t, []string{"<nil>|<nil>", "<nil>|<nil>"}, m.rows("select coalesce(ci_low::varchar, '<nil>'), coalesce(ci_high::varchar, '<nil>') from temp.cell where kpi_id = 'net' and segment_type = 'all'"))
	require.Equal(t, "81|182|0.445055|182", m.cell("odds", "month", "2026-01-01"))
	require.Equal(t, []string{"true"}, m.rows("select ci_low is null from temp.cell where kpi_id = 'odds' and period_start = date '2026-01-01'"), "those who stand only above are no part of those below")
	require.Equal(t, []string{
		"01-01|all|81|263|0.307985|263", "01-01|shelf=a|81|263|0.307985|263",
		"02-01|all|0|20|0|20", "02-01|shelf=a|0|0|-|0", "02-01|shelf=b|0|20|0|20",
	}, m.cells("rate", "month"), "a segment is filled from its first row on, with nothing to divide by")
}

func TestCompute_sumsMeansAndPerDistinct(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-01-31")
	m.people("a", "b", "c")
	m.exec(`create table marts.mart.cost as select * from (values
    (date '2026-01-05', 'a', 10.5, true), (date '2026-01-06', 'a', 4.5, true), (date '2026-01-07', 'b', 100.0, false), (date '2026-01-08', 'c', null, true)
) as v (happened_on, identity_id, amount, denominator)`)
	atoms := "select c.happened_on, c.identity_id, cast(c.amount as double) as amount, c.denominator from mart.cost as c"
	m.compute(
		file("total", `measure = "sum"`, atoms), file("mean", `measure = "mean"`, atoms),
		file("money", `measure = "sum"`, "select c.happened_on, cast(c.amount as decimal(18, 4)) as amount, c.denominator from mart.cost as c"),
		file("per_person", `measure = "sum_per_distinct"`, "select c.happened_on, c.identity_id, 2 as numerator, c.denominator from mart.cost as c"),
	)
	require.Equal(t, "15|-|15|2", m.cell("total", "month", "2026-01-01"))
	require.Equal(t, "15|2|7.5|1", m.cell("mean", "month", "2026-01-01"), "an unknown amount is no 0")
	require.Equal(t, "15|-|15|-", m.cell("money", "month", "2026-01-01"), "nobody is named")
	require.Equal(t, "8|2|4|2", m.cell("per_person", "month", "2026-01-01"))
}

func TestCompute_estimatesCarryLowAndHigh(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-01-31")
	m.exec("create table marts.mart.estimate as select date '2026-01-05' as happened_on, 5000 as views, 4000 as tickets")
	m.compute(
		file("deflection", `measure = "ratio"`, `select e.happened_on, e.views * 0.2e0 as numerator, e.views * 0.2e0 + e.tickets as denominator,
    e.views * 0.05e0 as low, e.views * 0.05e0 + e.tickets as low_denominator, e.views * 0.3e0 as high, e.views * 0.3e0 + e.tickets as high_denominator
from mart.estimate as e`),
		file("deflected", `measure = "sum"`, `select e.happened_on, e.views * 0.2e0 as amount, e.views * 0.05e0 as low, e.views * 0.3e0 as high from mart.estimate as e`),
	)
	require.Equal(t, []string{"deflected|1000|250|1500", "deflection|0.2|0.058824|0.272727"},
		m.rows("select kpi_id, value, round(low, 6), round(high, 6) from temp.cell order by 1"))
}

func TestCompute_mediansTakeInfinityAsNotYet(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-03-31")
	m.people("a 2026-01", "b")
	m.exec(`create table marts.mart.wait as select * from (values
    (date '2026-01-05', 'a', 1e0), (date '2026-01-06', 'a', 2e0), (date '2026-01-07', 'b', 48e0), (date '2026-01-08', 'b', cast('infinity' as double)),
    (date '2026-02-05', 'a', 1e0), (date '2026-02-06', 'b', cast('infinity' as double)), (date '2026-02-07', 'b', cast('infinity' as double)),
    (date '2026-02-08', 'b', null)
) as v (happened_on, identity_id, amount)
union all
select date '2026-03-05', 'a', cast(i.range as double) from range(1, 101) as i`)
	m.compute(file("wait", `measure = "median"
segments = ["join_month"]
grains = ["month", "quarter"]
windows = { quarter = "r60" }`, "select w.happened_on, w.identity_id, w.amount from mart.wait as w"))
	require.Equal(t, []string{
		"01-01|all|-|4|25|2", "01-01|join_month=2026-01|-|2|1.5|1", "01-01|join_month=unknown|-|2|-|1",
		"02-01|all|-|3|-|2", "02-01|join_month=2026-01|-|1|1|1", "02-01|join_month=unknown|-|2|-|1",
		"03-01|all|-|100|50.5|1", "03-01|join_month=2026-01|-|100|50.5|1", "03-01|join_month=unknown|-|0|-|0",
	}, m.cells("wait", "month"))
	require.Equal(t, []string{"40|61"}, m.rows("select ci_low, ci_high from temp.cell where grain = 'month' and period_start = date '2026-03-01' and segment_type = 'all'"))
	require.Equal(t, "-|103|51|2", m.cell("wait", "quarter", "2026-01-01"), "60 days up to 31 March: from 31 January on")
}

func TestCompute_netScoreTakesTheLatestAnswerOnce(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-03-31")
	m.exec(`create table marts.mart.answer as
select date '2026-01-05' as happened_on, 'i' || i.range as identity_id, 'r' || i.range as entity_id, case when i.range < 50 then 9 when i.range < 80 then 7 else 6 end as amount
from range(100) as i
union all
select date '2026-02-01' + cast(v.day as integer), v.who, v.entity_id, v.amount
from (values (1, 'i1', 'z1', 0), (9, 'i1', 'z2', 10), (9, 'i2', 'y1', 10), (9, 'i2', 'y2', 3)) as v (day, who, entity_id, amount)`)
	m.exec("insert into core.person_identity select 'i' || i.range, 'P-i' || i.range from range(100) as i")
	m.compute(file("nps", `measure = "nps"
once = "person"
grains = ["month", "quarter"]`, "select a.happened_on, a.identity_id, a.entity_id, a.amount from mart.answer as a"))
	require.Equal(t, "30|100|30|100", m.cell("nps", "month", "2026-01-01"))
	require.Equal(t, []string{"14.69|45.31"}, m.rows("select round(ci_low, 2), round(ci_high, 2) from temp.cell where grain = 'month' and period_start = date '2026-01-01'"))
	require.Equal(t, "0|2|0|2", m.cell("nps", "month", "2026-02-01"), "i1: 10 after 0; i2: y2 after y1 on one day")
	require.Equal(t, "28|100|28|100", m.cell("nps", "quarter", "2026-01-01"), "i2 is a detractor now")
	m.exec("update mart.answer set amount = 11 where entity_id = 'z1'")
	err := m.try(file("nps", `measure = "nps"`, "select a.happened_on, a.identity_id, a.amount from mart.answer as a"))
	require.ErrorContains(t, err, "kpi/health/file1.sql: column amount: 1 atoms are outside 0 to 10")
}

func TestCompute_customRowsPassThrough(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-06-30")
	arms := func(values string) string {
		return "select 'quarter' as grain, date '2026-01-01' as period_start, 'all' as segment_type, 'all' as segment_value, " + values
	}
	quarterly := "measure = \"custom\"\ngrains = [\"quarter\"]"
	m.compute(
		file("published", quarterly, arms("safe_div(56, 70) as treated_share, 70 as treated_size, safe_div(48, 80) as control_share, 80 as control_size")),
		file("matched", quarterly, arms("0.92e0 as treated_share, 100 as treated_size, 0.84e0 as control_share, 125e0 as control_size, 210 as n")),
		file("finished", quarterly, arms("-0.18e0 as value, -0.36e0 as ci_low, 0e0 as ci_high")),
	)
	require.Equal(t, []string{
		"finished|-0.180000|-0.360000|0.000000|<nil>", "matched|0.080000|-0.008376|0.163822|210", "published|0.200000|0.052431|0.333873|<nil>",
	}, m.rows("select kpi_id, printf('%.6f', value), printf('%.6f', ci_low), printf('%.6f', ci_high), coalesce(n::varchar, '<nil>') from temp.cell order by 1"))
}
