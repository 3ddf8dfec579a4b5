-- severity: fail
-- A thread or reply has one row.
-- Of many rows the numbers that their keys hash to are compared first, and the
-- keys only where two rows share one.
with
shared as (
    select hash(x.content_id) as number
    from mart.content as x
    group by hash(x.content_id)
    having count(*) > 1
)

select x.content_id, count(*) as copies
from mart.content as x
where hash(x.content_id) in (select s.number from shared as s)
group by x.content_id
having count(*) > 1
