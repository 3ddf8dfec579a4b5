-- severity: warn
-- A thread that was merged names one that is known, over at most eight merges
-- and in no circle; else its replies stay where they are.
select distinct s.thread_id, s.merged_into_thread_id
from staging.thread as s
inner join core.thread as t on t.thread_id = s.thread_id
where s.merged_into_thread_id is not null
    and s.deleted_at is null
    and t.merged_into_thread_id is null
