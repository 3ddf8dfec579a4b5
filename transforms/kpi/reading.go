package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// A reading is the select of one KPI, taken apart where it is row-wise, and
// what its columns are.
type reading struct {
	d       *Definition
	names   []string
	types   map[string]string
	from    string            // the table or the whole select, without alias
	where   string            // "" for all rows
	exprs   map[string]string // of each column, over the alias a
	rowWise bool
	passes  []segment
	traits  []trait
	arm     *arm // nil: none
}

// read describes a select and checks its columns against the measure.
func read(ctx context.Context, tx Execer, d *Definition) (*reading, error) {
	sql := strings.TrimRight(d.SQL, "; \n")
	columns, err := tx.Columns(ctx, sql)
	if err != nil {
		return nil, err
	}
	r := &reading{d: d, types: map[string]string{}, exprs: map[string]string{}}
	for _, c := range columns {
		r.types[c.Name] = c.Type
		r.names = append(r.names, c.Name)
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	if r.passes, r.traits, err = d.segments(r.names, r.has("person_id") || r.has("identity_id")); err != nil {
		return nil, err
	}
	r.passes = slices.DeleteFunc(r.passes, func(s segment) bool { return s.Column == d.Split })
	tree, err := parse(ctx, tx, sql)
	if err != nil {
		return nil, err
	}
	if final := answers(selectNode(tree)); final != nil {
		r.rowWise = true
		return r, takeApart(ctx, tx, r, selectNode(tree), final)
	}
	r.from = "(\n" + sql + "\n)"
	for _, name := range r.names {
		r.exprs[name] = "a." + name
	}
	r.arm, err = r.findArm(ctx, tx, tree)
	return r, err
}

func (r *reading) has(column string) bool { return r.types[column] != "" }

// check finds the columns that are missing or of a wrong type.
func (r *reading) check() error {
	if !r.has("happened_on") && !r.has("from_on") && !r.has("period_start") {
		return fmt.Errorf("an atom has happened_on (event), from_on and until_on (span) or grain and period_start (period): the select returns none of them")
	}
	for _, column := range []string{"happened_on", "from_on", "until_on", "period_start"} {
		if r.has(column) && r.types[column] != "DATE" {
			return fmt.Errorf("column %s is %s, must be a DATE: take the local date that core made", column, r.types[column])
		}
	}
	for _, pair := range [][2]string{{"from_on", "until_on"}, {"until_on", "from_on"}, {"grain", "period_start"}, {"period_start", "grain"}} {
		if r.has(pair[0]) && !r.has(pair[1]) {
			return fmt.Errorf("column %s needs column %s beside it", pair[0], pair[1])
		}
	}
	for _, grain := range r.d.Grains {
		if r.d.window(grain).kind == "roll" && !r.has("happened_on") && !r.has("grain") {
			return fmt.Errorf("window %s of grain %s: a span is read on one day, only events and periods stand in a rolling window", r.d.Windows[grain], grain)
		}
	}
	needed := map[string][]string{
		"ratio": {"numerator", "denominator"}, "distinct_ratio": {"numerator", "denominator"}, "sum_per_distinct": {"numerator"},
		"sum": {"amount"}, "mean": {"amount"}, "median": {"amount"}, "nps": {"amount"},
	}[r.d.Measure]
	if r.d.Split != "" {
		needed = append(needed, r.d.Split)
	}
	for _, type_ := range r.d.NumeratorOnly {
		if !slices.Contains(r.d.segmentTypes(), type_) {
			return fmt.Errorf("numerator_only names %s, which segments does not", type_)
		}
	}
	if r.unit() == "account_id" || r.unit() == "entity_id" {
		needed = append(needed, r.unit())
	}
	for _, column := range needed {
		if !r.has(column) {
			return fmt.Errorf("measure %s reads column %s, which the select does not return: add it, or correct the header", r.d.Measure, column)
		}
	}
	if r.unit() == "person_id" && r.who() != "person_id" {
		return fmt.Errorf("measure %s of person reads column identity_id or person_id, which the select does not return", r.d.Measure)
	}
	return nil
}

// unit is the column whose distinct values the measure counts, "" where it
// counts rows or adds amounts.
func (r *reading) unit() string {
	if r.d.is("distinct", "distinct_ratio", "sum_per_distinct") {
		return r.d.Of + "_id"
	}
	return ""
}

// who is the column whose distinct values are n: people, accounts where the
// file has no person, or nobody.
func (r *reading) who() string {
	switch {
	case r.has("person_id") || r.has("identity_id"):
		return "person_id"
	case r.has("account_id"):
		return "account_id"
	}
	return ""
}

// ownColumn is the pass that all = "mean of segments" averages.
func (r *reading) ownColumn() (segment, error) {
	var own []segment
	for _, s := range r.passes {
		if slices.Contains(r.d.Segments, s.Type) && s.Type != "community" {
			own = append(own, s)
		}
	}
	if len(own) != 1 {
		return segment{}, fmt.Errorf("all = %q needs one column of the file's own in segments, found %d", r.d.All, len(own))
	}
	return own[0], nil
}
