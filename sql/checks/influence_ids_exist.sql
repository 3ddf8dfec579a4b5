-- severity: warn
-- A header names KPIs that exist as those it is thought to move.
select d.kpi_id, i.influenced
from kpi.dictionary as d, unnest(string_split(d.influences, ',')) as i (influenced)
where d.is_current
    and not exists (select 1 from kpi.dictionary as o where o.kpi_id = i.influenced and o.is_current)
