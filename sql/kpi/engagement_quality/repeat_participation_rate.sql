/*
kpi "repeat_participation_rate" {
  name        = "Repeat participation"
  definition  = "Of the people who did something in the month that the engagement rules grade as light or better, the share who did so in at least two different ISO weeks; over a quarter, in at least two different months. A week that crosses the end of a month counts in each of the two months for the days it has there. Two acts in one week are no repetition; visits alone are no participation."
  formula     = "people engaged in two or more weeks of the month (months of the quarter) / people engaged in it"
  data_source = "community platform: threads, replies and other acts; event tool: attendance"
  owner       = "community_manager"
  cadence     = "monthly"
  category    = "engagement_quality"
  measure     = "distinct_ratio"
  of          = "person"
  unit        = "ratio"
  decimals    = 3
  direction   = "up"
  additive    = "no"
  grains      = ["month", "quarter"]
  window      = "calendar month or quarter"
  maturity    = "0d"
  restate     = "35d"
  segments    = ["community_people"]
  sources     = ["community", "events"]
  needs       = ["thread", "thread_reply"]
  min_n       = 20
  leading     = true
  outcome     = false
  influences  = ["member_retention_rate"]
  seeds       = ["S1"]
  parameters  = ["helpful_window_days", "min_attend_minutes", "min_chars"]
}
*/
select
    p.grain,
    p.period_start,
    p.person_id,
    p.community_id,
    p.engaged_parts >= 2 as numerator,
    true as denominator
from mart.person_period as p
where p.is_engaged and p.grain in ('month', 'quarter')
