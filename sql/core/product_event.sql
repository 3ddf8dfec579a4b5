-- One row per event of the product's own tracking, with what the rules of its
-- local day say it means: of the rules of its name the one effective last, then
-- the one that says more. Where several records show one event, each attribute
-- is taken from the one that changed last; events whose latest record is gone
-- are left out.
--
-- event_id: source:instance:object:id
-- identity_id: who
-- org_id: for which company
-- event_name: the product's name for it
-- feature: feature it belongs to
-- happened_at: when, UTC
-- happened_on: the local date of that
-- is_key_action: somebody who does it is active
-- is_value_event: the user got what the product is for
-- is_login: a login
-- is_training: opened a training resource
-- is_automated: sent by software, not by the person
with
repeated as (
    select e.event_id
    from staging.product_event as e
    group by e.event_id
    having count(*) > 1
),

shown_once as (
    select
        e.event_id,
        e.identity_id,
        e.org_id,
        e.event_name,
        e.feature,
        e.occurred_at,
        e.is_automated,
        e.deleted_at is not null as is_gone
    from staging.product_event as e
    left join repeated as m on m.event_id = e.event_id
    where m.event_id is null
),

observed as (
    select
        e.*,
        row_number() over (
            partition by e.event_id
            order by coalesce(e.deleted_at, e.source_updated_at) nulls first, e.record nulls first
        ) as recency
    from staging.product_event as e
    inner join repeated as m on m.event_id = e.event_id
),

chosen as (
    select
        o.event_id,
        max_by(o.identity_id, o.recency) filter (where o.identity_id is not null) as identity_id,
        max_by(o.org_id, o.recency) filter (where o.org_id is not null) as org_id,
        max_by(o.event_name, o.recency) filter (where o.event_name is not null) as event_name,
        max_by(o.feature, o.recency) filter (where o.feature is not null) as feature,
        max_by(o.occurred_at, o.recency) filter (where o.occurred_at is not null) as occurred_at,
        max_by(o.is_automated, o.recency) filter (where o.is_automated is not null) as is_automated,
        max_by(o.deleted_at is not null, o.recency) as is_gone
    from observed as o
    group by o.event_id
),

latest as (
    select * from shown_once
    union all
    select * from chosen
),

localised as (
    select
        l.*,
        local_date(l.occurred_at) as happened_on
    from latest as l
    where not l.is_gone
),

-- What each name means from which day on until the next rule.
rules as (
    select
        r.*,
        row_number() over (
            partition by r.event_name, r.effective_from
            order by
                case when r.is_key_action then 1 else 0 end
                    + case when r.is_value_event then 1 else 0 end
                    + case when r.is_login then 1 else 0 end
                    + case when r.is_training then 1 else 0 end desc nulls last,
                r.feature nulls last
        ) as place
    from ref.product_event_rule as r
),

spans as (
    select
        r.*,
        coalesce(
            lead(r.effective_from) over (partition by r.event_name order by r.effective_from nulls last),
            date '9999-12-31'
        ) as effective_until
    from rules as r
    where r.place = 1
),

final as (
    select
        l.event_id,
        l.identity_id,
        l.org_id,
        l.event_name,
        coalesce(s.feature, l.feature) as feature,
        l.occurred_at as happened_at,
        l.happened_on,
        coalesce(s.is_key_action, false) as is_key_action,
        coalesce(s.is_value_event, false) as is_value_event,
        coalesce(s.is_login, false) as is_login,
        coalesce(s.is_training, false) as is_training,
        coalesce(l.is_automated, false) as is_automated
    from localised as l
    left join spans as s
        on s.event_name = l.event_name
        and s.effective_from <= l.happened_on and s.effective_until > l.happened_on
)

select * from final
