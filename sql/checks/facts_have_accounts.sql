-- severity: fail
-- Every org of a fact is an account, and every account named is known.
select w.id, min(w.fact) as fact
from (
    select distinct r.org_id as id, 'core.survey_response' as fact from core.survey_response as r
    union all
    select distinct u.org_id, 'core.product_user' from core.product_user as u
    union all
    select distinct e.org_id, 'core.product_event' from core.product_event as e
) as w
where w.id is not null
    and not exists (select 1 from core.account_source as s where s.org_id = w.id)
group by w.id
union all
select w.id, min(w.fact)
from (
    select distinct s.account_id as id, 'core.account_source' as fact from core.account_source as s
    union all
    select distinct a.parent_account_id, 'core.account' from core.account as a
    union all
    select distinct i.account_id, 'core.identity_account' from core.identity_account as i
    union all
    select distinct p.account_id, 'core.person_account' from core.person_account as p
    union all
    select distinct d.account_id, 'mart.account_day' from mart.account_day as d
) as w
where w.id is not null
    and not exists (select 1 from core.account as a where a.account_id = w.id)
group by w.id
