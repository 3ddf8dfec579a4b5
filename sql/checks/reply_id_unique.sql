-- severity: fail
-- A reply has one row.
-- Of many rows the numbers that their keys hash to are compared first, and the
-- keys only where two rows share one.
with
shared as (
    select hash(x.reply_id) as number
    from core.thread_reply as x
    group by hash(x.reply_id)
    having count(*) > 1
)

select x.reply_id, count(*) as copies
from core.thread_reply as x
where hash(x.reply_id) in (select s.number from shared as s)
group by x.reply_id
having count(*) > 1
