/*
kpi "identity_match_rate" {
  name        = "Identity match rate"
  definition  = "Of the member logins live at the period's end that may be joined with customer data, the share whose person belongs to a company. Logins without consent are on neither side; consent coverage counts them. Links below the confidence of link_confidence_min do not count. What is known of people and companies today holds for past periods as well."
  formula     = "linkable member logins of people with a company / linkable member logins, at the period's end"
  data_source = "community platform: members; CRM, billing, helpdesk and product: companies and who belongs to them"
  owner       = "data_steward"
  cadence     = "weekly"
  category    = "governance"
  measure     = "distinct_ratio"
  of          = "entity"
  unit        = "ratio"
  direction   = "up"
  additive    = "no"
  grains      = ["week", "month"]
  window      = "state at the period's end"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community", "source"]
  sources     = ["community", "crm", "billing", "helpdesk", "product"]
  needs       = ["community_member", "org"]
  leading     = true
  outcome     = true
  influences  = ["retention_lift_matched"]
  seeds       = ["S1"]
  parameters  = ["link_confidence_min"]
}
*/
with
members as (
    select m.*
    from mart.member_login as m
    where m.is_linkable
),

employed as (
    select
        a.person_id,
        coalesce(local_date(a.valid_from), date '0001-01-01') as from_on,
        coalesce(local_date(a.valid_to), date '9999-12-31') as until_on
    from core.person_account as a
    where a.confidence >= param('link_confidence_min')
),

linked as (
    select
        m.identity_id,
        m.person_id,
        m.community_id,
        m.source,
        case when m.from_on > e.from_on then m.from_on else e.from_on end as from_on,
        nullif(
            case when coalesce(m.until_on < e.until_on, false) then m.until_on else e.until_on end,
            date '9999-12-31'
        ) as until_on
    from members as m
    inner join employed as e
        on e.person_id = m.person_id
        and e.until_on > m.from_on and coalesce(e.from_on < m.until_on, true)
    where m.is_sure
),

final as (
    select
        l.from_on, l.until_on, l.identity_id as entity_id, l.person_id, l.community_id, l.source as source,
        true as numerator, false as denominator
    from linked as l
    union all
    select
        m.from_on, m.until_on, m.identity_id as entity_id, m.person_id, m.community_id, m.source as source,
        false as numerator, true as denominator
    from members as m
)

select * from final
