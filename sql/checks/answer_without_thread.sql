-- severity: warn
-- Accepted answers stand in a thread that is known.
select x.reply_id, x.thread_id
from core.answer as x
where x.thread_id is not null
    and not exists (select 1 from core.thread as y where y.thread_id = x.thread_id)
