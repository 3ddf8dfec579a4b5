-- One row per community whose source does not date all acceptances: from when
-- on they were watched. An acceptance that was there at the first look at the
-- community may be years old; one that came later, be it the first of all, was
-- made about when it was first seen.
--
-- community_id: where
-- watched_from: the first look, UTC
-- watched_on: the local date of that
with
observed as (
    select distinct a.community_id
    from core.answer as a
    where a.accepted_at_basis = 'observed'
),

final as (
    select
        c.community_id,
        c.first_seen_at as watched_from,
        local_date(c.first_seen_at) as watched_on
    from observed as o
    inner join core.community as c on c.community_id = o.community_id
)

select * from final
