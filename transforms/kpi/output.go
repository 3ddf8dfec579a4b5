package kpi

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// A Table is what one published table holds, for its comments.
type Table struct {
	Name    string
	Comment string
	Columns [][2]string // name and what it is
}

// Tables are those this package writes, schema kpi.
func Tables() []Table {
	value := [][2]string{
		{"kpi_id", "id of the KPI, see kpi.dictionary"},
		{"grain", "day, week, month, quarter or year"},
		{"period_start", "first local day of the period"},
		{"period_end", "the day after its last"},
		{"segment_type", "all, or what the value is sliced by"},
		{"segment_value", "the slice; all for the whole"},
		{"numerator", "what is counted or summed; null where hidden"},
		{"denominator", "what it is divided by, or the number of amounts behind a median"},
		{"value", "the value in the KPI's unit; null where hidden or where nothing stands behind it"},
		{"n", "distinct people behind the denominator; null where hidden"},
		{"ci_low", "lower end of the 95 % interval"},
		{"ci_high", "upper end of the 95 % interval"},
		{"is_partial", "the period is not over, not covered by every source, or not mature"},
		{"is_final", "covered, mature and past its restatement horizon"},
		{"status", "ok, zero_denominator, low_n, suppressed or suppressed_complementary"},
		{"definition_version", "version of the definition it was computed by"},
		{"computed_at", "when, UTC"},
		{"build_id", "by which build"},
		{"sql_hash", "identifies select and parameters"},
	}
	return []Table{
		{"value", "One row per KPI, grain, period and slice. A KPI that no source feeds has no row.", value},
		{"latest", "The newest whole period of every KPI, grain and slice; the newest partial one where none is whole.", value},
		{"dictionary", "One row per KPI: what it means and how it is computed.", dictionaryColumns()},
	}
}

const createValue = `create or replace table marts.kpi.value (
    kpi_id varchar, grain varchar, period_start date, period_end date, segment_type varchar, segment_value varchar,
    numerator double, denominator double, value double, n bigint, ci_low double, ci_high double,
    is_partial boolean, is_final boolean, status varchar, definition_version integer,
    computed_at timestamp, build_id varchar, sql_hash varchar)`

const createLatest = `create or replace table marts.kpi.latest as
with
placed as (
    select
        v.*,
        row_number() over (
            partition by v.kpi_id, v.grain, v.segment_type, v.segment_value
            order by v.is_partial nulls last, v.period_start desc nulls last
        ) as place
    from kpi.value as v
)

select
    p.kpi_id, p.grain, p.period_start, p.period_end, p.segment_type, p.segment_value, p.numerator, p.denominator,
    p.value, p.n, p.ci_low, p.ci_high, p.is_partial, p.is_final, p.status, p.definition_version, p.computed_at,
    p.build_id, p.sql_hash
from placed as p
where p.place = 1
order by p.kpi_id nulls last, p.grain nulls last, p.segment_type nulls last, p.segment_value nulls last`

// An Entry is one row of kpi.dictionary.
type Entry struct {
	*Definition
	Hash       string
	Parameters map[string]string // values of all parameters, by name
	Missing    string            // why it is not configured; "" when it is
}

func dictionaryColumns() [][2]string {
	return [][2]string{
		{"kpi_id", "id, stable for ever"}, {"definition_version", "rises with every change of meaning"},
		{"name", "display name"}, {"category", "family"}, {"definition", "what it says"}, {"formula", "how it is computed, in words"},
		{"data_source", "where it comes from"}, {"owner", "role that answers for it"}, {"cadence", "weekly, monthly or quarterly review"},
		{"measure", "count, distinct, ratio, sum, mean or median"}, {"kpi_type", "simple, ratio, mean or median"},
		{"unit", "unit of the value; ratios are 0 to 1"}, {"direction", "which way is better: up, down, either"},
		{"additive", "add: sums over time and disjoint slices; semi: over slices; no"}, {"leading", "a leading indicator"},
		{"outcome", "an outcome rather than an activity"}, {"is_vanity", "volume only: no target"}, {"grains", "comma-joined"},
		{"window", "what falls into a period"}, {"windows", "windows by grain that are not the calendar period"},
		{"maturity_days", "days after a period until its value is whole"}, {"restate_days", "days after that until it is final"},
		{"segments", "segment sets and columns, comma-joined"}, {"sources", "kinds of source it needs, comma-joined"},
		{"min_n", "below it a value has status low_n"}, {"privacy_k", "below so many people a slice is hidden"},
		{"variant_of", "id of the KPI it varies"}, {"influences", "ids of KPIs it is thought to move, comma-joined"},
		{"seeds", "where it was first named, comma-joined"}, {"parameters", "name=value, comma-joined"},
		{"status", "configured or not_configured"}, {"missing", "what is missing where it is not configured"},
		{"sql_text", "the select over the published tables"}, {"sql_hash", "identifies select and parameters"},
	}
}

// WriteDictionary replaces kpi.dictionary.
func WriteDictionary(ctx context.Context, tx Execer, entries []Entry) error {
	create := `create or replace table marts.kpi.dictionary (
    kpi_id varchar, definition_version integer, name varchar, category varchar, definition varchar, formula varchar,
    data_source varchar, owner varchar, cadence varchar, measure varchar, kpi_type varchar, unit varchar,
    direction varchar, additive varchar, "leading" boolean, outcome boolean, is_vanity boolean, grains varchar,
    "window" varchar, windows varchar, maturity_days integer, restate_days integer, segments varchar,
    sources varchar, min_n integer, privacy_k integer, variant_of varchar, influences varchar, seeds varchar,
    parameters varchar, status varchar, missing varchar, sql_text varchar, sql_hash varchar)`
	if err := tx.Exec(ctx, create); err != nil {
		return err
	}
	for _, e := range entries {
		row := e.row()
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(row)), ", ")
		if err := tx.Exec(ctx, "insert into kpi.dictionary values ("+marks+")", row...); err != nil {
			return fmt.Errorf("write dictionary row %s: %w", e.ID, err)
		}
	}
	return nil
}

func (e *Entry) row() []any {
	status := "configured"
	if e.Missing != "" {
		status = "not_configured"
	}
	var windows, parameters []string
	for _, grain := range e.Grains {
		if w := e.Windows[grain]; w != "" {
			windows = append(windows, grain+"="+w)
		}
	}
	for _, name := range e.Definition.Parameters {
		parameters = append(parameters, name+"="+e.Parameters[name])
	}
	return []any{e.ID, e.Version, e.Name, e.Category, e.Definition.Definition, e.Formula, e.DataSource, e.Owner, e.Cadence,
		e.Measure, e.kpiType(), e.Unit, e.Direction, e.Additive, e.Leading, e.Outcome, e.Vanity, joined(e.Grains),
		e.Window, joined(windows), e.MaturityDays, e.RestateDays, joined(e.Segments), joined(e.Sources), e.MinN, e.PrivacyK,
		null(e.VariantOf), joined(e.Influences), joined(e.Seeds), joined(parameters), status, null(e.Missing), e.SQL, e.Hash}
}

func joined(list []string) any { return null(strings.Join(list, ",")) }

func null(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// Stamp formats a time for ids and texts: UTC, whole seconds.
func Stamp(t time.Time) string { return t.UTC().Format("20060102T150405Z") }
