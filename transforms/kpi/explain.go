package kpi

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Cell is one value of a KPI: its period and slice.
type Cell struct {
	Grain        string
	From, Until  time.Time // local days, half-open
	Today        time.Time // local day up to which the build read
	SegmentType  string
	SegmentValue string
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

// CellAtoms gives a select of the atoms behind one cell, one row each:
// entity_id, person_id, account_id, placed_on, amount, and what the atom adds
// to the cell's numerator and denominator. Of a KPI that counts distinct people
// only the first atom of each adds. columns are those of the KPI's select.
func CellAtoms(d *Definition, columns []Column, cell Cell) string {
	x := &explanation{d: d, cell: cell, has: map[string]bool{}}
	for _, c := range columns {
		x.has[c.Name] = true
	}
	return fmt.Sprintf(cellAtoms, strings.TrimRight(d.SQL, "; \n"), x.placedOn(), x.placement(), x.person(), x.people(),
		x.slice(), x.joins(), x.latest(), x.number("numerator"), x.number("denominator"), x.adds("numerator"), x.adds("denominator"),
		x.optional("entity_id"), x.optional("account_id"), x.optional("amount"), x.atomFilter())
}

const cellAtoms = `with
atoms as (
%[1]s
),
placed as (
    select a.*, %[2]s as placed_on
    from atoms as a
    where %[3]s
),
known as (
    select p.* exclude (placed_on), p.placed_on, %[4]s as known_person_id
    from placed as p%[5]s
),
sliced as (
    select k.*, %[6]s as is_in_slice
    from known as k%[7]s
),
chosen as (
    select s.*
    from sliced as s
    where %[16]s%[8]s
),
counted as (
    select c.*, %[9]s as counted_numerator, %[10]s as counted_denominator, %[15]s as counted_amount
    from chosen as c
)
select
    %[13]s as entity_id,
    c.known_person_id as person_id,
    %[14]s as account_id,
    c.placed_on,
    c.counted_amount as amount,
    %[11]s as numerator,
    %[12]s as denominator
from counted as c`

type explanation struct {
	d    *Definition
	cell Cell
	has  map[string]bool // columns of the select
}

func date(t time.Time) string { return "date '" + t.Format(time.DateOnly) + "'" }

// lastDay is the day on which the period is looked at: its last, or today.
func (x *explanation) lastDay() time.Time {
	last := x.cell.Until.AddDate(0, 0, -1)
	if x.cell.Today.Before(last) {
		return x.cell.Today
	}
	return last
}

// reach is the range of event days that the cell's window takes in.
func (x *explanation) reach() (from, until time.Time) {
	w := x.d.window(x.cell.Grain)
	if w.kind != "roll" {
		return x.cell.From, x.cell.Until
	}
	until = x.lastDay().AddDate(0, 0, 1)
	return until.AddDate(0, -w.months, -w.days), until
}

// placement says which atoms lie in the period, by their kind.
func (x *explanation) placement() string {
	var kinds []string
	if x.has["happened_on"] {
		from, until := x.reach()
		kinds = append(kinds, fmt.Sprintf("(a.happened_on >= %s and a.happened_on < %s)", date(from), date(until)))
	}
	if x.has["from_on"] {
		day := x.lastDay()
		if x.d.Sampled == "start" {
			day = x.cell.From
		}
		kinds = append(kinds, fmt.Sprintf("(a.from_on <= %[1]s and (a.until_on is null or a.until_on > %[1]s))", date(day)))
	}
	if x.isPeriod() {
		kinds = append(kinds, fmt.Sprintf("(a.grain = '%s' and a.period_start = %s)", x.cell.Grain, date(x.cell.From)))
	}
	return strings.Join(kinds, " or ")
}

func (x *explanation) isPeriod() bool { return x.has["grain"] && x.has["period_start"] }

func (x *explanation) placedOn() string {
	var days []string
	for _, column := range []string{"happened_on", "from_on", "period_start"} {
		if x.has[column] {
			days = append(days, "a."+column)
		}
	}
	return "coalesce(" + strings.Join(append(days, "cast(null as date)"), ", ") + ")"
}

func (x *explanation) person() string {
	switch {
	case x.has["person_id"]:
		return "p.person_id"
	case x.has["identity_id"]:
		return "i.person_id"
	}
	return "cast(null as varchar)"
}

func (x *explanation) people() string {
	if x.has["person_id"] || !x.has["identity_id"] {
		return ""
	}
	return "\n    left join core.person_identity as i on i.identity_id = p.identity_id"
}

// slice says which of the period's atoms belong to the cell's slice.
func (x *explanation) slice() string {
	var conditions []string
	if x.d.Split != "" && x.cell.SegmentType != x.d.Split {
		conditions = append(conditions, fmt.Sprintf("k.%s = param('%s')", x.d.Split, x.d.SplitDefault))
	}
	value := quote(x.cell.SegmentValue)
	isCommunity := x.cell.SegmentType == "community"
	if x.isPeriod() && x.has["community_id"] && !isCommunity {
		conditions = append(conditions, "(k.grain is null or k.community_id = 'all')")
	}
	switch {
	case x.cell.SegmentType == "all":
	case isCommunity:
		conditions = append(conditions, "coalesce(k.community_id, 'unknown') = "+value)
	case x.has[x.cell.SegmentType]:
		conditions = append(conditions, fmt.Sprintf("coalesce(cast(k.%s as varchar), 'unknown') = %s", x.cell.SegmentType, value))
	case strings.HasPrefix(x.cell.SegmentType, "engagement_level"):
		conditions = append(conditions, fmt.Sprintf("coalesce(s.%s, 'none') = %s", x.cell.SegmentType, value))
	default:
		conditions = append(conditions, fmt.Sprintf("coalesce(s.%s, 'unknown') = %s", x.cell.SegmentType, value))
	}
	if len(conditions) == 0 {
		return "true"
	}
	return strings.Join(conditions, " and ")
}

// joins brings the state of people that the cell's segment is made of.
func (x *explanation) joins() string {
	switch {
	case x.cell.SegmentType == "all", x.cell.SegmentType == "community", x.has[x.cell.SegmentType]:
		return ""
	case strings.HasPrefix(x.cell.SegmentType, "engagement_level"):
		return fmt.Sprintf(`
    left join mart.person_period as s
        on s.person_id = k.known_person_id and s.grain = '%s' and s.period_start = %s and s.community_id = 'all'`, x.cell.Grain, date(x.cell.From))
	}
	return "\n    left join mart.person as s on s.person_id = k.known_person_id"
}

// splitsNumerator reports whether the cell's denominator is that of all.
func (x *explanation) splitsNumerator() bool {
	return slices.Contains(x.d.NumeratorOnly, x.cell.SegmentType)
}

func (x *explanation) atomFilter() string {
	if x.splitsNumerator() {
		return "true"
	}
	return "s.is_in_slice"
}

// latest keeps one atom of each person where the KPI counts nobody twice.
func (x *explanation) latest() string {
	if x.d.Once != "person" {
		return ""
	}
	return `
    qualify row_number() over (partition by s.known_person_id order by s.placed_on desc, ` + x.tieBreak("s") + `) = 1`
}

func (x *explanation) tieBreak(table string) string {
	if x.has["entity_id"] {
		return table + ".entity_id desc nulls last"
	}
	return table + ".placed_on desc"
}

// number is a column of the atom as a number; a missing one counts 1.
func (x *explanation) number(column string) string {
	text := "1e0"
	if x.has[column] {
		text = fmt.Sprintf("coalesce(cast(c.%s as double), 0)", column)
	}
	if column == "numerator" && x.splitsNumerator() {
		text = "case when c.is_in_slice then " + text + " else 0 end"
	}
	return text
}

func (x *explanation) optional(column string) string {
	if !x.has[column] {
		if column == "amount" {
			return "cast(null as double)"
		}
		return "cast(null as varchar)"
	}
	if column == "amount" {
		return "cast(c.amount as double)"
	}
	return "c." + column
}

// adds is what an atom adds to one part of the cell.
func (x *explanation) adds(part string) string {
	isNumerator := part == "numerator"
	flag := "c.counted_" + part
	const measured = "c.counted_denominator > 0 and c.counted_amount is not null"
	switch x.d.Measure {
	case "distinct", "distinct_ratio":
		if isNumerator || x.d.Measure == "distinct_ratio" {
			return x.firstOf(flag)
		}
	case "sum_per_distinct":
		if isNumerator {
			return flag
		}
		return x.firstOf(flag)
	case "ratio":
		return flag
	case "count":
		if isNumerator {
			return flag
		}
	case "sum", "mean":
		if isNumerator {
			return "case when c.counted_denominator > 0 then coalesce(c.counted_amount, 0) else 0 end"
		}
		if x.d.Measure == "mean" {
			return flag
		}
	case "median":
		if !isNumerator {
			return "case when " + measured + " then 1e0 else 0e0 end"
		}
	case "nps":
		if isNumerator {
			return "case when " + measured + " then case when c.counted_amount >= 9 then 1e0 when c.counted_amount <= 6 then -1e0 else 0e0 end else 0e0 end"
		}
		return "case when " + measured + " then 1e0 else 0e0 end"
	}
	return "cast(null as double)"
}

// firstOf adds 1 for the first atom with the flag of each who is counted once.
func (x *explanation) firstOf(flag string) string {
	unit := "c.known_person_id"
	if x.d.Of != "person" {
		unit = "c." + x.d.Of + "_id"
	}
	order := "c.placed_on"
	if x.has["entity_id"] {
		order += ", c.entity_id"
	}
	return fmt.Sprintf(`case when %[1]s > 0 and %[2]s is not null
        and row_number() over (partition by %[2]s, %[1]s > 0 order by %[3]s) = 1 then 1e0 else 0e0 end`, flag, unit, order)
}

func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }

// DeclaredSegments are the segment types that the KPI's header means: those of
// its sets by the catalogue, and columns of its own. Which of them have values
// yet is told by kpi.value.
func (d *Definition) DeclaredSegments() []string {
	sets := map[string][]string{
		"community_people": {"community", "persona", "lifecycle_stage", "join_month", "join_channel", "engagement_level", "customer_status", "plan_tier"},
		"accounts":         {"plan_tier", "lifecycle_stage", "size_bucket", "account_value_tier", "region", "acquisition_channel", "signup_month", "membership"},
		"support":          {"ticket_channel", "priority", "plan_tier", "membership", "product_topic"},
		"survey":           {"persona", "lifecycle_stage", "plan_tier", "account_value_tier", "membership", "survey_mode"},
		"product_people":   {"persona", "plan_tier", "lifecycle_stage", "signup_month", "acquisition_channel", "membership"},
	}
	var declared []string
	for _, name := range d.Segments {
		types, isSet := sets[name]
		if !isSet {
			types = []string{name}
		}
		for _, segment := range types {
			if !slices.Contains(declared, segment) {
				declared = append(declared, segment)
			}
		}
	}
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
