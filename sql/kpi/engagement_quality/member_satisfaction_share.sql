/*
kpi "member_satisfaction_share" {
  name        = "Member satisfaction"
  definition  = "Share of valid answers to surveys about the community (was it useful, are you satisfied) that lie in the top third of their scale. Scales of any length and direction are moved to 0-1 first, so 4 and 5 of 1-5 count, and 7 to 10 of 1-10. Only people who held a membership on the day they answered are asked for; everybody else's answers are left out. Each answer counts."
  formula     = "answers at or above two thirds of the scale / valid answers of members"
  data_source = "survey tool: answers to community surveys; community platform: memberships"
  owner       = "community_analyst"
  cadence     = "quarterly"
  category    = "engagement_quality"
  measure     = "ratio"
  unit        = "ratio"
  decimals    = 3
  direction   = "up"
  additive    = "no"
  grains      = ["month", "quarter"]
  window      = "answers given in the period"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["survey"]
  sources     = ["survey", "community"]
  needs       = ["survey", "survey_question", "survey_response", "community_member"]
  min_n       = 30
  privacy_k   = 10
  leading     = false
  outcome     = true
  seeds       = ["S1"]
  parameters  = ["top_scale_share"]
}
*/
select
    s.responded_on as happened_on,
    s.person_id,
    s.response_id as entity_id,
    s.survey_mode,
    s.is_top as numerator,
    true as denominator
from mart.survey_score as s
where s.kind = 'community_sat' and s.is_valid and s.is_member
