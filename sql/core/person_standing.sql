-- One row per person and span in which the person was not simply a member: the
-- roles of all logins laid over each other, so that no two spans of a person
-- meet. A bot is a bot first, then a test person, then staff. Open ends are
-- closed, so that a join compares only.
--
-- person_id: the human
-- standing: bot, test or staff
-- valid_from: first instant; 0001-01-01 where it always was so
-- valid_to: end, exclusive; 9999-12-31 while it lasts
with
roles as (
    select
        r.person_id,
        r.role as role,
        case r.role when 'bot' then 1 when 'test' then 2 else 3 end as weight,
        coalesce(r.valid_from, timestamp '0001-01-01 00:00:00') as valid_from,
        coalesce(r.valid_to, timestamp '9999-12-31 00:00:00') as valid_to
    from core.person_role as r
    where r.role in ('bot', 'test', 'staff')
),

cuts as (
    select r.person_id, r.valid_from as cut_at from roles as r
    union
    select r.person_id, r.valid_to from roles as r
),

pieces as (
    select
        c.person_id,
        c.cut_at as valid_from,
        lead(c.cut_at) over (partition by c.person_id order by c.cut_at nulls last) as valid_to
    from cuts as c
),

final as (
    select
        p.person_id,
        min_by(r.role, r.weight) as standing,
        p.valid_from,
        p.valid_to
    from pieces as p
    inner join roles as r
        on r.person_id = p.person_id and r.valid_from <= p.valid_from and r.valid_to >= p.valid_to
    group by p.person_id, p.valid_from, p.valid_to
)

select * from final
