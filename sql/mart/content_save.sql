-- One row per person and content the person bookmarked, by the first time.
--
-- person_id: the human
-- content_id: the thread or reply
-- community_id: where
-- saved_on: local date of the first bookmark
-- product_topic: product area of its thread
select
    a.person_id,
    coalesce(a.content_id, a.thread_id) as content_id,
    min(a.community_id) as community_id,
    min(a.happened_on) as saved_on,
    min(a.product_topic) as product_topic
from mart.activity as a
where a.event_type = 'bookmark'
    and a.person_id is not null
    and coalesce(a.content_id, a.thread_id) is not null
group by a.person_id, coalesce(a.content_id, a.thread_id)
