-- severity: fail
-- A person has one standing at a time.
with
spans as (
    select
        s.person_id, s.standing, s.valid_from, s.valid_to,
        lead(s.valid_from) over (partition by s.person_id order by s.valid_from) as next_from
    from core.person_standing as s
)

select * from spans
where valid_to <= valid_from or valid_to > next_from
