package main

import (
	"context"
	gosql "database/sql"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"rollcall/internal/warehouse"
)

// A demoReport is what the demo prints, read from the published file as an
// analyst would.
type demoReport struct {
	Dir       string    `json:"dir"`
	Config    string    `json:"config"`
	Purpose   string    `json:"purpose"`
	Logins    int64     `json:"logins"`
	People    int64     `json:"people"`
	Orgs      int64     `json:"orgs"`
	Companies int64     `json:"companies"`
	KPIs      []demoKPI `json:"kpis"`
	Finding   string    `json:"finding"`
}

// A demoKPI is a primary KPI in its last whole quarter beside the quarter before
// and that of a year before; nil where there is nothing to compare with.
type demoKPI struct {
	ID         string    `json:"kpi_id"`
	Name       string    `json:"name"`
	Unit       string    `json:"unit"`
	Start      time.Time `json:"period_start"`
	Value      float64   `json:"value"`
	Before     *float64  `json:"quarter_before"`
	YearBefore *float64  `json:"year_before"`
}

const primaryQuery = `
with
whole as (
    select kpi_id, period_start, value
    from kpi.value
    where grain = 'quarter' and segment_type = 'all' and not is_partial and value is not null
    qualify row_number() over (partition by kpi_id order by period_start desc) = 1
),

before as (
    select kpi_id, period_start,
        max(prev_value) filter (where compare_to = 'prior_period') as quarter_before,
        max(prev_value) filter (where compare_to = 'prior_year') as year_before
    from kpi.change
    where grain = 'quarter' and segment_type = 'all'
    group by kpi_id, period_start
)

select d.kpi_id, d.name, d.unit, w.period_start, w.value, b.quarter_before, b.year_before
from kpi.dictionary as d
inner join whole as w on w.kpi_id = d.kpi_id
left join before as b on b.kpi_id = w.kpi_id and b.period_start = w.period_start
where d.is_primary and d.is_current
order by list_position(%s, d.kpi_id)`

const peopleQuery = `
select
    (select count(*) from core.person_identity),
    (select count(distinct person_id) from core.person_identity),
    (select count(*) from core.account_source),
    (select count(distinct account_id) from core.account_source)`

func readDemoReport(ctx context.Context, path string) (demoReport, error) {
	r := demoReport{Purpose: demoPurpose}
	one := func(query string, scan func(*gosql.Rows) error) error {
		return warehouse.SelectFile(ctx, path, queryMemory, query, func(rows *gosql.Rows) error {
			for rows.Next() {
				if err := scan(rows); err != nil {
					return err
				}
			}
			return rows.Err()
		})
	}
	err := errors.Join(
		one(peopleQuery, func(rows *gosql.Rows) error { return rows.Scan(&r.Logins, &r.People, &r.Orgs, &r.Companies) }),
		one(fmt.Sprintf(primaryQuery, demoPrimary("'")), func(rows *gosql.Rows) error {
			var k demoKPI
			err := rows.Scan(&k.ID, &k.Name, &k.Unit, &k.Start, &k.Value, &k.Before, &k.YearBefore)
			r.KPIs = append(r.KPIs, k)
			return err
		}),
		one(fmt.Sprintf(findingQuery, findingKPI), func(rows *gosql.Rows) error {
			var m movement
			err := rows.Scan(&m.start, &m.now, &m.asked, &m.then, &m.askedThen, &m.isSure, &m.place, &m.placeNow, &m.placeThen)
			r.Finding = m.text()
			return err
		}),
	)
	return r, err
}

// findingKPI is the one that the demo's finding is about.
const findingKPI = "unanswered_question_rate"

// findingQuery compares the last whole quarter with that of a year before, and
// finds the community that moved the whole most: by how much its unanswered
// questions grew as a share of all that were asked.
const findingQuery = `
with
value as (
    select period_start, segment_type, segment_value, numerator, denominator, value
    from kpi.value
    where kpi_id = '%[1]s' and grain = 'quarter' and not is_partial and value is not null
        and segment_type in ('all', 'community')
),

whole as (
    select n.period_start, n.value, n.denominator, t.period_start as then_start, t.value as value_then, t.denominator as denominator_then
    from value as n
    inner join value as t on t.period_start = n.period_start - interval '1 year' and t.segment_type = 'all'
    where n.segment_type = 'all'
    qualify row_number() over (order by n.period_start desc) = 1
),

place as (
    select n.segment_value, n.value, t.value as value_then,
        n.numerator / w.denominator - t.numerator / w.denominator_then as moved
    from whole as w
    inner join value as n on n.period_start = w.period_start and n.segment_type = 'community'
    inner join value as t on t.period_start = w.then_start and t.segment_type = 'community' and t.segment_value = n.segment_value
)

select w.period_start, w.value, w.denominator, w.value_then, w.denominator_then, coalesce(c.is_significant, false),
    p.segment_value, p.value, p.value_then
from whole as w
left join kpi.change as c
    on c.kpi_id = '%[1]s' and c.grain = 'quarter' and c.segment_type = 'all'
    and c.compare_to = 'prior_year' and c.period_start = w.period_start
left join place as p on sign(p.moved) = sign(w.value - w.value_then)
order by abs(p.moved) desc nulls last
limit 1`

// A movement is how the rate of unanswered questions moved within a year, and
// where most.
type movement struct {
	start               time.Time
	now, asked          float64
	then, askedThen     float64
	isSure              bool
	place               *string
	placeNow, placeThen *float64
}

func (m movement) text() string {
	moved := "rose"
	switch {
	case m.now == m.then:
		moved = "stayed"
	case m.now < m.then:
		moved = "fell"
	}
	text := fmt.Sprintf("Of %s questions asked in %s, %s had no answer after a week; a year before it was %s of %s. The share %s",
		count(int64(m.asked)), quarter(m.start), percentage(m.now), percentage(m.then), count(int64(m.askedThen)), moved)
	if m.place != nil {
		text += fmt.Sprintf(", most of all in %s (from %s to %s)", *m.place, percentage(*m.placeThen), percentage(*m.placeNow))
	}
	if m.isSure {
		return text + "; that is more than chance."
	}
	return text + "; chance alone could do that much."
}

func (a *app) printDemo(r demoReport) error {
	if len(r.KPIs) == 0 {
		return errors.New("the published file holds no primary KPI")
	}
	if a.json {
		return a.printJSON(r)
	}
	fmt.Fprintf(a.stdout, "%s log-ins are %s people; %s customer records are %s companies\n\nWhat Tidewater's community is for: %s\n\n",
		count(r.Logins), count(r.People), count(r.Orgs), count(r.Companies), r.Purpose)
	if err := printPrimary(a.stdout, r.KPIs); err != nil {
		return err
	}
	if r.Finding != "" {
		fmt.Fprintf(a.stdout, "\n%s\n", r.Finding)
	}
	_, err := fmt.Fprintf(a.stdout, `
published  %[1]s/data/published/rollcall.duckdb (open it with duckdb -readonly)
parquet    %[1]s/data/published/parquet
raw data   %[1]s/data/lake.duckdb
exports    %[1]s/exports
config     %[1]s/rollcall.hcl

try next:
  %[2]s --config %[1]s/rollcall.hcl kpi list
  %[2]s --config %[1]s/rollcall.hcl kpi explain %[3]s --period %[4]s
  %[2]s --config %[1]s/rollcall.hcl identity stats
  %[2]s --config %[1]s/rollcall.hcl identity review
  %[2]s --config %[1]s/rollcall.hcl query "select period_start, value, n from kpi.value where kpi_id = 'community_mau' and grain = 'week' and segment_type = 'all' order by 1"
`, r.Dir, programName(), r.KPIs[0].ID, fmt.Sprintf("%d-Q%d", r.KPIs[0].Start.Year(), (r.KPIs[0].Start.Month()+2)/3))
	return err
}

func printPrimary(w io.Writer, kpis []demoKPI) error {
	t := newTable("PRIMARY KPI", "QUARTER", "VALUE", "CHANGE", "IN A YEAR")
	t.right(2, 3, 4)
	for _, k := range kpis {
		t.add(k.Name, quarter(k.Start), shown(&k.Value, k.Unit, 0), k.change(k.Before), k.change(k.YearBefore))
	}
	return t.print(w, true) // aligned everywhere: this one is for reading
}

// change is how a KPI moved: in percentage points for shares, in percent
// otherwise.
func (k demoKPI) change(before *float64) string {
	switch {
	case before == nil:
		return "-"
	case k.Unit == "ratio":
		return fmt.Sprintf("%+.1f pts", 100*(k.Value-*before))
	case *before == 0:
		return "-"
	}
	return fmt.Sprintf("%+.0f%%", 100*(k.Value / *before - 1))
}

func percentage(share float64) string { return fmt.Sprintf("%.1f%%", math.Round(1000*share)/10) }

// quarter names a quarter by its months.
func quarter(start time.Time) string {
	return start.Format("Jan") + "-" + start.AddDate(0, 2, 0).Format("Jan 2006")
}
