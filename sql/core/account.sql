-- One row per company. What its orgs say of it is taken from the record that
-- changed last; of several orgs the CRM names it and its owner, then billing,
-- the helpdesk, the product, and of these the one known longest. It is a customer, ourselves or a test if one of its
-- orgs is.
--
-- account_id: the company; stable over builds
-- name: what it is called; null where only ids are known
-- domain: the shortest domain of its people's addresses
-- parent_account_id: the company that owns it
-- orgs: how many entries of sources it is
-- is_customer: buys from us
-- is_internal: is ourselves
-- is_test: made for tests
-- created_at: when a source first knew it
with
kinds as (
    select
        k.source,
        k.source_instance,
        min(case k.kind when 'crm' then 1 when 'billing' then 2 when 'helpdesk' then 3 when 'product' then 4 else 5 end) as weight
    from ref.config_instance as k
    group by k.source, k.source_instance
),

observed as (
    select
        o.*,
        coalesce(k.weight, 5) as weight,
        row_number() over (
            partition by o.org_id
            order by (o.deleted_at is null) nulls first, o.source_updated_at nulls first, o.record nulls first
        ) as recency
    from staging.org as o
    left join kinds as k
        on k.source = nullif(split_part(o.record, ':', 1), '') and k.source_instance = nullif(split_part(o.record, ':', 2), '')
),

orgs as (
    select
        o.org_id,
        min(o.weight) as weight,
        max_by(o.name, o.recency) filter (where o.name is not null) as name,
        max_by(o.parent_org_id, o.recency) filter (where o.parent_org_id is not null) as parent_org_id,
        max_by(o.is_customer, o.recency) filter (where o.is_customer is not null) as is_customer,
        max_by(o.is_internal, o.recency) filter (where o.is_internal is not null) as is_internal,
        max_by(o.is_test, o.recency) filter (where o.is_test is not null) as is_test,
        min(o.created_at) as created_at,
        min(o.first_seen_at) as first_seen_at
    from observed as o
    group by o.org_id
),

entries as (
    select
        s.account_id,
        o.name,
        p.account_id as parent_account_id,
        o.is_customer,
        o.is_internal,
        o.is_test,
        o.created_at,
        row_number() over (
            partition by s.account_id
            order by
                coalesce(o.weight, 6) nulls last, o.created_at nulls last, o.first_seen_at nulls last, s.org_id nulls last
        ) as place
    from core.account_source as s
    left join orgs as o on o.org_id = s.org_id
    left join core.account_source as p on p.org_id = o.parent_org_id and p.account_id <> s.account_id
),

domains as (
    select
        d.account_id,
        d.domain,
        row_number() over (partition by d.account_id order by length(d.domain) nulls last, d.domain nulls last) as place
    from identity.account_domain as d
    where d.valid_to is null
),

companies as (
    select
        e.account_id,
        min_by(e.name, e.place) filter (where e.name is not null) as name,
        min_by(e.parent_account_id, e.place) filter (where e.parent_account_id is not null) as parent_account_id,
        count(*) as orgs,
        coalesce(bool_or(e.is_customer), false) as is_customer,
        coalesce(bool_or(e.is_internal), false) as is_internal,
        coalesce(bool_or(e.is_test), false) as is_test,
        min(e.created_at) as created_at
    from entries as e
    group by e.account_id
),

final as (
    select
        c.account_id,
        c.name as name,
        d.domain,
        c.parent_account_id,
        c.orgs,
        c.is_customer,
        c.is_internal,
        c.is_test,
        c.created_at
    from companies as c
    left join domains as d on d.account_id = c.account_id and d.place = 1
)

select * from final
