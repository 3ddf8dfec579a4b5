/*
kpi "meaningful_act_share" {
  name        = "Meaningful share of acts"
  definition  = "Of all acts of members that the engagement rules grade as light or better (tier 1 and up), the share graded as meaningful or high (tier 2 and up): signal against noise. Each act has the tier its rule gave it on the day it happened; acts without a known author are left out."
  formula     = "acts of tier 2 or more / acts of tier 1 or more"
  data_source = "community platform: threads, replies, reactions and accepted answers; event tool: attendance"
  owner       = "community_analyst"
  cadence     = "monthly"
  category    = "engagement_quality"
  variant_of  = "meaningful_engagement_rate"
  measure     = "ratio"
  unit        = "ratio"
  decimals    = 3
  direction   = "up"
  additive    = "no"
  grains      = ["week", "month", "quarter"]
  window      = "calendar period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community", "events"]
  needs       = ["thread", "thread_reply"]
  min_n       = 20
  leading     = true
  outcome     = true
  seeds       = ["S1"]
  parameters  = ["helpful_window_days", "min_attend_minutes", "min_chars"]
}
*/
select
    d.happened_on,
    d.person_id,
    d.community_id,
    d.tier2_acts as numerator,
    d.tier1_acts as denominator
from mart.person_day_community as d
where d.tier1_acts > 0
