-- One row per figure that others have published. Context only: none is ever
-- copied to a target, none is averaged with another. That 3 to 5 KPIs should
-- be primary is a rule for the configuration and stands there.
--
-- kpi_id: id of the KPI it is read beside; the KPI may not be configured here
-- label: what the figure is called
-- low: the figure, or the lower end of its range
-- high: the figure, or the upper end of its range
-- statistic: average, median, range, single company, or parameter for a window rather than a level
-- population: whose figure
-- period_basis: year, month, or unstated
-- source_ref: who published it
-- seed: the text that quotes it
-- caveat: what to know before it is shown beside a value
-- as_of: when it was measured; null: unstated
select
    b.kpi_id,
    b.label,
    cast(b.low as double) as low,
    cast(b.high as double) as high,
    b.statistic,
    b.population,
    b.period_basis,
    b.source_ref,
    b.seed,
    b.caveat,
    cast(null as date) as as_of
from (
    values
        ('customer_churn_rate_12m', 'acceptable churn', 0.05, 0.07, 'range', 'software as a service', 'year',
            'product metrics framework', 'S4', 'customers or revenue is not said; the market drifts up'),
        ('customer_retention_rate_12m', 'average retention', 0.91, 0.91, 'average', 'software as a service', 'unstated',
            'SaaS Research Center survey', 'S3', 'the period is not stated'),
        ('customer_retention_rate_12m', 'top retention', 0.96, 0.96, 'top', 'software as a service', 'unstated',
            'SaaS Research Center survey', 'S3', 'the period is not stated'),
        ('product_stickiness_dau_mau', 'typical stickiness', 0.10, 0.20, 'range', 'software', 'month',
            'product metrics framework', 'S4', 'contested: follow the change rather than the level'),
        ('nps', 'software average', 41, 41, 'average', 'software companies', 'unstated', 'Delighted', 'S4',
            'survey mode and population differ between companies'),
        ('nps', 'Adobe', 60, 60, 'single company', 'Adobe', 'unstated', 'Delighted', 'S4', 'one company'),
        ('nps', 'insurance', 28, 28, 'average', 'insurance companies', 'unstated',
            'community-driven customer success', 'S2', 'another trade'),
        ('nps', 'telecom', 19, 19, 'average', 'telecom companies', 'unstated',
            'community-driven customer success', 'S2', 'another trade'),
        ('lead_conversion_rate', 'typical conversion', 0.05, 0.10, 'range', 'software', 'unstated',
            'product metrics framework', 'S4', 'the stage is not specified'),
        ('time_to_value_median_hours', 'time to value', 36.383, 36.383, 'median', 'software as a service', 'unstated',
            'community-driven customer success', 'S2', 'quoted as an average, the study behind it says median'),
        ('new_member_activation_rate', 'activation window, days', 14, 14, 'parameter', 'communities', 'unstated',
            'Community KPI guide', 'S1', 'the window in days, not a level')
) as b (kpi_id, label, low, high, statistic, population, period_basis, source_ref, seed, caveat)
