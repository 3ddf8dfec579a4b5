-- One row per person who ever counted: joined or was a member of a community, or
-- was active in one, while neither staff nor a bot nor a test person.
--
-- person_id: the human
-- first_joined_at: first join to any community, UTC; null where no source dates one
-- first_joined_on: the local date of that
-- join_month: its month, 2026-02; unknown without one
-- join_channel: how; unknown where no source says
-- first_community_id: where
with
people as (
    select m.person_id from mart.membership as m
    union
    select l.person_id from mart.member_lifecycle as l
    union
    select d.person_id from mart.person_day_community as d
),

joined as (
    select l.*
    from mart.member_lifecycle as l
    where l.is_first_community
),

final as (
    select
        p.person_id,
        j.first_joined_at,
        j.first_joined_on,
        coalesce(substr(cast(j.first_joined_on as varchar), 1, 7), 'unknown') as join_month,
        coalesce(j.join_channel, 'unknown') as join_channel,
        j.community_id as first_community_id
    from people as p
    left join joined as j on j.person_id = p.person_id
)

select * from final
