-- severity: fail
-- At each moment a login belongs to one company, a person to each company once
-- and to one of them above the others, and one answer holds for a login and
-- purpose.
with
spans as (
    select 'core.identity_account' as fact, i.identity_id as id, '' as part, i.valid_from, i.valid_to
    from core.identity_account as i
    union all
    select 'core.person_account', p.person_id, p.account_id, p.valid_from, p.valid_to
    from core.person_account as p
    union all
    select 'core.person_account, primary', p.person_id, '', p.valid_from, p.valid_to
    from core.person_account as p
    where p.is_primary
    union all
    select 'core.consent', c.identity_id, c.purpose, c.valid_from, c.valid_to
    from core.consent as c
),

followed as (
    select
        s.*,
        lead(coalesce(s.valid_from, timestamp '0001-01-01')) over (
            partition by s.fact, s.id, s.part order by s.valid_from nulls first, s.valid_to
        ) as next_from
    from spans as s
)

select * from followed
where valid_to <= valid_from or coalesce(valid_to, timestamp '9999-12-31') > next_from
