-- One row per login, company and span in which the login belongs to it: by a
-- membership of that very login, else by the domain of its own address. A login
-- belongs to one company at a time. See core.account_evidence for the reasons.
--
-- identity_id: source:instance:user
-- account_id: the company
-- method: manual, crm, billing, helpdesk, product or domain
-- confidence: how sure it is, 0 to 1
-- valid_from: first instant; null: always
-- valid_to: end, exclusive; null: still
with
ranked as (
    select
        e.*,
        row_number() over (
            partition by e.identity_id, e.valid_from
            order by e.weight nulls last, e.began_at desc nulls last, e.confidence desc nulls last, e.account_id nulls last
        ) as place
    from core.account_evidence as e
),

turns as (
    select
        r.*,
        coalesce(
            lag(r.valid_to) over w = r.valid_from
            and lag(r.account_id) over w = r.account_id
            and lag(r.method) over w = r.method,
            false
        ) as goes_on
    from ranked as r
    where r.place = 1
    window w as (partition by r.identity_id order by r.valid_from nulls last)
),

spans as (
    select
        t.*,
        sum(case when t.goes_on then 0 else 1 end) over (
            partition by t.identity_id order by t.valid_from nulls last rows between unbounded preceding and current row
        ) as span
    from turns as t
),

final as (
    select
        s.identity_id,
        s.account_id,
        s.method,
        max(s.confidence) as confidence,
        nullif(min(s.valid_from), timestamp '0001-01-01 00:00:00') as valid_from,
        nullif(max(s.valid_to), timestamp '9999-12-31 00:00:00') as valid_to
    from spans as s
    group by s.identity_id, s.account_id, s.method, s.span
)

select * from final
