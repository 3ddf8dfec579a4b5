-- One row per piece of content and local day on which members viewed it, removed
-- and private threads left out. Where several sources count the same, the one
-- that saw most is believed.
--
-- content_id: what was viewed
-- content_type: thread, article, page
-- community_id: where
-- viewed_on: the local day
-- unique_views: distinct members who viewed it; all views where the source does not tell them apart
-- views: views
-- product_topic: product area of the thread
with
closed_thread as (
    select t.thread_id
    from core.thread as t
    where t.is_removed or t.is_private
),

final as (
    select
        v.content_id,
        v.content_type,
        coalesce(max(v.community_id), max(l.community_id)) as community_id,
        v.viewed_on,
        max(coalesce(v.unique_viewers, v.views)) as unique_views,
        max(v.views) as views,
        max(l.product_topic) as product_topic
    from core.content_view_daily as v
    left join closed_thread as t on t.thread_id = v.content_id
    left join core.thread as l on l.thread_id = v.content_id
    where v.viewer_class = 'member' and t.thread_id is null and v.viewed_on is not null
    group by v.content_id, v.content_type, v.viewed_on
)

select * from final
