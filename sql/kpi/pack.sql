-- One row per pack, KPI of the pack and period of its cadence, for the whole
-- community. A KPI that no source feeds has no row.
--
-- pack: operations, programme, product or impact
-- place: order within the pack
-- kpi_id: id of the KPI, see kpi.dictionary
-- name: display name
-- grain: week, month or quarter: the pack's cadence
-- period_start: first local day of the period
-- period_end: the day after its last
-- value: the value in the KPI's unit; null where hidden or where nothing stands behind it
-- unit: unit of the value; ratios are 0 to 1
-- direction: which way is better: up, down, either
-- ci_low: lower end of the 95 % interval
-- ci_high: upper end of the 95 % interval
-- n: distinct people behind the denominator
-- status: ok, zero_denominator, low_n, suppressed, suppressed_complementary or missing_rate
-- is_partial: the period is not over, not covered by every source, or not mature
-- is_final: covered, mature and past its restatement horizon
-- prior_period_change: value less that of the period before, like for like
-- prior_period_pct: that change as a share of the earlier value
-- prior_year_change: value less that of a year before, like for like
-- prior_year_pct: that change as a share of the earlier value
-- is_significant: whether the change on the period before is more than chance; null: too short a history to tell
-- target_value: the target set for the period
-- leading: a leading indicator
-- outcome: an outcome rather than an activity
-- owner: role that answers for it
with
members as (
    select m.pack, m.grain, cast(m.place as integer) as place, m.kpi_id
    from (
    values
        ('operations', 'week', 1, 'first_response_time_median_hours'),
        ('operations', 'week', 2, 'first_response_within_24h_rate'),
        ('operations', 'week', 3, 'unanswered_question_rate'),
        ('operations', 'week', 4, 'unanswered_question_backlog'),
        ('operations', 'week', 5, 'community_wau'),
        ('operations', 'week', 6, 'returning_active_member_rate'),
        ('operations', 'week', 7, 'flagged_content_rate'),
        ('operations', 'week', 8, 'ticket_volume'),
        ('operations', 'week', 9, 'support_first_response_time_median_minutes'),
        ('operations', 'week', 10, 'identity_match_rate'),
        ('programme', 'month', 1, 'new_member_activation_rate'),
        ('programme', 'month', 2, 'contributor_rate'),
        ('programme', 'month', 3, 'meaningful_engagement_rate'),
        ('programme', 'month', 4, 'accepted_solution_rate'),
        ('programme', 'month', 5, 'repeat_participation_rate'),
        ('programme', 'month', 6, 'event_participation_rate'),
        ('programme', 'month', 7, 'member_retention_rate'),
        ('programme', 'month', 8, 'advocate_rate'),
        ('programme', 'month', 9, 'content_share_rate'),
        ('programme', 'month', 10, 'nps'),
        ('product', 'month', 1, 'customer_churn_rate'),
        ('product', 'month', 2, 'key_actions_per_user'),
        ('product', 'month', 3, 'session_minutes_per_user'),
        ('product', 'month', 4, 'logins_per_user'),
        ('product', 'month', 5, 'product_stickiness_dau_mau'),
        ('product', 'month', 6, 'nps'),
        ('product', 'month', 7, 'ces_mean'),
        ('product', 'month', 8, 'support_tickets_per_user'),
        ('product', 'month', 9, 'bug_reports_count'),
        ('product', 'month', 10, 'time_to_value_median_hours'),
        ('product', 'month', 11, 'feature_adoption_rate'),
        ('impact', 'quarter', 1, 'retention_lift_matched'),
        ('impact', 'quarter', 2, 'expansion_rate_engaged'),
        ('impact', 'quarter', 3, 'ticket_rate_difference_matched'),
        ('impact', 'quarter', 4, 'ticket_deflection_rate_est'),
        ('impact', 'quarter', 5, 'support_cost_savings_est'),
        ('impact', 'quarter', 6, 'referral_signups'),
        ('impact', 'quarter', 7, 'community_influenced_revenue_share'),
        ('impact', 'quarter', 8, 'cost_per_engaged_member'),
        ('impact', 'quarter', 9, 'community_roi'),
        ('impact', 'quarter', 10, 'net_revenue_retention')
    ) as m (pack, grain, place, kpi_id)
),

changes as (
    select c.kpi_id, c.grain, c.period_start, c.compare_to, c.abs_change, c.pct_change, c.is_significant
    from kpi.change as c
    where c.segment_type = 'all'
),

final as (
    select
        m.pack,
        m.place,
        v.kpi_id,
        d.name,
        v.grain,
        v.period_start,
        v.period_end,
        v.value,
        d.unit,
        d.direction,
        v.ci_low,
        v.ci_high,
        v.n,
        v.status,
        v.is_partial,
        v.is_final,
        p.abs_change as prior_period_change,
        p.pct_change as prior_period_pct,
        y.abs_change as prior_year_change,
        y.pct_change as prior_year_pct,
        p.is_significant,
        t.target_value,
        d."leading",
        d.outcome,
        d.owner
    from members as m
    inner join kpi.value as v on v.kpi_id = m.kpi_id and v.grain = m.grain and v.segment_type = 'all'
    inner join kpi.dictionary as d on d.kpi_id = v.kpi_id and d.definition_version = v.definition_version
    left join changes as p
        on p.kpi_id = v.kpi_id and p.grain = v.grain and p.period_start = v.period_start
        and p.compare_to = 'prior_period'
    left join changes as y
        on y.kpi_id = v.kpi_id and y.grain = v.grain and y.period_start = v.period_start
        and y.compare_to = 'prior_year'
    left join kpi.target as t
        on t.kpi_id = v.kpi_id and t.grain = v.grain and t.period_start = v.period_start
        and t.segment_type = 'all'
)

select * from final
order by pack nulls last, period_start nulls last, place nulls last
