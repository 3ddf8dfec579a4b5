-- One row per person and calendar month in which the person did anything in the
-- product or opened a training resource. Active is who did a key action; where no
-- rule names one, who did anything. Service accounts, staff, bots, test people and
-- events sent by software are left out. Training is an event that a rule calls so,
-- a training resource viewed in a community, or a training or office hour attended.
--
-- person_id: the human
-- month_start: first day of the month
-- is_active: active in the product
-- active_days: local days with what makes active
-- key_actions: key actions
-- logins: logins
-- did_training: opened a training resource
with
basis as (
    select count(*) > 0 as has_key_actions
    from ref.product_event_rule as r
    where r.is_key_action
),

service as (
    select u.identity_id
    from core.product_user as u
    where u.is_service
),

used as (
    select
        p.person_id,
        e.happened_on,
        count(*) filter (where e.is_key_action) as key_actions,
        count(*) filter (where e.is_login) as logins,
        bool_or(e.is_training) as did_training
    from core.product_event as e
    inner join core.person_identity as p on p.identity_id = e.identity_id
    left join service as u on u.identity_id = e.identity_id
    left join core.person_standing as s
        on s.person_id = p.person_id and s.valid_from <= e.happened_at and s.valid_to > e.happened_at
    where not e.is_automated
        and e.happened_on is not null
        and u.identity_id is null
        and s.person_id is null
    group by p.person_id, e.happened_on
),

used_months as (
    select
        u.person_id,
        to_month(u.happened_on) as month_start,
        count(*) filter (where u.key_actions > 0 or not b.has_key_actions) as active_days,
        cast(sum(u.key_actions) as bigint) as key_actions,
        cast(sum(u.logins) as bigint) as logins,
        bool_or(u.did_training) as did_training
    from used as u
    cross join basis as b
    group by u.person_id, to_month(u.happened_on)
),

trained as (
    select a.person_id, to_month(a.happened_on) as month_start
    from mart.activity as a
    where a.event_type = 'training_view' and a.person_id is not null
    union
    select e.person_id, to_month(e.starts_on) as month_start
    from mart.event_participation as e
    where e.is_attended and e.kind in ('training', 'office_hours') and e.person_id is not null
),

both_months as (
    select m.person_id, m.month_start, m.active_days, m.key_actions, m.logins, m.did_training
    from used_months as m
    union all
    select t.person_id, t.month_start, 0, 0, 0, true
    from trained as t
),

final as (
    select
        m.person_id,
        m.month_start,
        sum(m.active_days) > 0 as is_active,
        cast(sum(m.active_days) as bigint) as active_days,
        cast(sum(m.key_actions) as bigint) as key_actions,
        cast(sum(m.logins) as bigint) as logins,
        bool_or(m.did_training) as did_training
    from both_months as m
    group by m.person_id, m.month_start
)

select * from final
