-- severity: warn
-- Replies stand in a thread that is known.
select r.reply_id, r.thread_id
from core.thread_reply as r
where not exists (select 1 from core.thread as t where t.thread_id = r.thread_id)
