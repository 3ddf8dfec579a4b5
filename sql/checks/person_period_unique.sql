-- severity: fail
-- A person has one row per period and community.
-- Of many rows the numbers that their keys hash to are compared first, and the
-- keys only where two rows share one.
with
shared as (
    select hash(x.grain, x.period_start, x.community_id, x.person_id) as number
    from mart.person_period as x
    where x.grain = 'month'
    group by hash(x.grain, x.period_start, x.community_id, x.person_id)
    having count(*) > 1
)

select x.grain, x.period_start, x.community_id, x.person_id, count(*) as copies
from mart.person_period as x
where x.grain = 'month'
    and hash(x.grain, x.period_start, x.community_id, x.person_id) in (select s.number from shared as s)
group by x.grain, x.period_start, x.community_id, x.person_id
having count(*) > 1
