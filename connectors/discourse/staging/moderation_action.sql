-- One row per entry of the review queue about a published post: flags, posts
-- that Akismet holds for spam, and posts held for review. Approving a flag
-- upholds it; approving a post held for review (ReviewablePost) lets the post
-- stand. Status: 0 pending, 1 approved, 2 rejected, 3 ignored, 4 deleted. What
-- was flagged is lost where an older forum shows a deleted post no more, and a
-- deleted topic's id stands in a field of its own; when
-- it was decided, and why it was flagged, stand elsewhere in the answer.
select
    record,
    first_seen_at,
    deleted_at,
    'discourse:' || instance || ':reviewable:' || j.id as action_id,
    'discourse:' || instance as community_id,
    case
        when regexp_matches(j.target_url, '/t/[^/]+/[0-9]+(/1)?$') and j.post_id is not null then 'discourse:' || instance || ':topic:' || coalesce(j.topic_id, j.removed_topic_id)
        else 'discourse:' || instance || ':post:' || coalesce(j.post_id, case when j.target_type = 'Post' then j.target_id end)
    end as content_id,
    j.created_at at time zone 'UTC' as flagged_at,
    case
        when j.status = 0 then 'pending'
        when j.status = 3 then 'ignored'
        when j.status = 4 then 'upheld'
        when (j.status = 1) <> (j.type = 'ReviewablePost') then 'upheld'
        when j.status in (1, 2) then 'rejected'
    end as outcome,
    synced_at as source_updated_at
from raw.discourse__reviewables
where j.type in ('ReviewableFlaggedPost', 'ReviewableAkismetPost', 'ReviewablePost')
