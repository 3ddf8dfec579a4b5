-- One row per hypothesis about what moves a KPI: stated by somebody, to be
-- tested, never proved by being listed.
--
-- result_kpi_id: the KPI that is moved
-- influencer_kpi_id: the KPI that is thought to move it
-- expected_sign: 1: both rise together, -1: one falls as the other rises
-- max_lag: how many periods the influencer may lead
-- grain: the periods that are compared
-- origin: who says so
select
    i.result_kpi_id,
    i.influencer_kpi_id,
    cast(i.expected_sign as integer) as expected_sign,
    cast(i.max_lag as integer) as max_lag,
    i.grain,
    i.origin
from (
    values
        ('customer_churn_rate', 'key_actions_per_user', -1, 3, 'month', 'S4'),
        ('customer_churn_rate', 'session_minutes_per_user', -1, 3, 'month', 'S4'),
        ('customer_churn_rate', 'logins_per_user', -1, 3, 'month', 'S4'),
        ('customer_churn_rate', 'product_stickiness_dau_mau', -1, 3, 'month', 'S4'),
        ('nps', 'support_tickets_per_user', -1, 2, 'month', 'S4'),
        ('nps', 'support_first_response_time_mean_minutes', -1, 2, 'month', 'S4'),
        ('nps', 'bug_reports_count', -1, 2, 'month', 'S4'),
        ('nps', 'ces_mean', 1, 2, 'month', 'S4'),
        ('customer_retention_rate', 'time_to_value_median_hours', -1, 4, 'month', 'S2'),
        ('customer_churn_rate', 'customer_health_score', -1, 3, 'month', 'S2'),
        ('customer_churn_rate', 'nps', -1, 3, 'month', 'S2'),
        ('net_revenue_retention', 'time_to_value_median_hours', -1, 3, 'month', 'S2'),
        ('net_revenue_retention', 'expansion_rate', 1, 3, 'month', 'S2'),
        ('csat_positive_share', 'first_contact_resolution_rate', 1, 2, 'week', 'S2'),
        ('csat_positive_share', 'support_resolution_time_median_hours', -1, 2, 'week', 'S2'),
        ('member_retention_rate', 'new_member_activation_rate', 1, 2, 'month', 'S1 implied'),
        ('member_retention_rate', 'first_response_time_median_hours', -1, 2, 'month', 'S1 implied'),
        ('member_retention_rate', 'unanswered_question_rate', -1, 2, 'month', 'S1 implied'),
        ('member_retention_rate', 'meaningful_engagement_rate', 1, 2, 'month', 'S1 implied'),
        ('tickets_per_active_customer', 'accepted_solution_rate', -1, 3, 'month', 'S1, S2 implied'),
        ('tickets_per_active_customer', 'solved_thread_views', -1, 3, 'month', 'S1, S2 implied'),
        ('tickets_per_active_customer', 'knowledge_articles_from_community', -1, 3, 'month', 'S1, S2 implied'),
        ('referral_signups', 'advocate_rate', 1, 2, 'month', 'S1, S2'),
        ('referral_signups', 'nps', 1, 2, 'month', 'S1, S2'),
        ('referral_signups', 'content_share_rate', 1, 2, 'month', 'S1, S2'),
        ('referral_signups', 'customer_advocacy_count', 1, 2, 'month', 'S1, S2'),
        ('lead_conversion_rate', 'community_organic_sessions', 1, 3, 'month', 'S1 implied'),
        ('lead_conversion_rate', 'community_assisted_conversions', 1, 3, 'month', 'S1 implied'),
        ('branded_search_lift', 'ugc_volume', 1, 3, 'month', 'S1 implied'),
        ('branded_search_lift', 'share_of_voice', 1, 3, 'month', 'S1 implied'),
        ('customer_churn_rate', 'training_engagement_rate', -1, 3, 'month', 'S2, S3'),
        ('customer_churn_rate', 'feature_adoption_rate', -1, 3, 'month', 'S2, S3'),
        ('customer_churn_rate', 'usage_depth', -1, 3, 'month', 'S2, S3'),
        ('customer_churn_rate', 'usage_frequency', -1, 3, 'month', 'S2, S3')
) as i (result_kpi_id, influencer_kpi_id, expected_sign, max_lag, grain, origin)
