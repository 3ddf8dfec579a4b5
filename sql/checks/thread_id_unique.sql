-- severity: fail
-- A thread has one row.
select t.thread_id, count(*) as copies
from core.thread as t
group by t.thread_id
having count(*) > 1
