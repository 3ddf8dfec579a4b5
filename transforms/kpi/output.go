package kpi

import "time"

// A Table is what one published table holds, for its comments.
type Table struct {
	Name    string
	Comment string
	Columns [][2]string // name and what it is
}

// Tables are those this package writes, schema kpi; definitions are the KPIs of
// the wide tables' columns.
func Tables(definitions []*Definition) []Table {
	var dictionary [][2]string
	for _, f := range dictionaryFields() {
		dictionary = append(dictionary, [2]string{f.name, f.about})
	}
	return append([]Table{
		{"value", "One row per KPI, grain, period and slice. A KPI that no source feeds has no row.", valueColumns()},
		{"dictionary", "One row per KPI and version of its definition: what it means and how it is computed.", dictionary},
		{"change", "One row per value that can be compared: with the period before, the year before and its baseline. " +
			"Hidden, partial and thin values are not compared, but for the period that is going on: its days so far, with as many of the earlier one. " +
			"That cannot be said, and there is no such row, of KPIs made of stocks or of people's whole periods, of derived ones, and by engagement level. " +
			"Where visits say who is active, no period before they were witnessed (core.capability) is compared with a later one: it lacks those who only read.", changeColumns()},
		{"value_history", "One row per settled value that a later build replaced: one past its maturity and restatement horizon. " +
			"A new definition leaves the old value beside the new for every settled period.", historyColumns()},
		{"influence_link", "One row per hypothesis about what moves a KPI. Stated, not proved.", influenceColumns()},
	}, wideTables(definitions)...)
}

// cellColumns are the columns that name a cell.
func cellColumns() [][2]string {
	return [][2]string{
		{"kpi_id", "id of the KPI, see kpi.dictionary"},
		{"grain", "day, week, month, quarter or year"},
		{"period_start", "first local day of the period"},
		{"segment_type", "all, or what the value is sliced by"},
		{"segment_value", "the slice; all for the whole"},
	}
}

func valueColumns() [][2]string {
	return append(cellColumns(), [][2]string{
		{"period_end", "the day after its last"},
		{"numerator", "what is counted or summed; null where hidden"},
		{"denominator", "what it is divided by, or the number of amounts behind a median"},
		{"value", "the value in the KPI's unit; null where hidden or where nothing stands behind it"},
		{"n", "distinct people behind the denominator; null where hidden or where no people stand behind it"},
		{"ci_low", "lower end of the 95 % interval"},
		{"ci_high", "upper end of the 95 % interval"},
		{"low", "the low case of an estimate"},
		{"high", "the high case of an estimate"},
		{"is_partial", "the period is not over, not covered by every source, or not mature"},
		{"is_final", "covered, mature and past its restatement horizon"},
		{"final_on", "the day from which a change is kept in kpi.value_history"},
		{"status", "ok, zero_denominator, low_n, suppressed, suppressed_complementary or missing_rate"},
		{"definition_version", "version of the definition it was computed by"},
		{"computed_at", "when, UTC"},
		{"build_id", "by which build"},
		{"sql_hash", "identifies the computation"},
	}...)
}

const valueTable = `kpi_id varchar, grain varchar, period_start date, period_end date, segment_type varchar, segment_value varchar,
    numerator double, denominator double, value double, n bigint, ci_low double, ci_high double, low double, high double,
    is_partial boolean, is_final boolean, final_on date, status varchar, definition_version integer,
    computed_at timestamp, build_id varchar, sql_hash varchar`

const insertValues = `insert into kpi.value
select
    s.kpi_id, s.grain, c.period_start, c.period_end, s.segment_type, s.segment_value,
    case when h.slice_no is null then c.numerator end as numerator,
    case when h.slice_no is null then c.denominator end as denominator,
    case when h.slice_no is null then c.value end as value,
    case when h.slice_no is null then c.n end as n,
    case when h.slice_no is null then c.ci_low end as ci_low,
    case when h.slice_no is null then c.ci_high end as ci_high,
    case when h.slice_no is null then c.low end as low,
    case when h.slice_no is null then c.high end as high,
    c.is_partial, c.is_final, c.final_on,
    case
        when h.found_in = 0 then 'suppressed'
        when h.found_in > 0 then 'suppressed_complementary'
        else c.status
    end as status,
    s.version as definition_version,
    cast(? as timestamp) as computed_at,
    cast(? as varchar) as build_id,
    s.sql_hash
from completed as c
inner join kpi_slice as s on s.slice_no = c.slice_no
left join hidden_cell as h on h.slice_no = c.slice_no and h.period_start = c.period_start
where not s.is_to_date
order by c.series_no nulls last, c.period_start nulls last, c.slice_no nulls last`

func changeColumns() [][2]string {
	return append(cellColumns(), [][2]string{
		{"compare_to", "prior_period, prior_year, or baseline: the median of the four complete values before"},
		{"value", "the value; of a period that is going on, that of its days so far"},
		{"prev_value", "the earlier value; beside days so far, that of as many days"},
		{"abs_change", "value less earlier value"},
		{"pct_change", "the change as a share of the earlier value; null where that is 0"},
		{"improvement", "pct_change in the direction of good; null where neither way is"},
		{"is_like_for_like", "both values are of the first days of their periods"},
		{"is_significant", "the change is more than chance; null: fewer than twelve changes to judge by"},
		{"computed_at", "when, UTC"},
	}...)
}

func historyColumns() [][2]string {
	return append(cellColumns(), [][2]string{
		{"replaced_at", "when, UTC"},
		{"old_value", "the value that was published; null where the cell is hidden now"},
		{"new_value", "the value that took its place; null where the cell is hidden now, or gone"},
		{"old_definition_version", "version of the definition that gave the old value"},
		{"definition_version", "version that gave the new one"},
		{"was_final", "the old value was final: covered, mature and past its horizon"},
		{"reason", "definition, rule, backfill, erasure, merge (people merged or split), late_data or restated"},
		{"build_id", "the build that replaced it"},
	}...)
}

func influenceColumns() [][2]string {
	return [][2]string{
		{"result_kpi_id", "the KPI that is moved"},
		{"influencer_kpi_id", "the KPI that is thought to move it"},
		{"expected_sign", "1: both rise together, -1: one falls as the other rises; null: nobody says"},
		{"max_lag", "how many periods the influencer may lead"},
		{"grain", "the periods that are compared"},
		{"origin", "who says so"},
	}
}

// Stamp formats a time for ids and texts: UTC, whole seconds.
func Stamp(t time.Time) string { return t.UTC().Format("20060102T150405Z") }
