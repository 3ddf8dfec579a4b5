/*
kpi "training_engagement_rate" {
  name         = "Training engagement"
  definition   = "Share of the active users of the product who opened at least one training resource in the period: a guide, a course, office hours. Which events of the product are training is set by product_event rules; views of training content in the community, trainings and office hours attended count as well. Where neither a rule nor a source names any training there is no rate. Hits made by software, such as e-mail scanners opening links, do not. A quarter counts people over its three months."
  formula      = "active product users with a training event / active product users"
  data_source  = "product analytics: events; community platform: views of training content"
  owner        = "cs_lead"
  cadence      = "monthly"
  category     = "engagement_quality"
  measure      = "distinct_ratio"
  of           = "person"
  unit         = "ratio"
  decimals     = 3
  direction    = "up"
  additive     = "no"
  grains       = ["month", "quarter"]
  window       = "calendar month or quarter"
  maturity     = "0d"
  restate      = "14d"
  segments     = ["product_people"]
  sources      = ["product", "community"]
  needs        = ["product_event"]
  capabilities = ["training"]
  min_n        = 20
  leading      = true
  outcome      = false
  influences   = ["customer_churn_rate:-:3"]
  seeds        = ["S2"]
}
*/
select
    u.month_start as happened_on,
    u.person_id,
    u.did_training as numerator,
    true as denominator
from mart.product_user_month as u
where u.is_active
