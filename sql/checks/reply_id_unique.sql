-- severity: fail
-- A reply has one row.
select r.reply_id, count(*) as copies
from core.thread_reply as r
group by r.reply_id
having count(*) > 1
