-- severity: fail
-- An acceptance has one row.
select x.thread_id, x.reply_id, x.accepted_at, count(*) as copies
from core.answer as x
group by x.thread_id, x.reply_id, x.accepted_at
having count(*) > 1
