/*
kpi "content_save_rate" {
  name         = "Content save rate"
  definition   = "Bookmarks that members put on content of the community, each person and piece of content once, against the unique member views of content (unique viewers of each piece and day, summed). Where no source says how often members viewed content there is no rate: posts are no stand-in for views. Views have no person, so the rate is sliced by community and topic only."
  formula      = "distinct (person, content) saved / unique member views of content"
  data_source  = "community platform: bookmarks; community platform or web analytics: daily content views by class of viewer"
  owner        = "community_manager"
  cadence      = "monthly"
  category     = "engagement_quality"
  measure      = "ratio"
  unit         = "ratio"
  decimals     = 3
  direction    = "up"
  additive     = "no"
  grains       = ["month", "quarter"]
  window       = "saves and views in the period"
  maturity     = "0d"
  restate      = "35d"
  segments     = ["community", "product_topic"]
  sources      = ["community", "web"]
  needs        = ["community_event", "content_view_daily"]
  capabilities = ["member_views"]
  min_n        = 100
  leading      = true
  outcome      = false
  influences   = ["content_share_rate"]
  seeds        = ["S1"]
}
*/
with
saves as (
    select
        s.saved_on as happened_on,
        s.community_id,
        s.product_topic,
        1 as numerator,
        0 as denominator
    from mart.content_save as s
),

views as (
    select
        v.viewed_on as happened_on,
        v.community_id,
        v.product_topic,
        0 as numerator,
        v.unique_views as denominator
    from mart.content_view as v
),

final as (
    select * from saves
    union all
    select * from views
)

select * from final
