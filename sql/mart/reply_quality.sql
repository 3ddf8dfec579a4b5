-- One row per reply of a member that counts, and the helpful votes it got.
--
-- reply_id: the reply
-- thread_id: the thread it stands in
-- community_id: where
-- identity_id: who wrote it
-- person_id: the human behind that
-- is_to_other: in the thread of somebody else
-- created_on: local date on which it was written
-- helpful_votes_14d: people who found it helpful within helpful_window_days
-- first_helpful_at: when the first of them said so, UTC; null without one
-- product_topic: product area of its thread
-- campaign: campaign of its thread
--
-- slice: reply_id
-- slice mart.content: content_id
-- slice mart.helpful_vote: reply_id
with
votes as (
    select
        v.reply_id,
        count(*) as helpful_votes,
        min(v.voted_at) as first_helpful_at
    from mart.helpful_vote as v
    where v.hours_after >= 0 and v.hours_after < 24 * param('helpful_window_days')
    group by v.reply_id
),

final as (
    select
        c.content_id as reply_id,
        c.thread_id,
        c.community_id,
        c.identity_id,
        c.person_id,
        c.is_to_other,
        c.happened_on as created_on,
        coalesce(v.helpful_votes, 0) as helpful_votes_14d,
        v.first_helpful_at,
        c.product_topic,
        c.campaign
    from mart.content as c
    left join votes as v on v.reply_id = c.content_id
    where c.kind = 'reply'
        and c.is_eligible
        and c.standing = 'member'
)

select * from final
