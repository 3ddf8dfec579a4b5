-- severity: warn
-- Accepted answers are replies that are known.
select x.thread_id, x.reply_id
from core.answer as x
where x.reply_id is not null
    and not exists (select 1 from core.thread_reply as y where y.reply_id = x.reply_id)
