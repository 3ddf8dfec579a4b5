package kpi

import "context"

// A Reason says why a settled value changed.
type Reason string

// The reasons, of which the first that holds is given. Late data alone is asked
// of a KPI as a whole: a cell in whose window people acted who were merged or
// split is another by merge.
const (
	ByDefinition Reason = "definition" // the select or the measure is another
	ByRule       Reason = "rule"       // a parameter, a rule table or a setting is another
	ByBackfill   Reason = "backfill"   // a stream is new, or reaches further back
	ByErasure    Reason = "erasure"    // people were erased
	ByMerge      Reason = "merge"      // people were merged or split
	ByLateData   Reason = "late_data"  // records arrived or changed
	ByRestated   Reason = "restated"   // nothing of these: how facts are made changed
)

// writeHistory replaces kpi.value_history: all that the lake's history keeps,
// and what this build changed of values that had settled. A value settles when
// its maturity and restatement horizon have passed, whether or not its sources
// cover the period. A value that is or was hidden gives no row; of a cell that
// is hidden now the earlier rows keep no value.
func writeHistory(ctx context.Context, tx Execer, run Run, finished []Finished) error {
	if err := tx.Exec(ctx, "create or replace temp table kpi_reason (kpi_id varchar, reason varchar)"); err != nil {
		return err
	}
	var reasons [][]any
	for _, f := range finished {
		reasons = append(reasons, []any{f.ID, string(f.Reason)})
	}
	if err := insertRows(ctx, tx, "kpi_reason", reasons); err != nil {
		return err
	}
	if err := tx.Exec(ctx, CreateMoved); err != nil {
		return err
	}
	return tx.Exec(ctx, createValueHistory, run.ComputedAt.UTC(), run.BuildID)
}

// CreateMoved makes the table of the days on which somebody acted who was merged
// or split since the build before, unless it is there.
const CreateMoved = "create temp table if not exists kpi_moved (acted_on date)"

const createValueHistory = `create or replace table marts.kpi.value_history as
with
settled as (
    select h.kpi_id, h.grain, h.period_start, h.segment_type, h.segment_value, h.value, h.definition_version, h.is_final
    from lake.history.value as h
    inner join kpi_reason as r on r.kpi_id = h.kpi_id
    where h.status not in ('suppressed', 'suppressed_complementary')
),

changed as (
    select
        s.kpi_id, s.grain, s.period_start, s.segment_type, s.segment_value,
        cast(? as timestamp) as replaced_at,
        s.value as old_value,
        v.value as new_value,
        s.definition_version as old_definition_version,
        coalesce(v.definition_version, s.definition_version) as definition_version,
        s.is_final as was_final,
        r.reason,
        cast(? as varchar) as build_id
    from settled as s
    inner join kpi_reason as r on r.kpi_id = s.kpi_id
    left join kpi.value as v
        on v.kpi_id = s.kpi_id and v.grain = s.grain and v.period_start = s.period_start
        and v.segment_type = s.segment_type and v.segment_value = s.segment_value
    where v.value is distinct from s.value
        and coalesce(v.status, 'ok') not in ('suppressed', 'suppressed_complementary')
        and (v.kpi_id is not null or s.value <> 0)
),

-- Where a period has several maturities, the longest window counts.
moved as (
    select c.kpi_id, c.grain, c.period_start
    from (select distinct c.kpi_id, c.grain, c.period_start from changed as c where c.reason = 'late_data') as c
    inner join kpi_window as w
        on w.kpi_id = c.kpi_id and w.grain = c.grain and w.period_start = c.period_start
    inner join kpi_moved as m on m.acted_on >= w.window_start and m.acted_on < w.mature_on
    group by c.kpi_id, c.grain, c.period_start
),

every_change as (
    select
        c.kpi_id, c.grain, c.period_start, c.segment_type, c.segment_value, c.replaced_at, c.old_value, c.new_value,
        c.old_definition_version, c.definition_version, c.was_final, c.reason, c.build_id
    from lake.history.value_change as c
    union all
    select
        c.kpi_id, c.grain, c.period_start, c.segment_type, c.segment_value, c.replaced_at, c.old_value, c.new_value,
        c.old_definition_version, c.definition_version, c.was_final,
        case when m.kpi_id is null then c.reason else 'merge' end as reason, c.build_id
    from changed as c
    left join moved as m on m.kpi_id = c.kpi_id and m.grain = c.grain and m.period_start = c.period_start
),

final as (
    select
        e.kpi_id, e.grain, e.period_start, e.segment_type, e.segment_value, e.replaced_at,
        case when h.kpi_id is null then e.old_value end as old_value,
        case when h.kpi_id is null then e.new_value end as new_value,
        e.old_definition_version, e.definition_version, e.was_final, e.reason, e.build_id
    from every_change as e
    left join kpi.value as h
        on h.kpi_id = e.kpi_id and h.grain = e.grain and h.period_start = e.period_start
        and h.segment_type = e.segment_type and h.segment_value = e.segment_value
        and h.status in ('suppressed', 'suppressed_complementary')
)

select * from final
order by replaced_at nulls last, kpi_id nulls last, grain nulls last, period_start nulls last,
    segment_type nulls last, segment_value nulls last`

// Remember are the statements, over the lake and the committed marts, that add
// a build whose checks passed to the lake's history. Their one argument, $1, is
// the build's id. Run again they change nothing.
func Remember() []string {
	const isKnown = "exists (select 1 from lake.history.build as b where b.build_id = $1)"
	const isSame = `v.kpi_id = h.kpi_id and v.grain = h.grain and v.period_start = h.period_start
    and v.segment_type = h.segment_type and v.segment_value = h.segment_value`
	return []string{
		`insert into lake.history.value_change
select c.* from marts.kpi.value_history as c where c.build_id = $1 and not ` + isKnown,
		`delete from lake.history.value as h
where not ` + isKnown + `
    and h.kpi_id in (select d.kpi_id from marts.kpi.dictionary as d where d.is_current and d.status = 'configured')
    and not exists (
        select 1 from marts.kpi.value as v
        where ` + isSame + ` and v.value is not distinct from h.value and v.status = h.status and v.is_final = h.is_final
            and v.definition_version = h.definition_version
    )`,
		`insert into lake.history.value
select v.kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value, v.definition_version, v.value, v.status, v.is_final, v.build_id
from marts.kpi.value as v
where not ` + isKnown + `
    and v.final_on <= (select cast(s.value as date) from marts.ref.setting as s where s.name = 'today')
    and not exists (select 1 from lake.history.value as h where ` + isSame + ")",
		`delete from lake.history.definition as h
where not ` + isKnown + ` and exists (
    select 1 from marts.kpi.dictionary as d
    where d.kpi_id = h.kpi_id and d.definition_version = h.definition_version and d.retired_at is distinct from h.retired_at
)`,
		`insert into lake.history.definition
select d.kpi_id, d.definition_version, d.header_version, d.sql_hash, d.select_hash, d.valid_from, d.retired_at, cast(to_json(d) as varchar)
from marts.kpi.dictionary as d
where not ` + isKnown + ` and not exists (
    select 1 from lake.history.definition as h where h.kpi_id = d.kpi_id and h.definition_version = d.definition_version
)`,
		`delete from lake.history.source as s where not ` + isKnown,
		`insert into lake.history.source
select j.type || ':' || j.instance || ':' || j.stream as stream, min(cast(j."from" as timestamp)) as covered_from
from (
    select unnest(from_json(b.watermarks, '[{"type": "VARCHAR", "instance": "VARCHAR", "stream": "VARCHAR", "from": "VARCHAR"}]')) as j
    from marts.kpi.build as b
) as w
where not ` + isKnown + `
group by 1`,
		`insert into lake.history.build
select $1, (select b.started_at from marts.kpi.build as b where b.build_id = $1) where not ` + isKnown,
	}
}
