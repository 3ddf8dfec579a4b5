-- severity: fail
-- No two spans of one person and community meet, and none ends before it begins.
with
spans as (
    select
        m.person_id, m.community_id, m.from_on, m.until_on,
        lead(m.from_on) over (partition by m.person_id, m.community_id order by m.from_on) as next_from_on
    from mart.membership as m
)

select * from spans
where until_on <= from_on
    or (next_from_on is not null and (until_on is null or until_on > next_from_on))
