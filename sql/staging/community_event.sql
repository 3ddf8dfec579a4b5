-- One row per act of a member that a record shows, beside opening threads and
-- writing replies: reactions, votes, bookmarks, shares, visits and the like.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- event_id: source:instance:object:id, one per act
-- community_id: source:instance
-- identity_id: who acted
-- event_type: join, visit, view, search, reaction, vote, poll, bookmark, share, flag, training_view, feedback, referral_share, talk, guide, case_study, research_beta, research_interview, research_test, system
-- reaction: of a reaction or vote: the source's name for it: like, +1, heart
-- thread_id: the thread it was done in
-- content_id: the thread or reply it was done to
-- target_identity_id: whose content that was
-- campaign: campaign it belongs to
-- occurred_at: when; midnight UTC where the source gives a day only
-- is_automated: done by software, not by the person
-- is_removed: taken back, or removed by a moderator
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as event_id,
    cast(null as varchar) as community_id,
    cast(null as varchar) as identity_id,
    cast(null as varchar) as event_type,
    cast(null as varchar) as reaction,
    cast(null as varchar) as thread_id,
    cast(null as varchar) as content_id,
    cast(null as varchar) as target_identity_id,
    cast(null as varchar) as campaign,
    cast(null as timestamp) as occurred_at,
    cast(null as boolean) as is_automated,
    cast(null as boolean) as is_removed,
    cast(null as timestamp) as source_updated_at
where false
