-- severity: fail
-- What people did by day, month and quarter is what they did: acts of tier 1 are
-- the same sum on every way.
with
sums as (
    select
        (select count(*) from mart.activity as a
            inner join ref.calendar as c on c.date_day = a.happened_on
            where a.tier >= 1 and a.person_id is not null) as acts,
        (select coalesce(sum(d.tier1_acts), 0) from mart.person_day_community as d
            inner join ref.calendar as c on c.date_day = d.happened_on) as by_day,
        (select coalesce(sum(p.tier1_acts), 0) from mart.person_period as p
            where p.grain = 'month' and p.community_id = 'all') as by_month,
        (select coalesce(sum(p.tier1_acts), 0) from mart.person_period as p
            where p.grain = 'month' and p.community_id <> 'all') as by_month_and_community,
        (select coalesce(sum(p.tier1_acts), 0) from mart.person_period as p
            where p.grain = 'week' and p.community_id = 'all') as by_week,
        (select coalesce(sum(p.tier1_acts), 0) from mart.person_period as p
            where p.grain = 'quarter' and p.community_id = 'all') as by_quarter
)

select * from sums
where acts <> by_day or acts <> by_month or acts <> by_month_and_community or acts <> by_week or acts <> by_quarter
