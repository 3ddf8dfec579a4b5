package kpi_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// spans are memberships: a twice with an overlap, b left in February, c since
// the last of January, d suspended before the first month ended.
func (m *marts) spans() {
	m.t.Helper()
	m.people("a 2026-01 search", "b 2026-01", "c 2026-01", "d")
	m.level("a", "month", "2026-01-01", "engaged", "none")
	m.level("b", "month", "2026-01-01", "lurker", "none")
	m.level("b", "month", "2026-03-01", "lurker", "none")
	m.exec(`create table marts.mart.span as select * from (values
    ('P-a', 'x', date '2026-01-02', date '2026-02-20', 10.25), ('P-a', 'y', date '2026-01-20', null, 5.5), ('P-b', 'x', date '2026-01-05', date '2026-02-10', 1.0),
    ('P-c', 'x', date '2026-01-31', null, 2.0), ('P-d', 'x', date '2026-01-03', date '2026-01-31', 4.0)
) as v (person_id, community_id, from_on, until_on, amount)`)
}

func TestCompute_stocksAreOpenAtThePeriodsEnd(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-03-15")
	m.spans()
	atoms := "select s.from_on, s.until_on, s.person_id, s.community_id, s.amount from mart.span as s"
	m.compute(
		file("members", `measure = "distinct"
segments = ["community_people"]`, atoms),
		file("at_start", `measure = "distinct"
sampled = "start"`, atoms),
		file("revenue", `measure = "sum"
segments = ["community"]`, atoms),
		file("open", `measure = "count"`, atoms),
		file("middle", `measure = "median"`, "select s.from_on, s.until_on, s.person_id, cast(s.amount as double) as amount from mart.span as s"),
	)
	require.Equal(t, []string{
		"01-01|all|3|-|3|3", "01-01|community=x|3|-|3|3", "01-01|community=y|1|-|1|1",
		"01-01|engagement_level=engaged|1|-|1|1", "01-01|engagement_level=lurker|1|-|1|1", "01-01|engagement_level=none|1|-|1|1",
		"01-01|join_channel=search|1|-|1|1", "01-01|join_channel=unknown|2|-|2|2", "01-01|join_month=2026-01|3|-|3|3",
		"02-01|all|2|-|2|2", "02-01|community=x|1|-|1|1", "02-01|community=y|1|-|1|1",
		"02-01|engagement_level=engaged|0|-|0|0", "02-01|engagement_level=lurker|0|-|0|0", "02-01|engagement_level=none|2|-|2|2",
		"02-01|join_channel=search|1|-|1|1", "02-01|join_channel=unknown|1|-|1|1", "02-01|join_month=2026-01|2|-|2|2",
	}, m.cells("members", "month")[:18])
	require.Equal(t, []string{"01-01|all|0|-|0|0", "02-01|all|3|-|3|3", "03-01|all|2|-|2|2"}, m.cells("at_start", "month"))
	require.Equal(t, []string{
		"01-01|all|18.75|-|18.75|3", "01-01|community=x|13.25|-|13.25|3", "01-01|community=y|5.5|-|5.5|1",
		"02-01|all|7.5|-|7.5|2", "02-01|community=x|2|-|2|1", "02-01|community=y|5.5|-|5.5|1",
		"03-01|all|7.5|-|7.5|2", "03-01|community=x|2|-|2|1", "03-01|community=y|5.5|-|5.5|1",
	}, m.cells("revenue", "month"))
	require.Equal(t, "4|-|4|3", m.cell("open", "month", "2026-01-01"), "spans are counted, people once")
	require.Equal(t, "-|4|3.75|3", m.cell("middle", "month", "2026-01-01"))
	m.exec("insert into mart.span values ('P-a', 'x', date '2026-02-02', date '2026-01-02', 1)")
	require.ErrorContains(t, m.try(file("members", `measure = "distinct"`, atoms)), "kpi/health/file1.sql: column until_on: 1 spans end before they begin")
}

func TestCompute_eventsOverStocks(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-03-15")
	m.spans()
	m.exec("create table marts.mart.act as select * from (values (date '2026-01-05', 'P-a'), (date '2026-01-06', 'P-a'), (date '2026-01-07', 'P-d')) as v (happened_on, person_id)")
	union := func(spans string) string {
		return `select cast(null as date) as from_on, cast(null as date) as until_on, a.happened_on, a.person_id, true as numerator, ` + spans + ` as denominator from mart.act as a
union all
select s.from_on, s.until_on, cast(null as date) as happened_on, s.person_id, false as numerator, true as denominator from mart.span as s`
	}
	m.compute(
		file("engaged", `measure = "distinct_ratio"
segments = ["engagement_level"]`, union("false")),
		file("either", `measure = "distinct_ratio"`, union("true")),
	)
	require.Equal(t, []string{
		"01-01|all|2|3|0.666667|3", "01-01|engagement_level=engaged|1|1|1|1", "01-01|engagement_level=lurker|0|1|0|1", "01-01|engagement_level=none|1|1|1|1",
	}, m.cells("engaged", "month")[:4])
	require.Equal(t, []string{"0.207660|0.938508"}, m.rows("select printf('%.6f', ci_low), printf('%.6f', ci_high) from temp.cell where kpi_id = 'engaged' and period_start = date '2026-01-01' and segment_type = 'all'"))
	require.Equal(t, "2|4|0.5|4", m.cell("either", "month", "2026-01-01"), "d was active and no member at the end, a and his spans count once")
}

func TestCompute_rollingWindowsReachBack(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-04-10")
	m.people("a 2026-01", "b 2026-01", "c 2026-02")
	m.level("c", "month", "2026-02-01", "engaged", "none")
	m.exec(`create table marts.mart.act as select * from (values
    (date '2026-01-01', 'P-a', 'x', true), (date '2026-01-30', 'P-a', 'x', false), (date '2026-01-15', 'P-b', 'x', true), (date '2026-02-10', 'P-c', 'y', true)
) as v (happened_on, person_id, community_id, numerator)`)
	m.exec("create table marts.mart.month as select 'month' as grain, m.* from (values (date '2026-01-01', 10, 4), (date '2026-02-01', 20, 5), (date '2026-04-01', 40, 6)) as m (period_start, numerator, denominator)")
	acts := "select a.happened_on, a.person_id, a.community_id, true as numerator from mart.act as a"
	windows := "\ngrains = [\"day\", \"month\"]\nwindows = { day = \"r30\", month = \"r90\" }"
	m.compute(
		file("mau", `measure = "distinct"
segments = ["community_people"]`+windows, acts),
		file("share", `measure = "ratio"`+windows, "select a.happened_on, a.person_id, a.numerator, true as denominator from mart.act as a"),
		file("cost", `measure = "ratio"
windows = { month = "r12m" }`, "select m.grain, m.period_start, m.numerator, m.denominator from mart.month as m"),
		file("recent", `measure = "distinct_ratio"
windows = { month = "r2m" }`, "select a.happened_on, a.person_id, a.numerator, true as denominator from mart.act as a"),
	)
	for day, want := range map[string]string{"2026-01-30": "2|-|2|2", "2026-01-31": "2|-|2|2", "2026-02-13": "3|-|3|3", "2026-02-14": "2|-|2|2", "2026-03-11": "1|-|1|1", "2026-03-12": "0|-|0|0"} {
		require.Equal(t, want, m.cell("mau", "day", day), day)
	}
	require.Equal(t, []string{"02-01|all|3|-|3|3", "02-01|community=x|2|-|2|2", "02-01|community=y|1|-|1|1", "02-01|engagement_level=engaged|1|-|1|1",
		"02-01|engagement_level=none|2|-|2|2", "02-01|join_channel=unknown|3|-|3|3", "02-01|join_month=2026-01|2|-|2|2", "02-01|join_month=2026-02|1|-|1|1"},
		m.rows(`select strftime(period_start, '%m-%d'), segment_type || case when segment_type = 'all' then '' else '=' || segment_value end, numerator, denominator, value, n
from temp.cell where kpi_id = 'mau' and grain = 'month' and period_start = date '2026-02-01' order by segment_type, segment_value`))
	require.Equal(t, "3|4|0.75|3", m.cell("share", "month", "2026-03-01"))
	require.Equal(t, "2|3|0.666667|3", m.cell("share", "month", "2026-04-01"), "90 days up to today, 10 April: from 11 January on")
	require.Equal(t, "70|15|4.666667|-", m.cell("cost", "month", "2026-04-01"))
	require.Equal(t, "30|9|3.333333|-", m.cell("cost", "month", "2026-03-01"))
	require.Equal(t, "3|3|1|3", m.cell("recent", "month", "2026-02-01"))
	require.Equal(t, "1|1|1|1", m.cell("recent", "month", "2026-03-01"))
}

func TestCompute_periodAtomsSayWhereTheyStand(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-06-30")
	m.people("a 2026-01", "b 2026-02", "c")
	m.exec(`insert into mart.person_period
select 'month', date '2026-01-01', v.community, 'P-' || v.who, v.active, v.contributor, v.joined, 'search', v.level, 'none'
from (values ('all', 'a', true, true, '2026-01', 'engaged'), ('x', 'a', true, true, '2026-01', 'engaged'), ('y', 'a', true, false, '2026-01', 'engaged'),
    ('all', 'b', true, false, '2026-02', 'lurker'), ('x', 'b', true, false, '2026-02', 'lurker'), ('all', 'c', false, false, 'unknown', 'none')) as v (community, who, active, contributor, joined, level)`)
	columns := "select m.grain, m.period_start, m.community_id, m.person_id, m.is_contributor as numerator, m.is_active as denominator from mart.person_period as m"
	cte := "with p as (select * from mart.person_period) select p.grain, p.period_start, p.community_id, p.person_id, p.is_contributor as numerator, p.is_active as denominator from p"
	fields := "measure = \"distinct_ratio\"\nsegments = [\"community_people\"]"
	m.compute(
		file("contributors", fields, columns),
		file("by_itself", fields, cte),
		file("lurkers", fields, "select pp.grain, pp.period_start, pp.community_id, pp.person_id, not pp.is_contributor as numerator, pp.is_active as denominator from mart.person_period as pp where pp.is_active and pp.grain = 'month'"),
		file("outcome", fields+"\noutcome = true", columns),
	)
	want := []string{
		"01-01|all|1|2|0.5|2", "01-01|community=x|1|2|0.5|2", "01-01|community=y|0|1|0|1",
		"01-01|engagement_level=engaged|1|1|1|1", "01-01|engagement_level=lurker|0|1|0|1",
		"01-01|join_channel=search|1|2|0.5|2", "01-01|join_month=2026-01|1|1|1|1", "01-01|join_month=2026-02|0|1|0|1",
	}
	require.Equal(t, want, m.cells("contributors", "month")[:8])
	require.Equal(t, "1|2|0.5|2", m.cell("by_itself", "month", "2026-01-01"))
	require.Equal(t, want[:5], m.cells("by_itself", "month")[:5], "the same through atoms as from the mart's rows")
	require.Equal(t, "1|2|0.5|2", m.cell("lurkers", "month", "2026-01-01"))
	require.Equal(t, []string{"none"}, m.rows("select distinct segment_value from temp.cell where kpi_id = 'outcome' and segment_type = 'engagement_level'"), "an outcome by the level before")
}

func TestCompute_aUnionTakesOtherGrainsFromTheMartsRows(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-02-28")
	m.people("a 2026-01 search", "b 2026-01 invite", "c 2026-01 invite")
	m.exec(`insert into mart.person_period
select v.grain, v.start, v.community, 'P-' || v.who, true, false, '2026-01', v.channel, v.level, 'none'
from (values ('month', date '2026-01-01', 'all', 'a', 'search', 'engaged'), ('month', date '2026-01-01', 'x', 'a', 'search', 'engaged'), ('month', date '2026-01-01', 'y', 'a', 'search', 'engaged'),
    ('month', date '2026-02-01', 'all', 'b', 'invite', 'lurker'), ('month', date '2026-02-01', 'all', 'c', 'invite', 'lurker'), ('month', date '2026-02-01', 'y', 'b', 'invite', 'lurker'),
    ('quarter', date '2026-01-01', 'all', 'a', 'search', 'engaged'), ('quarter', date '2026-01-01', 'all', 'b', 'invite', 'lurker')) as v (grain, start, community, who, channel, level)`)
	query := func(grain string) string {
		return `with
days as (
    select date '2026-01-10' as happened_on, 'P-a' as person_id, 'x' as community_id
    union all select date '2026-01-10', 'P-b', 'y'
),
final as (
    select ` + grain + ` as grain, d.happened_on as period_start, d.person_id, 'all' as community_id, 1 as amount from days as d
    union all
    select ` + grain + ` as grain, d.happened_on, d.person_id, d.community_id, 1 from days as d
    union all
    select p.grain, p.period_start, p.person_id, p.community_id, 3 from mart.person_period as p where p.is_active and p.grain in ('month', 'quarter')
)
select * from final`
	}
	fields := "measure = \"sum\"\ngrains = [\"day\", \"month\"]\nsegments = [\"community_people\"]"
	m.compute(file("apart", fields, query("'day'")), file("as_atoms", fields, query("lower('DAY')")))
	for _, grain := range []string{"day", "month"} {
		require.NotEmpty(t, m.cells("apart", grain))
		require.Equal(t, m.cells("as_atoms", grain), m.cells("apart", grain), "the same through atoms as from the mart's rows")
	}
	require.Equal(t, "2|-|2|2", m.cell("apart", "day", "2026-01-10"))
	require.Equal(t, "6|-|6|2", m.cell("apart", "month", "2026-02-01"), "two people who are alike")
}

func TestCompute_rowsOfAPeriodStandInTheNextByTheirOwnLevel(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-03-15")
	m.people("a 2026-01 search", "b 2026-01 invite")
	m.exec(`insert into mart.person_period
select 'month', v.start, v.community, 'P-' || v.who, true, v.again, '2026-01', v.channel, v.level, 'none'
from (values (date '2026-01-01', 'all', 'a', true, 'search', 'engaged'), (date '2026-01-01', 'x', 'a', true, 'search', 'engaged'), (date '2026-01-01', 'y', 'a', true, 'search', 'engaged'),
    (date '2026-01-01', 'all', 'b', false, 'invite', 'lurker'), (date '2026-01-01', 'y', 'b', false, 'invite', 'lurker'),
    (date '2026-03-01', 'all', 'a', false, 'search', 'meaningful'), (date '2026-03-01', 'x', 'a', false, 'search', 'meaningful')) as v (start, community, who, again, channel, level)`)
	m.exec("alter table marts.mart.person_period add column next_period_start date")
	m.exec("update mart.person_period set next_period_start = cast(period_start + interval 1 month as date)")
	columns := "select m.grain, m.next_period_start as period_start, m.community_id, m.person_id, m.engagement_level, m.is_contributor as numerator, m.is_active as denominator from "
	fields := "measure = \"distinct_ratio\"\nsegments = [\"community_people\"]\noutcome = true"
	m.compute(file("returning", fields, columns+"mart.person_period as m"),
		file("by_itself", fields, "with p as (select * from mart.person_period) "+columns+"p as m"))
	want := []string{
		"02-01|all|1|2|0.5|2", "02-01|community=x|1|1|1|1", "02-01|community=y|1|2|0.5|2",
		"02-01|engagement_level=engaged|1|1|1|1", "02-01|engagement_level=lurker|0|1|0|1",
		"02-01|join_channel=invite|0|1|0|1", "02-01|join_channel=search|1|1|1|1", "02-01|join_month=2026-01|1|2|0.5|2",
	}
	began := slices.IndexFunc(m.cells("returning", "month"), func(cell string) bool { return cell == want[0] })
	require.Equal(t, want, m.cells("returning", "month")[began:began+len(want)])
	require.Equal(t, m.cells("by_itself", "month"), m.cells("returning", "month"), "the same through atoms as from the mart's rows")
}

func TestCompute_splitsByAParameterColumn(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-01-31")
	m.people("a", "b")
	m.exec("insert into ref.param values ('activation_window_days', '14')")
	m.compute(file("activation", `measure = "ratio"
split = "window_days"
split_default = "activation_window_days"
parameters = ["activation_window_days"]
segments = ["join_channel"]`, `select date '2026-01-03' as happened_on, v.who as identity_id, w.days as window_days, v.after < w.days as numerator, true as denominator
from (values ('a', 5), ('b', 20)) as v (who, after)
cross join (values (7), (14), (30)) as w (days)`))
	require.Equal(t, []string{"01-01|all|1|2|0.5|2", "01-01|join_channel=unknown|1|2|0.5|2", "01-01|window_days=30|2|2|1|2", "01-01|window_days=7|1|2|0.5|2"},
		m.cells("activation", "month"))
}

func TestCompute_numeratorOnlySegmentsShareTheDenominator(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-02-28")
	m.exec(`create table marts.mart.ticket as select * from (values (date '2026-01-05', 'acme', 'web'), (date '2026-01-06', 'acme', 'mail'), (date '2026-01-07', 'bolt', 'web'), (date '2026-02-07', 'bolt', 'web'))
as v (happened_on, account_id, ticket_channel)`)
	m.compute(file("per_customer", `measure = "ratio"
segments = ["ticket_channel"]
numerator_only = ["ticket_channel"]`, `select t.happened_on, cast(null as varchar) as grain, cast(null as date) as period_start, t.account_id, t.ticket_channel, 1 as numerator, 0 as denominator from mart.ticket as t
union all
select cast(null as date) as happened_on, 'month' as grain, p.period_start, a.account_id, cast(null as varchar) as ticket_channel, 0 as numerator, 1 as denominator
from ref.period as p
cross join (values ('acme'), ('bolt'), ('core'), ('dune')) as a (account_id)
where p.grain = 'month' and p.period_start < date '2026-03-01'`))
	require.Equal(t, []string{
		"01-01|all|3|4|0.75|4", "01-01|ticket_channel=mail|1|4|0.25|4", "01-01|ticket_channel=web|2|4|0.5|4",
		"02-01|all|1|4|0.25|4", "02-01|ticket_channel=mail|0|4|0|4", "02-01|ticket_channel=web|1|4|0.25|4",
	}, m.cells("per_customer", "month"))
}

func TestCompute_wholeIsMeanOfSegments(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-01-31")
	m.people("a", "b", "c")
	m.compute(file("adoption", `measure = "distinct_ratio"
segments = ["feature", "join_channel"]
all = "mean of segments"`, `select 'month' as grain, date '2026-01-01' as period_start, v.who as identity_id, v.feature, v.used as numerator, true as denominator
from (values ('a', 'f', true), ('b', 'f', false), ('a', 'g', true), ('b', 'g', true), ('c', 'g', true)) as v (who, feature, used)`))
	require.Equal(t, []string{"01-01|all|1.5|2|0.75|2", "01-01|feature=f|1|2|0.5|2", "01-01|feature=g|3|3|1|3", "01-01|join_channel=unknown|1.5|2|0.75|2"}, m.cells("adoption", "month"))
}

func TestCompute_dividesByDaysInsideCoverage(t *testing.T) {
	m := newMarts(t, "2026-01-22", "2026-02-10")
	m.people("a", "b")
	m.exec(`create table marts.mart.day as select * from (values
    (date '2026-01-25', 'a', 'x'), (date '2026-01-25', 'a', 'y'), (date '2026-01-26', 'a', 'x'), (date '2026-01-26', 'b', 'x'), (date '2026-02-03', 'b', 'x')) as v (happened_on, identity_id, community_id)`)
	m.compute(file("dau", `measure = "distinct"
per = "day"
grains = ["day", "month"]
segments = ["community"]`, "select d.happened_on, d.identity_id, d.community_id from mart.day as d"))
	require.Equal(t, "1|1|1|1", m.cell("dau", "day", "2026-01-25"))
	require.Equal(t, []string{"01-01|all|3|10|0.3|2", "01-01|community=x|3|10|0.3|2", "01-01|community=y|1|10|0.1|1",
		"02-01|all|1|10|0.1|1", "02-01|community=x|1|10|0.1|1", "02-01|community=y|0|10|0|0"}, m.cells("dau", "month"))
}

func TestCompute_derivedKPIsReadCells(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-02-28")
	m.people("a", "b")
	m.exec("create table marts.mart.act as select * from (values (date '2026-01-05', 'a'), (date '2026-01-05', 'b'), (date '2026-02-05', 'a')) as v (happened_on, identity_id)")
	growth := file("growth", `measure = "derived"
grains = ["month", "quarter"]
windows = { quarter = "mean:month" }`, `select c.grain, c.period_start, c.segment_type, c.segment_value, c.numerator - p.numerator as numerator, p.numerator as denominator
from kpi.cell as c
inner join ref.period as r on r.grain = c.grain and r.period_start = c.period_start
inner join kpi.cell as p on p.kpi_id = c.kpi_id and p.grain = c.grain and p.period_start = r.prev_period_start and p.segment_type = c.segment_type and p.segment_value = c.segment_value
where c.kpi_id = 'acts' -- not kpi_id = 'other'`)
	doubled := file("doubled", `measure = "derived"
depends = ["growth"]`, "select g.grain, g.period_start, g.segment_type, g.segment_value, g.value * 2 as value from kpi.cell as g where g.kpi_id = 'growth'")
	acts := file("acts", `measure = "distinct"`, "select a.happened_on, a.identity_id from mart.act as a")
	m.compute(doubled, growth, acts)
	require.Equal(t, []string{"02-01|all|-1|2|-0.5|1"}, m.cells("growth", "month"))
	require.Equal(t, []string{"01-01|all|-0.5|1|-0.5|1"}, m.cells("growth", "quarter"))
	require.Equal(t, []string{"02-01|all|-|-|-1|1"}, m.cells("doubled", "month"))
}
