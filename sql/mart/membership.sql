-- One row per person, community and span of days over which the person was a
-- member who counts: a membership lasted, and the person was neither staff nor a
-- bot nor a test person. Memberships of several logins are laid over each other,
-- so that no two spans of one person and community meet.
--
-- person_id: the human
-- community_id: where
-- identity_id: the login; of several the smallest
-- from_on: first local day
-- until_on: local day on which it had ended; null while it lasts
with
held as (
    select
        p.person_id,
        m.community_id,
        m.identity_id,
        m.from_on,
        m.until_on
    from mart.member_span as m
    inner join core.person_identity as p on p.identity_id = m.identity_id
),

logins as (
    select h.person_id, h.community_id, min(h.identity_id) as identity_id
    from held as h
    group by h.person_id, h.community_id
),

barred as (
    select
        l.person_id,
        l.community_id,
        case
            when s.valid_from > timestamp '0001-01-02 00:00:00' then local_date(s.valid_from)
            else date '0001-01-01'
        end as from_on,
        case
            when s.valid_to < timestamp '9999-12-30 00:00:00' then local_date(s.valid_to)
            else date '9999-12-31'
        end as until_on
    from logins as l
    inner join core.person_standing as s on s.person_id = l.person_id
),

-- One and minus one where a membership, or what bars it, begins and ends.
steps as (
    select h.person_id, h.community_id, h.from_on as day_on, 1 as members, 0 as bars
    from held as h
    union all
    select h.person_id, h.community_id, h.until_on, -1, 0
    from held as h
    union all
    select b.person_id, b.community_id, b.from_on, 0, 1
    from barred as b where b.from_on < b.until_on
    union all
    select b.person_id, b.community_id, b.until_on, 0, -1
    from barred as b where b.from_on < b.until_on
),

days as (
    select
        s.person_id,
        s.community_id,
        s.day_on,
        cast(sum(s.members) as bigint) as members,
        cast(sum(s.bars) as bigint) as bars
    from steps as s
    group by s.person_id, s.community_id, s.day_on
),

running as (
    select
        d.person_id,
        d.community_id,
        d.day_on,
        sum(d.members) over (
            partition by d.person_id, d.community_id order by d.day_on nulls last
            rows between unbounded preceding and current row
        ) > 0
        and sum(d.bars) over (
            partition by d.person_id, d.community_id order by d.day_on nulls last
            rows between unbounded preceding and current row
        ) = 0 as is_live
    from days as d
),

turns as (
    select
        r.*,
        lag(r.is_live) over (
            partition by r.person_id, r.community_id order by r.day_on nulls last
        ) as was_live
    from running as r
),

spans as (
    select
        t.person_id,
        t.community_id,
        t.is_live,
        t.day_on as from_on,
        lead(t.day_on) over (
            partition by t.person_id, t.community_id order by t.day_on nulls last
        ) as until_on
    from turns as t
    where t.is_live is distinct from t.was_live
),

final as (
    select
        s.person_id,
        s.community_id,
        l.identity_id,
        s.from_on,
        nullif(s.until_on, date '9999-12-31') as until_on
    from spans as s
    inner join logins as l on l.person_id = s.person_id and l.community_id = s.community_id
    where s.is_live
)

select * from final
