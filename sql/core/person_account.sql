-- One row per person, company and span in which the person belongs to it. At
-- each moment one of a person's companies is the primary one, by the order of
-- core.account_evidence. Logins that may not be joined with customer data are
-- left out; what they do counts to the company of core.identity_account.
--
-- person_id: the human
-- account_id: the company
-- is_primary: the person's main company over that span
-- method: the strongest reason: manual, crm, billing, helpdesk, product or domain
-- confidence: how sure it is, 0 to 1
-- valid_from: first instant; null: always
-- valid_to: end, exclusive; null: still
with
best as (
    select
        e.*,
        row_number() over (
            partition by e.person_id, e.account_id, e.valid_from
            order by e.weight nulls last, e.began_at desc nulls last, e.confidence desc nulls last, e.identity_id nulls last
        ) as place
    from core.account_evidence as e
    inner join core.person_identity as p on p.identity_id = e.identity_id and p.is_linkable
),

ranked as (
    select
        b.*,
        row_number() over (
            partition by b.person_id, b.valid_from
            order by b.weight nulls last, b.began_at desc nulls last, b.confidence desc nulls last, b.account_id nulls last
        ) = 1 as is_primary
    from best as b
    where b.place = 1
),

turns as (
    select
        r.*,
        coalesce(
            lag(r.valid_to) over w = r.valid_from
            and lag(r.is_primary) over w = r.is_primary
            and lag(r.method) over w = r.method,
            false
        ) as goes_on
    from ranked as r
    window w as (partition by r.person_id, r.account_id order by r.valid_from nulls last)
),

spans as (
    select
        t.*,
        sum(case when t.goes_on then 0 else 1 end) over (
            partition by t.person_id, t.account_id order by t.valid_from nulls last
            rows between unbounded preceding and current row
        ) as span
    from turns as t
),

final as (
    select
        s.person_id,
        s.account_id,
        s.is_primary,
        s.method,
        max(s.confidence) as confidence,
        nullif(min(s.valid_from), timestamp '0001-01-01 00:00:00') as valid_from,
        nullif(max(s.valid_to), timestamp '9999-12-31 00:00:00') as valid_to
    from spans as s
    group by s.person_id, s.account_id, s.is_primary, s.method, s.span
)

select * from final
