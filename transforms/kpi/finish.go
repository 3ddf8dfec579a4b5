package kpi

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Finished KPI is one that was computed, with the days its sources cover.
type Finished struct {
	*Definition
	Hash      string
	Number    int        // the definition's version
	Reason    Reason     // why values that had settled are others now
	Covered   []Interval // event time complete in every source that feeds it
	Witnessed time.Time  // periods before are not compared with later ones: fewer people were seen to be active
	Since     string     // cells of earlier periods are those of the build before; "": all are computed
}

// Run says when and for which build values are finished.
type Run struct {
	BuildID    string
	ComputedAt time.Time
	Today      string // local date
	Zone       *time.Location
}

// Finish turns the cells of all KPIs, which Compute left in the temporary
// table cell, into the published tables: completeness and status, then what
// must be hidden, last and once over everything, then the values, how they
// changed, and which settled ones this build replaced. Rows of other KPIs than
// the finished ones stay as they are.
func Finish(ctx context.Context, tx Execer, run Run, finished []Finished) error {
	for _, step := range []func() error{
		func() error { return loadRules(ctx, tx, finished) },
		func() error { return tx.Exec(ctx, createSince("", "if not exists ")) },
		func() error { return addToDate(ctx, tx) },
		func() error { return complete(ctx, tx, run.Today) },
		func() error { return suppress(ctx, tx) },
		func() error { return writeValues(ctx, tx, run) },
		func() error { return writeChanges(ctx, tx, run) },
		func() error { return writeHistory(ctx, tx, run, finished) },
		func() error { return dropTemporary(ctx, tx) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("finish KPI values: %w", err)
		}
	}
	return nil
}

// Describe writes the tables that say what the KPIs are: kpi.influence_link
// and the wide tables. It follows Finish and WriteDictionary.
func Describe(ctx context.Context, tx Execer, entries []Entry) error {
	if err := writeInfluences(ctx, tx, entries); err != nil {
		return err
	}
	definitions := make([]*Definition, len(entries))
	for i := range entries {
		definitions[i] = entries[i].Definition
	}
	return writeWide(ctx, tx, definitions)
}

// writeValues replaces the rows that this build computed. Of those it keeps,
// only time and coverage may have changed what can be said.
func writeValues(ctx context.Context, tx Execer, run Run) error {
	for _, statement := range []string{
		replaceComputed("kpi.value") + "\n    and not exists (select 1 from kpi_since as s where s.kpi_id = t.kpi_id and t.period_start < s.since)",
		fmt.Sprintf(completeKept, literalDate(run.Today)),
	} {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return tx.Exec(ctx, insertValues, run.ComputedAt.UTC(), run.BuildID)
}

const completeKept = `update kpi.value as v set is_partial = n.is_partial, is_final = n.is_final
from (
    select
        k.kpi_id, k.grain, k.period_start, k.segment_type, k.segment_value,
        not w.is_covered as is_partial,
        w.is_covered and k.final_on <= %s as is_final
    from kpi.value as k
    inner join kpi_rule as h on h.kpi_id = k.kpi_id
    left join kpi_split as s
        on s.kpi_id = k.kpi_id and s.segment_type = k.segment_type and s.segment_value = k.segment_value
    inner join kpi_window as w
        on w.kpi_id = k.kpi_id and w.grain = k.grain and w.period_start = k.period_start
        and w.maturity_days = coalesce(s.maturity_days, h.maturity_days)
) as n
where n.kpi_id = v.kpi_id and n.grain = v.grain and n.period_start = v.period_start
    and n.segment_type = v.segment_type and n.segment_value = v.segment_value
    and (n.is_partial <> v.is_partial or n.is_final <> v.is_final)`

// replaceComputed takes the rows of the KPIs that this build computed out of a
// table; the others keep theirs.
func replaceComputed(table string) string {
	return "delete from " + table + " as t using kpi_rule as r where r.kpi_id = t.kpi_id"
}

// Forget takes the rows of KPIs that are not configured any more, or gone, out
// of the tables that keep rows from build to build.
func Forget(ctx context.Context, tx Execer, kept []string) error {
	if err := tx.Exec(ctx, "create or replace temp table kpi_kept (kpi_id varchar)"); err != nil {
		return err
	}
	var ids [][]any
	for _, id := range kept {
		ids = append(ids, []any{id})
	}
	if err := insertRows(ctx, tx, "kpi_kept", ids); err != nil {
		return err
	}
	for table, create := range map[string]string{"kpi.value": valueTable, "kpi.change": changeTable} {
		if err := makeTable(ctx, tx, table, create); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "delete from "+table+" as t where not exists (select 1 from kpi_kept as k where k.kpi_id = t.kpi_id)"); err != nil {
			return err
		}
	}
	return tx.Exec(ctx, "drop table temp.kpi_kept")
}

// makeTable makes the table unless it is there in the same shape: one that an
// earlier program made differently is made anew, empty.
func makeTable(ctx context.Context, tx Execer, table, create string) error {
	if err := tx.Exec(ctx, "create table if not exists marts."+table+" ("+create+")"); err != nil {
		return err
	}
	columns, err := tx.Columns(ctx, "select * from "+table)
	if err != nil {
		return err
	}
	var found []string
	for _, c := range columns {
		found = append(found, c.Name+" "+strings.ToLower(c.Type))
	}
	if strings.Join(found, ", ") == strings.Join(strings.Fields(create), " ") {
		return nil
	}
	return tx.Exec(ctx, "create or replace table marts."+table+" ("+create+")")
}

// loadRules puts what the finishing selects need of each header into temporary
// tables: kpi_rule, kpi_split with the maturity of each value of a split, and
// kpi_part with the grains that add up to a larger one.
func loadRules(ctx context.Context, tx Execer, finished []Finished) error {
	for _, create := range []string{
		`create or replace temp table kpi_rule (kpi_id varchar, measure varchar, unit varchar, direction varchar,
    maturity_days integer, restate_days integer, min_n integer, privacy_k integer, version integer, sql_hash varchar, adds_up boolean)`,
		`create or replace temp table kpi_split (kpi_id varchar, segment_type varchar, segment_value varchar, maturity_days integer)`,
		`create or replace temp table kpi_witness (kpi_id varchar, since_on date)`,
		`create or replace temp table kpi_part (kpi_id varchar, grain varchar, part_grain varchar)`,
		`create or replace temp table to_date_grain (grain varchar, to_date varchar)`,
	} {
		if err := tx.Exec(ctx, create); err != nil {
			return err
		}
	}
	var calendar, rules, splits, parts, witnesses [][]any
	for _, grain := range grains()[1:] {
		calendar = append(calendar, []any{grain, toDate(grain)})
	}
	for _, f := range finished {
		rules = append(rules, []any{f.ID, f.Measure, f.Unit, f.Direction, f.MaturityDays, f.RestateDays, f.MinN, f.PrivacyK, f.Number, f.Hash, f.addsUp()})
		if !f.Witnessed.IsZero() {
			witnesses = append(witnesses, []any{f.ID, dateOf(f.Witnessed)})
		}
		for value, text := range f.SplitMaturity {
			maturity, err := days(text)
			if err != nil {
				return fmt.Errorf("split_maturity of %s: %w", f.ID, err)
			}
			splits = append(splits, []any{f.ID, f.Split, value, maturity})
		}
		for _, pair := range f.parts() {
			parts = append(parts, []any{f.ID, pair[0], pair[1]})
		}
	}
	return errors.Join(
		insertRows(ctx, tx, "to_date_grain", calendar), insertRows(ctx, tx, "kpi_rule", rules),
		insertRows(ctx, tx, "kpi_split", splits), insertRows(ctx, tx, "kpi_part", parts),
		insertRows(ctx, tx, "kpi_witness", witnesses),
	)
}

func dropTemporary(ctx context.Context, tx Execer) error {
	for _, table := range []string{
		"cell", "kpi_header", "kpi_grain", "kpi_covered", "kpi_rule", "kpi_split", "kpi_part", "to_date_grain", "kpi_window",
		"completed", "hidden_cell", "period_part", "shown", "compared", "noise", "kpi_slice", "slice_part", "kpi_reason", "header_link", "to_date_cell", "to_date_period", "kpi_witness", "seen_side", "kpi_since", "kpi_moved",
	} {
		if err := tx.Exec(ctx, "drop table if exists temp."+table); err != nil {
			return err
		}
	}
	return nil
}
