-- One row: where the data begins. Empty periods count 0 from here on.
--
-- first_on: local date of the earliest event; today where there is none
with
events as (
    select created_at as happened_at from staging.thread
    union all
    select created_at from staging.thread_reply
    union all
    select joined_at from staging.community_member
)

select least(coalesce(local_date(min(e.happened_at)), cast(setting('today') as date)), cast(setting('today') as date)) as first_on
from events as e
