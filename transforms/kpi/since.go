package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Change is what happened to a table since a KPI was computed from it.
type Change struct {
	Table   string
	Rows    string // table of the rows that came and went; "" where nobody knows
	IsAside bool   // the KPI's select does not name the table: it says how people are sliced
}

// A Past is what changed since a KPI was computed.
type Past struct {
	IsWhole bool     // something that no date is known of: everything is computed
	Since   string   // the earliest day whose values time itself or coverage moved; "" none
	Changes []Change // of the tables that it reads, its people's states included
}

// untouched is the Since of a KPI whose cells are those of the build before. It
// sorts after every day, as "", everything, sorts before.
const untouched = "~"

// cellsVersion is raised when this package computes the same KPI in another way:
// nothing that was computed before is kept then.
const cellsVersion = 1

// Shape identifies how cells are computed and stored, whatever the KPI.
func Shape() string { return fmt.Sprint(cellsVersion, valueTable, changeTable) }

// IsUntouched reports whether nothing that the KPI is made of changed.
func (f *Finished) IsUntouched() bool { return f.Since == untouched }

// Plan sets, for every KPI, from which day on its cells may be others than
// those of the build before: the first day of the quarter, or year, of the
// earliest row that changed. What happens on a day changes no period that ended
// before it, so nothing before needs computing; later periods are all computed,
// since windows reach into them. KPIs that share a pass, and those that one is
// derived from, go back equally far.
func Plan(ctx context.Context, tx Execer, run Run, configured []Finished, pasts map[string]*Past) error {
	var readings []*reading
	at := map[string]int{}
	for i := range configured {
		f := &configured[i]
		at[f.ID] = i
		var r *reading
		if !f.ReadsCells() {
			var err error
			if r, err = read(ctx, tx, f.Definition); err != nil {
				return fmt.Errorf("%s: %w", f.File, err)
			}
			readings = append(readings, r)
		}
		since, err := f.since(ctx, tx, run.Today, r, pasts[f.ID])
		if err != nil {
			return fmt.Errorf("%s: find what changed: %w", f.File, err)
		}
		f.Since = since
	}
	groups := together(readings)
	spread(configured, at, groups)
	for _, g := range groups {
		if !slices.ContainsFunc(g, func(r *reading) bool { return !configured[at[r.d.ID]].IsUntouched() && r.d.hidesAcross() }) {
			continue
		}
		first, err := seam(ctx, tx, g, configured[at[g[0].d.ID]].Since)
		if err != nil {
			return err
		}
		for _, r := range g {
			configured[at[r.d.ID]].Since = first
		}
	}
	return nil
}

// seam is the last day up to one on which a week begins together with the
// largest period of the group's KPIs: no week lies across it. It is "" where
// the calendar has none.
func seam(ctx context.Context, tx Execer, group []*reading, day string) (string, error) {
	if day == "" {
		return "", nil
	}
	largest := "month"
	for _, grain := range []string{"quarter", "year"} {
		if slices.ContainsFunc(group, func(r *reading) bool { return slices.Contains(r.d.Grains, grain) }) {
			largest = grain
		}
	}
	return tx.Text(ctx, fmt.Sprintf(`select coalesce(cast(max(c.date_day) as varchar), '')
from ref.calendar as c
where c.date_day = c.week_start and c.date_day = c.%s_start and c.date_day <= %s`, largest, literalDate(day)))
}

// hidesAcross reports whether a hidden cell reaches over the ends of quarters:
// weeks lie across them, and a hidden day may hide its week.
func (d *Definition) hidesAcross() bool {
	return slices.Contains(d.parts(), [2]string{"week", "day"})
}

// spread takes a KPI as far back as those that it shares a pass with and those
// that are derived from it, until nothing moves.
func spread(configured []Finished, at map[string]int, groups [][]*reading) {
	for moved := true; moved; {
		moved = false
		lower := func(ids []string, since string) {
			for _, id := range ids {
				if i, found := at[id]; found && since < configured[i].Since {
					configured[i].Since, moved = since, true
				}
			}
		}
		for _, g := range groups {
			ids, since := []string{}, untouched
			for _, r := range g {
				ids = append(ids, r.d.ID)
				since = min(since, configured[at[r.d.ID]].Since)
			}
			lower(ids, since)
		}
		for _, f := range configured {
			for _, id := range f.Depends {
				i, found := at[id]
				if !found {
					continue
				}
				since := configured[i].Since
				if since != untouched && !f.Forward {
					since = ""
				}
				lower([]string{f.ID}, since)
			}
			if !f.IsUntouched() {
				lower(f.Depends, configured[at[f.ID]].Since)
			}
		}
	}
}

// since is the first day of the cells that may have changed.
func (f *Finished) since(ctx context.Context, tx Execer, today string, r *reading, p *Past) (string, error) {
	if p == nil || p.IsWhole {
		return "", nil
	}
	earliest := untouched
	if p.Since != "" {
		earliest = p.Since
	}
	for _, c := range p.Changes {
		query := f.earliest(ctx, tx, r, c)
		if query == "" {
			return "", nil
		}
		found, err := tx.Text(ctx, "select coalesce(cast(("+query+") as varchar), '"+untouched+"')")
		if err != nil {
			return "", err
		}
		earliest = min(earliest, found)
	}
	if earliest == untouched {
		return untouched, nil
	}
	unit := "quarter"
	if slices.Contains(f.Grains, "year") {
		unit = "year"
	}
	// A week belongs to the quarter in which it begins.
	return tx.Text(ctx, fmt.Sprintf(`select coalesce(cast(min(c.%s_start) as varchar), '')
from ref.calendar as c
inner join ref.calendar as w on w.week_start = c.date_day
where w.date_day = %s`, unit, literalDate(min(earliest, today))))
}

// loadSince puts the first day of every KPI that is not computed whole into
// kpi_since.
func loadSince(ctx context.Context, tx Execer, configured []Finished) error {
	if err := tx.Exec(ctx, createSince("or replace ", "")); err != nil {
		return err
	}
	kept := createNothingKept
	for _, f := range configured {
		if f.Since != "" {
			kept = createKept
			if err := tx.Exec(ctx, "insert into kpi_since values (?, cast(? as date))", f.ID, f.Since); err != nil {
				return err
			}
		}
	}
	return tx.Exec(ctx, kept)
}

func createSince(replace, unless string) string {
	return "create " + replace + "temp table " + unless + "kpi_since (kpi_id varchar, since date)"
}

// createKept holds which cells stay as they are.
const createKept = `create or replace temp table kept_cell as
select v.kpi_id, v.grain, v.segment_type, v.segment_value, v.period_start, v.n is not null or v.status like 'suppressed%' as has_people
from kpi.value as v
inner join kpi_since as s on s.kpi_id = v.kpi_id and v.period_start < s.since
inner join kpi_grain as g on g.kpi_id = v.kpi_id and g.grain = v.grain and g.kind <> 'mean'`

const createNothingKept = `create or replace temp table kept_cell as
select s.kpi_id, cast('' as varchar) as grain, cast('' as varchar) as segment_type, cast('' as varchar) as segment_value,
    s.since as period_start, false as has_people
from kpi_since as s
where false`

// trim takes out cells of periods before the first day: their atoms were not
// all read.
const trim = "delete from cell as c using kpi_since as s where s.kpi_id = c.kpi_id and c.period_start < s.since"

// narrow leaves out the atoms that no cell since then is made of. Spans are all
// read: who is open today may have begun at any time.
func (g *group) narrow(configured []Finished) error {
	for _, f := range configured {
		if f.ID == g.head().d.ID {
			g.since = f.Since
		}
	}
	return g.leaveOut()
}

// leaveOut leaves out the atoms that only cells before the group's first day are
// made of.
func (g *group) leaveOut() error {
	r := g.head()
	if g.since == "" || r.has("from_on") && !r.has("grain") && !r.has("happened_on") {
		return nil
	}
	day, err := time.Parse(time.DateOnly, g.since)
	if err != nil {
		return err
	}
	first := day
	for _, r := range g.readings {
		for _, grain := range r.d.Grains {
			w := r.d.window(grain)
			if reached := day.AddDate(0, -w.months, -w.days-1); w.kind == "roll" && reached.Before(first) {
				first = reached
			}
		}
	}
	g.everything, g.isNarrowed = g.where, true
	condition := fmt.Sprintf("%s >= %s", r.earliestDay(), literalDate(dateOf(first)))
	for _, other := range g.readings { // of rows of a mart, some stand in the next period
		if other.earliestDay() != r.earliestDay() {
			condition = fmt.Sprintf("(a.period_start >= %[1]s or a.next_period_start >= %[1]s)", literalDate(dateOf(first)))
		}
	}
	if r.has("from_on") {
		condition = fmt.Sprintf("(%s is not null or %s)", r.exprs["from_on"], condition) // least leaves null out
	}
	if g.where != "" {
		condition += " and (" + g.where + ")"
	}
	g.where = condition
	return nil
}

// widen computes the group whole after all.
func (g *group) widen() {
	g.where, g.since, g.isNarrowed, g.isWidened = g.everything, "", false, true
}

// agrees reports whether the columns that are empty in every atom are so in
// those before as well: such a column slices nothing, but otherwise its empty
// values are a slice. It marks the columns that only earlier atoms fill.
func (g *group) agrees(ctx context.Context, found *probe) (bool, error) {
	for i, s := range g.head().passes {
		was, err := g.tx.Text(ctx, fmt.Sprintf(`select case when count(*) = 0 then '' when bool_or(v.segment_value <> 'unknown') then 'filled' else 'empty' end
from kpi.value as v
where v.kpi_id in ('%s') and v.segment_type = '%s' and v.period_start < %s`,
			strings.Join(g.ids(), "', '"), s.Type, literalDate(g.since)))
		switch {
		case err != nil:
			return false, err
		case was == "filled":
			found.Slices[i] = max(1, found.Slices[i])
		case (was == "") != (found.Slices[i] == 0):
			return false, nil
		}
	}
	return true, nil
}
