package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A sweep is a set of spans that is read at sample days: stocks, or the days
// after an event during which a rolling window holds it.
type sweep struct {
	spans  string // select of from_on, until_on, keys and weights
	grains []string
	day    string // the sample day of period r
	rolls  bool   // the spans are windows
}

// sweeps are those of one KPI.
func (g *group) sweeps(m metric) []sweep {
	var list []sweep
	if m.has("from_on") && !g.placing.spans {
		list = append(list, sweep{
			spans:  fmt.Sprintf("select a.from_on, coalesce(a.until_on, cast('9999-12-31' as date)) as until_on%s\nfrom atom as a\nwhere a.from_on is not null", g.carried()),
			grains: m.d.returned(),
			day:    sampleDay(m.d.Sampled, g.today),
		})
	}
	if g.placing.rolls {
		return list
	}
	at := map[string]int{}
	for _, grain := range m.d.Grains {
		w := m.d.window(grain)
		if w.kind != "roll" {
			continue
		}
		key := m.d.Windows[grain]
		if m.has("grain") {
			key += grain
		}
		if i, found := at[key]; found {
			list[i].grains = append(list[i].grains, grain)
			continue
		}
		at[key] = len(list)
		list = append(list, sweep{spans: g.windowSpans(m, grain, w), grains: []string{grain}, day: sampleDay("end", g.today), rolls: true})
	}
	return list
}

// windowSpans are the days during which a window holds each event, and each
// period of the grain.
func (g *group) windowSpans(m metric, grain string, w window) string {
	var parts []string
	add := func(day, condition string) {
		parts = append(parts, fmt.Sprintf("select %s as from_on, %s as until_on%s\nfrom atom as a\nwhere %s", day, w.after(day), g.carried(), condition))
	}
	if m.has("happened_on") {
		add("a.happened_on", "a.happened_on is not null")
	}
	if m.has("grain") {
		add("a.period_start", fmt.Sprintf("a.grain = '%s'", grain))
	}
	return strings.Join(parts, "\nunion all\n")
}

// A stock is a number that stands on spans, with everywhere that it is wanted.
type stock struct {
	sweep
	side
	takers []taker
}

// A taker is a KPI, and the columns of folded in which it has a number.
type taker struct {
	id   string
	into []string
}

// stocks are the numbers that stand on spans, each once for all KPIs that have it.
func (g *group) stocks() []*stock {
	var list []*stock
	at := map[string]*stock{}
	for _, m := range g.metrics {
		for _, sw := range g.sweeps(m) {
			for _, s := range m.sides {
				if s.key == "excess" {
					continue
				}
				key := fmt.Sprint(sw, s.weight, s.key)
				if at[key] == nil {
					at[key] = &stock{sweep: sw, side: s}
					list = append(list, at[key])
				}
				at[key].give(m.d.ID, s.into)
			}
		}
	}
	return list
}

// give has a KPI, the last that was given to or the next, take the number.
func (s *stock) give(id, into string) {
	if n := len(s.takers); n == 0 || s.takers[n-1].id != id {
		s.takers = append(s.takers, taker{id: id})
	}
	last := &s.takers[len(s.takers)-1]
	last.into = append(last.into, into)
}

// sweepAll reads every number that stands on spans.
func (g *group) sweepAll(ctx context.Context, passes []pass) error {
	for _, s := range g.stocks() {
		for _, p := range passes {
			if err := g.sweepSide(ctx, s, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepSide makes the pieces of one number in one pass, turns them into steps
// of a running sum and reads it on the sample days.
func (g *group) sweepSide(ctx context.Context, s *stock, p pass) error {
	traits := g.head().traits
	if p.type_ != "" {
		traits = nil
	}
	statements := []string{g.pieces(s, p), steps(p, traits)}
	for _, grain := range s.grains {
		statements = append(statements, samples(s.sweep, grain, g.today, traitsOf(traits, grain)))
		for _, t := range traitsOf(traits, grain) {
			if t.state && !t.none {
				statements = append(statements, states(s.sweep, grain, g.today, t))
			}
			if t.state {
				statements = append(statements, rest(t))
			}
		}
		for _, t := range s.takers {
			statements = append(statements, fmt.Sprintf(`insert into folded (kpi_id, grain, period_start, segment_type, segment_value, %s)
select '%s' as kpi_id, '%s' as grain, x.period_start, x.segment_type, x.segment_value%s
from sampled as x
where x.total <> 0`, strings.Join(t.into, ", "), t.id, grain, strings.Repeat(", x.total", len(t.into))))
		}
	}
	for _, statement := range statements {
		if err := g.tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// pieces are the spans with their weights; of units that are counted once,
// what a span adds to those before it, so that they no longer overlap.
func (g *group) pieces(s *stock, p pass) string {
	segment, who := "cast(null as varchar)", "cast(null as integer)"
	if p.type_ != "" {
		segment = fmt.Sprintf("coalesce(k.%s, 'unknown')", p.column)
	}
	if g.head().who() != "" {
		who = "k.who"
	}
	conditions := []string{fmt.Sprintf("k.%s <> 0", s.weight)}
	if p.condition != "" {
		conditions = append(conditions, p.condition)
	}
	if s.key == "" {
		return fmt.Sprintf(`create or replace temp table piece as
select k.from_on, k.until_on, %s as segment_value, %s as who, k.%s as amount
from (
%s
) as k
where %s`, segment, who, s.weight, s.spans, strings.Join(conditions, " and "))
	}
	return fmt.Sprintf(`create or replace temp table piece as
with
reached as (
    select
        k.from_on,
        k.until_on,
        %[1]s as segment_value,
        k.who,
        %[2]s as reached_on
    from (
%[3]s
    ) as k
    where %[4]s and k.%[5]s > 0 and k.who is not null
)

select
    case when x.reached_on > x.from_on then x.reached_on else x.from_on end as from_on,
    x.until_on,
    x.segment_value,
    x.who,
    1 as amount
from reached as x
where x.until_on > x.from_on and (x.reached_on is null or x.until_on > x.reached_on)`,
		segment, s.reached(p), s.spans, strings.Join(conditions, " and "), s.weight)
}

// reached is the last day that a unit's spans before this one reach to. Of
// windows, all equally long, that is where the one before it ends.
func (sw sweep) reached(p pass) string {
	by := "partition by k.who"
	if p.type_ != "" {
		by += ", k." + p.column
	}
	if sw.rolls {
		return fmt.Sprintf("lag(k.until_on) over (%s order by k.from_on nulls last)", by)
	}
	return fmt.Sprintf(`max(k.until_on) over (
            %s order by k.from_on nulls last, k.until_on nulls last
            rows between unbounded preceding and 1 preceding
        )`, by)
}

// steps are what each day adds to the running sums, by segment.
func steps(p pass, traits []trait) string {
	const step = `select %[1]s as segment_type, %[2]s as segment_value, k.%[3]s as step_on, %[4]ssum(k.amount) as delta
from piece as k%[5]s
group by %[6]sk.%[3]s`
	var parts []string
	add := func(type_, value, join, by string) {
		parts = append(parts,
			fmt.Sprintf(step, "'"+type_+"'", value, "from_on", "", join, by),
			fmt.Sprintf(step, "'"+type_+"'", value, "until_on", "-", join, by))
	}
	if p.type_ != "" {
		add(p.type_, "k.segment_value", "", "k.segment_value, ")
	} else {
		add("all", "'all'", "", "")
	}
	for _, t := range traits {
		if t.state {
			add(t.Type, "'unknown'", "\nwhere k.who is null", "")
			continue
		}
		parts = append(parts, decoded(t, "from_on", ""), decoded(t, "until_on", "-"))
	}
	return "create or replace temp table step as\n" + strings.Join(parts, "\nunion all\n")
}

// decoded are the steps by a trait, added up by its code.
func decoded(t trait, day, sign string) string {
	return fmt.Sprintf(`select '%[1]s' as segment_type, d.value as segment_value, k.step_on, %[2]sk.delta as delta
from (
    select coalesce(%[3]s, %[4]d) as code, k.%[5]s as step_on, sum(k.amount) as delta
    from piece as k
    left join kpi_person as p on p.person_no = k.who
    group by coalesce(%[3]s, %[4]d), k.%[5]s
) as k
inner join kpi_code as d on d.code = k.code`, t.Type, sign, t.Person, unknownCode, day)
}

// samples reads the running sums on the sample days of a grain.
func samples(sw sweep, grain, today string, traits []trait) string {
	hidden := []string{"''"}
	for _, t := range communityTraits(false) {
		if !slices.ContainsFunc(traits, func(offered trait) bool { return offered.Type == t.Type }) && t.Grains != nil {
			hidden = append(hidden, "'"+t.Type+"'")
		}
	}
	return fmt.Sprintf(`create or replace temp table sampled as
with
firsts as (
    select s.segment_type, s.segment_value, min(s.step_on) as first_on
    from step as s
    where s.segment_type not in (%[1]s)
    group by s.segment_type, s.segment_value
),

moments as (
    select v.segment_type, v.segment_value, r.period_start, %[2]s as step_on
    from firsts as v
    inner join ref.period as r
        on r.grain = '%[3]s' and r.period_start <= cast('%[4]s' as date) and %[2]s >= v.first_on
),

moves as (
    select s.segment_type, s.segment_value, cast(null as date) as period_start, s.step_on, s.delta
    from step as s
    union all
    select m.segment_type, m.segment_value, m.period_start, m.step_on, 0 as delta
    from moments as m
),

running as (
    select
        v.segment_type,
        v.segment_value,
        v.period_start,
        cast(sum(v.delta) over (
            partition by v.segment_type, v.segment_value order by v.step_on nulls last
            range between unbounded preceding and current row
        ) as double) as total
    from moves as v
)

select x.segment_type, x.segment_value, x.period_start, x.total
from running as x
where x.period_start is not null`, strings.Join(hidden, ", "), sw.day, grain, today)
}

// states reads the pieces of people by their state in each period of a grain.
// A rolling window makes many short pieces of an active person, who has a state
// in many periods as well: they meet by quarter, so that not every piece is
// held against every state.
func states(sw sweep, grain, today string, t trait) string {
	pieces, meet, quarter := "piece", "", ""
	moment, join := "", ""
	if sw.rolls {
		quarter, moment = ", m.quarter_start", ", c.quarter_start"
		join = "\n    inner join ref.calendar as c on c.date_day = " + sw.day
		pieces = `(
        select k.who, k.from_on, k.until_on, k.amount, r.period_start as quarter_start
        from piece as k
        inner join ref.period as r
            on r.grain = 'quarter' and r.period_start < k.until_on and r.period_end > k.from_on
    )`
		meet = " and k.quarter_start = s.quarter_start"
	}
	return fmt.Sprintf(`insert into sampled
with
moments as (
    select r.period_start, %[4]s as day%[10]s
    from ref.period as r%[11]s
    where r.grain = '%[5]s' and r.period_start <= cast('%[3]s' as date)
),

stated as (
    select s.person_no, coalesce(%[2]s, %[6]d) as code, m.period_start, m.day%[12]s
    from kpi_state as s
    inner join moments as m on m.period_start = s.period_start
    where s.grain_no = %[7]d
),

counted as (
    select s.code, s.period_start, sum(k.amount) as total
    from stated as s
    inner join %[8]s as k
        on k.who = s.person_no and k.from_on <= s.day and k.until_on > s.day%[9]s
    group by s.code, s.period_start
)

select '%[1]s' as segment_type, d.value as segment_value, c.period_start, cast(c.total as double) as total
from counted as c
inner join kpi_code as d on d.code = c.code`, t.Type, t.Person, today, sw.day, grain, noneCode, grainNo(grain), pieces, meet, moment, join, quarter)
}

// rest counts everybody who has no state in a period as 'none'.
func rest(t trait) string {
	return fmt.Sprintf(`insert into sampled
with
known as (
    select x.period_start, sum(x.total) as total
    from sampled as x
    where x.segment_type = '%[1]s'
    group by x.period_start
)

select '%[1]s' as segment_type, 'none' as segment_value, x.period_start, x.total - coalesce(k.total, 0) as total
from sampled as x
left join known as k on k.period_start = x.period_start
where x.segment_type = 'all'`, t.Type)
}
