-- severity: fail
-- What one KPI says follows from another: contributors per lurker from the
-- contributor rate cr, as cr / (1 - cr); the parts of the contributor rate; all
-- active members from the denominators of shares of them.
with
cells as (
    select
        v.grain, v.period_start, v.segment_type, v.segment_value,
        max(case when v.kpi_id = 'contributor_rate' then v.value end) as contributor_rate,
        max(case when v.kpi_id = 'contributor_rate' then v.denominator end) as rated,
        max(case when v.kpi_id = 'contributor_lurker_ratio' then v.value end) as contributors_per_lurker,
        max(case when v.kpi_id = 'meaningful_engagement_rate' then v.denominator end) as engaged_of,
        max(case when v.kpi_id = 'community_mau' then v.value end) as mau
    from kpi.value as v
    where v.kpi_id in ('contributor_rate', 'contributor_lurker_ratio', 'meaningful_engagement_rate', 'community_mau')
    group by v.grain, v.period_start, v.segment_type, v.segment_value
)

select c.*, 'contributors per lurker' as identity
from cells as c
where abs(c.contributors_per_lurker * (1 - c.contributor_rate) - c.contributor_rate) > 1e-9
union all
select c.*, 'active members' as identity
from cells as c
where c.grain = 'month' and c.segment_type in ('all', 'community')
    and (abs(c.rated - c.mau) > 1e-9 or abs(c.engaged_of - c.mau) > 1e-9)
