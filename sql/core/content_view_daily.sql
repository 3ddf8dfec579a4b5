-- One row per piece of content, day, class of viewer and source: the counts of
-- the record that changed last, ties to the greater record. Those whose record
-- is gone are left out.
--
-- content_type: thread, article, page
-- content_id: what was viewed
-- community_id: source:instance
-- viewed_on: local day of the source's report
-- viewer_class: member, anonymous, staff, bot
-- source: connector type
-- views: views
-- unique_viewers: distinct viewers
with
observed as (
    select
        v.*,
        nullif(split_part(v.record, ':', 1), '') as source,
        row_number() over (
            partition by
                v.content_type, v.content_id, v.view_date, v.viewer_class, nullif(split_part(v.record, ':', 1), '')
            order by coalesce(v.deleted_at, v.source_updated_at) desc nulls last, v.record desc nulls last
        ) as place
    from staging.content_view_daily as v
),

final as (
    select
        o.content_type,
        o.content_id,
        o.community_id,
        o.view_date as viewed_on,
        o.viewer_class,
        o.source as source,
        o.views,
        o.unique_viewers
    from observed as o
    where o.place = 1 and o.deleted_at is null
)

select * from final
