-- severity: fail
-- Slices that do not overlap sum to the whole, unknown included: of an additive
-- KPI all slices, of a stock those with one value per person.
with
sums as (
    select
        v.kpi_id, v.grain, v.period_start, v.segment_type,
        sum(v.value) as parts,
        bool_or(v.status in ('suppressed', 'suppressed_complementary')) as has_hidden
    from kpi.value as v
    inner join kpi.dictionary as d on d.kpi_id = v.kpi_id and d.definition_version = v.definition_version
    where v.segment_type <> 'all'
        and (d.additive = 'add' or (d.additive = 'semi' and v.segment_type in ('join_month', 'join_channel', 'engagement_level')))
    group by v.kpi_id, v.grain, v.period_start, v.segment_type
)

select s.kpi_id, s.grain, s.period_start, s.segment_type, s.parts, w.value as whole
from sums as s
inner join kpi.value as w
    on w.kpi_id = s.kpi_id and w.grain = s.grain and w.period_start = s.period_start and w.segment_type = 'all'
where not s.has_hidden
    and w.status not in ('suppressed', 'suppressed_complementary')
    and abs(s.parts - coalesce(w.value, 0)) > 1e-9 * greatest(1, abs(coalesce(w.value, 0)))
