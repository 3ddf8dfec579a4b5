/*
kpi "consent_coverage_rate" {
  name        = "Consent coverage"
  definition  = "Of the member logins live at the period's end, the share with a recorded lawful basis for identity matching: granted, or another basis on record. An answer withdrawn or refused covers nothing from that instant, whatever other sources say. The basis that the configuration states for all is no record of anybody's answer."
  formula     = "member logins with a recorded basis / member logins, at the period's end"
  data_source = "community platform: members; CRM and community: consent"
  owner       = "data_steward"
  cadence     = "monthly"
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
  sources     = ["community", "crm"]
  needs       = ["community_member", "consent"]
  leading     = true
  outcome     = true
  influences  = ["identity_match_rate"]
  seeds       = ["S1"]
}
*/
with
granted as (
    select
        c.identity_id,
        local_date(c.valid_from) as from_on,
        coalesce(local_date(c.valid_to), date '9999-12-31') as until_on
    from core.consent as c
    where c.purpose = 'identity_matching' and c.status = 'granted'
),

covered as (
    select
        m.identity_id,
        m.person_id,
        m.community_id,
        m.source,
        case when m.from_on > g.from_on then m.from_on else g.from_on end as from_on,
        nullif(
            case when coalesce(m.until_on < g.until_on, false) then m.until_on else g.until_on end,
            date '9999-12-31'
        ) as until_on
    from mart.member_login as m
    inner join granted as g
        on g.identity_id = m.identity_id
        and g.until_on > m.from_on and coalesce(g.from_on < m.until_on, true)
),

final as (
    select
        c.from_on, c.until_on, c.identity_id as entity_id, c.person_id, c.community_id, c.source as source,
        true as numerator, false as denominator
    from covered as c
    union all
    select
        m.from_on, m.until_on, m.identity_id as entity_id, m.person_id, m.community_id, m.source as source,
        false as numerator, true as denominator
    from mart.member_login as m
)

select * from final
