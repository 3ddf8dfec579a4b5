package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/warehouse"
)

// A Cell is one value of a KPI: its period and slice.
type Cell struct {
	Grain        string
	From, Until  time.Time // local days, half-open
	SegmentType  string
	SegmentValue string
}

// CellRows is the temporary table that [WriteCellRows] makes: entity_id,
// person_id, account_id, placed_on, amount, and what the row adds to the cell's
// numerator and denominator.
const CellRows = "temp.cell_row"

// WriteCellRows puts the atoms behind one cell into CellRows, one row each, as
// [Compute] reads, places, slices and weighs them, but only those of the cell's
// period. What the rows add sums to the cell; of a KPI that counts distinct
// people only one row of each adds. today is the day up to which the build read.
func WriteCellRows(ctx context.Context, tx Execer, today string, d *Definition, cell Cell) error {
	r, err := read(ctx, tx, d)
	if err != nil {
		return fmt.Errorf("%s: %w", d.File, err)
	}
	g, err := newGroup(tx, today, []*reading{r})
	if err != nil {
		return fmt.Errorf("%s: %w", d.File, err)
	}
	g.placing, g.showsAtoms = placing{spans: true, rolls: true}, true
	x := &cellReader{group: g, cell: cell}
	if err := x.choose(); err != nil {
		return fmt.Errorf("%s: %w", d.File, err)
	}
	g.restrict(cell)
	if r.who() == "person_id" {
		people := &people{tx: tx, period: fmt.Sprintf("m.grain = '%s' and m.period_start = %s", cell.Grain, literalDate(dateOf(cell.From)))}
		if err := people.need(ctx, true); err != nil {
			return err
		}
	}
	if err := g.atoms(ctx); err != nil {
		return err
	}
	return tx.Exec(ctx, x.query())
}

// restrict leaves out atoms that lie in no window of the cell, so that one
// period is read and not all. What exactly is in it is said by placed.
func (g *group) restrict(cell Cell) {
	r := g.head()
	w := r.d.window(cell.Grain)
	from := literalDate(dateOf(cell.From.AddDate(0, -w.months, -w.days-1)))
	until := literalDate(dateOf(cell.Until))
	var kinds []string
	if r.has("happened_on") {
		kinds = append(kinds, fmt.Sprintf("(%[1]s >= %[2]s and %[1]s < %[3]s)", r.exprs["happened_on"], from, until))
	}
	if r.has("grain") {
		kinds = append(kinds, fmt.Sprintf("(%[4]s = '%[5]s' and %[1]s >= %[2]s and %[1]s < %[3]s)", r.exprs["period_start"], from, until, r.exprs["grain"], cell.Grain))
	}
	if r.has("from_on") {
		kinds = append(kinds, fmt.Sprintf("(%[1]s < %[3]s and (%[4]s is null or %[4]s >= %[2]s))", r.exprs["from_on"], from, until, r.exprs["until_on"]))
	}
	near := strings.Join(kinds, "\n    or ")
	if g.where != "" {
		near = "(" + g.where + ")\n    and (" + near + ")"
	}
	g.where = near
}

// shown are the columns of an atom that are shown beside what it adds.
func (g *group) shown() map[string]string {
	r := g.head()
	columns := map[string]string{"shown_entity_id": "cast(null as varchar)", "shown_account_id": "cast(null as varchar)", "shown_amount": "cast(null as double)"}
	for column, type_ := range map[string]string{"entity_id": "varchar", "account_id": "varchar", "amount": "double"} {
		if r.has(column) {
			columns["shown_"+column] = fmt.Sprintf("cast(%s as %s)", r.exprs[column], type_)
		}
	}
	var days []string
	for _, column := range []string{"happened_on", "from_on", "period_start"} {
		if r.has(column) {
			days = append(days, r.exprs[column])
		}
	}
	columns["shown_trait"] = "cast(null as varchar)"
	if g.shownTrait != "" {
		columns["shown_trait"] = g.shownTrait
	}
	columns["shown_on"] = "coalesce(" + strings.Join(append(days, "cast(null as date)"), ", ") + ")"
	return columns
}

// shownColumns are the names of shown, sorted.
func shownColumns() []string {
	return []string{"shown_account_id", "shown_amount", "shown_entity_id", "shown_on", "shown_trait"}
}

// A cellReader reads the atoms of one cell.
type cellReader struct {
	*group
	cell   Cell
	traits []trait // the trait that the cell is a slice by, if it is
	value  string  // of the slice, over placed atoms k
	whole  string  // which atoms belong to the whole
	slice  string  // which belong to the cell's pass
}

// choose finds the pass or the trait that the cell belongs to.
func (x *cellReader) choose() error {
	r := x.head()
	passes := x.passes(nil)
	x.value, x.whole, x.slice = "'all'", orTrue(passes[0].condition), orTrue(passes[0].condition)
	if x.cell.SegmentType == "all" {
		return nil
	}
	for _, p := range passes[1:] {
		if p.type_ == x.cell.SegmentType {
			x.value, x.slice = fmt.Sprintf("coalesce(k.%s, 'unknown')", p.column), orTrue(p.condition)
			return nil
		}
	}
	for _, t := range traitsOf(r.traits, x.cell.Grain) {
		if t.Type == x.cell.SegmentType && x.isAttached() {
			x.shownTrait, x.value = "a."+t.Mart, "coalesce(k.shown_trait, 'unknown')"
			return nil
		}
		if t.Type == x.cell.SegmentType {
			x.traits, x.value = []trait{t}, t.value()
			return nil
		}
	}
	return fmt.Errorf("segment %s is not one that grain %s is sliced by", x.cell.SegmentType, x.cell.Grain)
}

func orTrue(condition string) string {
	if condition == "" {
		return "true"
	}
	return condition
}

// splitsNumerator reports whether the cell's denominator is that of the whole.
func (x *cellReader) splitsNumerator() bool {
	return slices.Contains(x.head().d.NumeratorOnly, x.cell.SegmentType)
}

// part is the column whose values the cell is the mean of, "" of other cells.
func (x *cellReader) part() string {
	r := x.head()
	own, err := r.ownColumn()
	if r.d.All == "" || err != nil || own.Type == x.cell.SegmentType {
		return ""
	}
	return "k." + sliceKey(slices.Index(r.passes, own))
}

func (x *cellReader) query() string {
	chosen := fmt.Sprintf("k.is_in_slice and (%s)", x.slice)
	if x.splitsNumerator() {
		chosen = x.whole
	}
	part := x.part()
	if part != "" {
		chosen += fmt.Sprintf(" and %s is not null", part)
	} else {
		part = "''"
	}
	person, people := "cast(null as varchar)", ""
	if x.head().who() == "person_id" {
		person, people = "q.person_id", "\nleft join kpi_person as q on q.person_no = k.who"
	}
	numerator, denominator := "k.adds_numerator", "k.adds_denominator"
	if x.part() != "" {
		numerator = "safe_div(k.adds_numerator, sum(k.adds_denominator) over (partition by k.part))"
		denominator = `case when row_number() over (partition by k.part order by k.shown_on, k.shown_entity_id) = 1
        and sum(k.adds_denominator) over (partition by k.part) <> 0 then 1e0 else 0e0 end`
	}
	return fmt.Sprintf(writeCellRows, x.placed(x.cell.Grain), x.value, warehouse.Literal(x.cell.SegmentValue),
		traitJoins(x.traits, x.cell.Grain), literalDate(dateOf(x.cell.From)), chosen, part,
		x.adds("numerator"), x.adds("denominator"), x.matters(), person, numerator, denominator, people)
}

const writeCellRows = `create or replace temp table cell_row as
with
placed as (
%[1]s
),

sliced as (
    select k.*, coalesce(%[2]s = %[3]s, false) as is_in_slice
    from placed as k%[4]s
    where k.period_start = %[5]s
),

chosen as (
    select k.*, cast(%[7]s as varchar) as part
    from sliced as k
    where %[6]s
),

counted as (
    select k.*, %[8]s as adds_numerator, %[9]s as adds_denominator
    from chosen as k
    where %[10]s
)

select
    k.shown_entity_id as entity_id,
    %[11]s as person_id,
    k.shown_account_id as account_id,
    k.shown_on as placed_on,
    k.shown_amount as amount,
    %[12]s as numerator,
    %[13]s as denominator
from counted as k%[14]s`

// side finds the number of the cell that is stored under a name.
func (x *cellReader) side(into string) (side, bool) {
	sides := x.metrics[0].sides
	at := slices.IndexFunc(sides, func(s side) bool { return s.into == into })
	if into == "denominator" && x.head().d.is("median") {
		return side{into: into, weight: x.counted}, true
	}
	if at < 0 {
		return side{}, false
	}
	return sides[at], true
}

// weight is what an atom has of a side.
func (x *cellReader) weight(s side) string {
	if s.into == "numerator" && x.splitsNumerator() {
		return fmt.Sprintf("case when k.is_in_slice and (%s) then k.%s else 0 end", x.slice, s.weight)
	}
	return "k." + s.weight
}

// matters leaves out atoms that have nothing of either side.
func (x *cellReader) matters() string {
	var any []string
	for _, into := range []string{"numerator", "denominator"} {
		if s, found := x.side(into); found {
			any = append(any, x.weight(s)+" <> 0")
		}
	}
	return "(" + strings.Join(any, " or ") + ")"
}

// adds is what an atom adds to one number of the cell: its weight, or 1 for the
// first of those that are counted once.
func (x *cellReader) adds(into string) string {
	s, found := x.side(into)
	if !found {
		return "cast(null as double)"
	}
	weight := x.weight(s)
	var by []string
	switch {
	case s.key != "":
		by = []string{"k." + s.key}
	case x.isDaily:
		by = []string{"k.who", "k.happened_on"}
	default:
		return fmt.Sprintf("cast(%s as double)", weight)
	}
	return fmt.Sprintf(`case when %[1]s > 0 and %[2]s is not null and row_number() over (
        partition by %[3]s, k.part, (%[1]s) > 0 order by k.shown_on, k.shown_entity_id
    ) = 1 then 1e0 else 0e0 end`, weight, by[0], strings.Join(by, ", "))
}

// Parts says which smaller values the KPI's values of a grain are made of
// instead of atoms: those of a smaller grain, or those of other KPIs. Both are
// empty where it is made of atoms.
func (d *Definition) Parts(grain string) (smaller string, ids []string) {
	return d.window(grain).of, d.Depends
}

// HasAtoms reports whether the values of a grain are folded from the select's
// rows.
func (d *Definition) HasAtoms(grain string) bool {
	return !d.is("derived", "custom") && d.window(grain).kind != "mean"
}

// DeclaredSegments are the segment types that the KPI's header means: those of
// its sets, and columns of its own. Which of them have values yet is told by
// kpi.value.
func (d *Definition) DeclaredSegments() []string {
	declared := d.segmentTypes()
	if d.Split != "" && !slices.Contains(declared, d.Split) {
		declared = append(declared, d.Split)
	}
	return declared
}

// ReportingGrain is the grain that the KPI's cadence looks at, or the nearest
// that it has.
func (d *Definition) ReportingGrain() string {
	wanted := map[string]string{"weekly": "week", "monthly": "month", "quarterly": "quarter"}[d.Cadence]
	for _, grain := range []string{wanted, "month", "quarter", "week", "year", "day"} {
		if slices.Contains(d.Grains, grain) {
			return grain
		}
	}
	return wanted
}
