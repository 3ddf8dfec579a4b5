-- severity: fail
-- In a week no more people are active on its mean day than in the week, and no
-- more in the week than in the thirty days that end with it; in a month no more
-- on its mean day than in the month. Slices by a state of the period are left
-- out: a person's state may differ between the windows.
with
actives as (
    select
        v.grain, v.period_start, v.segment_type, v.segment_value,
        max(case when v.kpi_id = 'community_dau' then v.value end) as dau,
        max(case when v.kpi_id = 'community_wau' then v.value end) as wau,
        max(case when v.kpi_id = 'community_mau' then v.value end) as mau
    from kpi.value as v
    where v.kpi_id in ('community_dau', 'community_wau', 'community_mau')
        and v.segment_type in ('all', 'community', 'join_month', 'join_channel')
        and v.grain in ('week', 'month')
    group by v.grain, v.period_start, v.segment_type, v.segment_value
)

select * from actives
where dau > wau + 1e-9 or wau > mau + 1e-9 or dau > mau + 1e-9
