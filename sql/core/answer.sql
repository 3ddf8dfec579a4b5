-- One row per acceptance of a reply as the answer of a thread; accepted, taken
-- back and accepted again are two. Where no record dates an acceptance, it
-- counts from when a record first showed it, never from the reply's own date.
-- An acceptance whose records are gone was taken back.
--
-- thread_id: the question; after a merge the thread that took over
-- reply_id: the accepted reply
-- community_id: source:instance
-- accepted_at: when it was accepted, UTC
-- accepted_on: the local date of that
-- accepted_at_basis: stated by the source, or observed
-- accepted_by_identity_id: who accepted it
-- unaccepted_at: when that was taken back; null while it holds
-- is_current: it holds
with
acceptances as (
    select
        a.thread_id,
        a.reply_id,
        a.accepted_at,
        max(a.community_id) as community_id,
        min(a.first_seen_at) as first_seen_at,
        max(a.accepted_by_identity_id) as accepted_by_identity_id,
        case
            when bool_or(a.unaccepted_at is null and a.deleted_at is null) then null
            else max(coalesce(a.unaccepted_at, a.deleted_at))
        end as unaccepted_at
    from staging.answer as a
    where a.thread_id is not null and a.reply_id is not null
    group by a.thread_id, a.reply_id, a.accepted_at
),

dated as (
    select distinct a.thread_id, a.reply_id
    from acceptances as a
    where a.accepted_at is not null
),

final as (
    select
        coalesce(t.merged_into_thread_id, a.thread_id) as thread_id,
        a.reply_id,
        coalesce(a.community_id, t.community_id) as community_id,
        coalesce(a.accepted_at, a.first_seen_at) as accepted_at,
        local_date(coalesce(a.accepted_at, a.first_seen_at)) as accepted_on,
        case when a.accepted_at is null then 'observed' else 'stated' end as accepted_at_basis,
        a.accepted_by_identity_id,
        a.unaccepted_at,
        a.unaccepted_at is null as is_current
    from acceptances as a
    left join dated as d on d.thread_id = a.thread_id and d.reply_id = a.reply_id
    left join core.thread as t on t.thread_id = a.thread_id
    where a.accepted_at is not null or d.thread_id is null
)

select * from final
