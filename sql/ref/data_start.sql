-- One row: where the data begins. Empty periods count 0 from here on.
--
-- first_on: local date of the earliest event; today where there is none
with
events as (
    select min(created_at) as happened_at from staging.thread
    union all
    select min(created_at) from staging.thread_reply
    union all
    select min(joined_at) from staging.community_member
    union all
    select min(occurred_at) from staging.community_event
    union all
    select min(starts_at) from staging.community_gathering
    union all
    select min(responded_at) from staging.survey_response
    union all
    select min(occurred_at) from staging.product_event
    union all
    select cast(min(view_date) as timestamp) from staging.content_view_daily
)

select least(coalesce(local_date(min(e.happened_at)), cast(setting('today') as date)), cast(setting('today') as date)) as first_on
from events as e
