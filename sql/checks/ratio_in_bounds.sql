-- severity: fail
-- A share lies between 0 and 1, NPS between -100 and 100, and each within its
-- interval. Net churn, net retention, growth and the naive retention may lie
-- outside, sentiment between -1 and 1; a ratio of two counts has no upper end.
select v.kpi_id, v.grain, v.period_start, v.segment_type, v.segment_value, v.value, v.ci_low, v.ci_high
from kpi.value as v
inner join kpi.dictionary as d on d.kpi_id = v.kpi_id and d.definition_version = v.definition_version
where v.ci_low > v.value + 1e-9
    or v.ci_high < v.value - 1e-9
    or (d.measure = 'nps' and abs(v.value) > 100)
    or (
        d.unit = 'ratio' and d.measure in ('ratio', 'distinct_ratio') and (v.value < 0 or v.value > 1)
        and d.kpi_id not in (
            'net_mrr_churn_rate', 'net_revenue_retention', 'ndr_excl_contraction', 'mrr_growth_rate',
            'customer_retention_rate_naive', 'net_sentiment'
        )
    )
