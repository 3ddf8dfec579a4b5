-- severity: fail
-- An act counts once.
-- Of many rows the numbers that their keys hash to are compared first, and the
-- keys only where two rows share one.
with
shared as (
    select hash(x.event_id) as number
    from mart.activity as x
    group by hash(x.event_id)
    having count(*) > 1
)

select x.event_id, count(*) as copies
from mart.activity as x
where hash(x.event_id) in (select s.number from shared as s)
group by x.event_id
having count(*) > 1
