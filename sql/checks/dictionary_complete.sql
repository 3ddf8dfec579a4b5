-- severity: fail
-- Every KPI says what it is called, what it means, how it is computed, from
-- what, who answers for it and when it is looked at; and each id has one
-- current version at most.
select d.kpi_id, d.definition_version, 'a mandatory field is empty' as fault
from kpi.dictionary as d
where trim(coalesce(d.name, '')) = ''
    or trim(coalesce(d.definition, '')) = ''
    or trim(coalesce(d.formula, '')) = ''
    or trim(coalesce(d.data_source, '')) = ''
    or trim(coalesce(d.owner, '')) = ''
    or coalesce(d.cadence, '') not in ('weekly', 'monthly', 'quarterly')
union all
select d.kpi_id, max(d.definition_version), 'several current versions' as fault
from kpi.dictionary as d
where d.is_current
group by d.kpi_id
having count(*) > 1
union all
select v.kpi_id, v.definition_version, 'values without a definition' as fault
from (select distinct v.kpi_id, v.definition_version from kpi.value as v) as v
where not exists (
    select 1 from kpi.dictionary as d
    where d.kpi_id = v.kpi_id and d.definition_version = v.definition_version and d.is_current
)
