-- severity: warn
-- A definition whose select, parameters or rules changed says so by a higher
-- version in its header. Here this build raised it, and the series is cut.
select d.kpi_id, d.definition_version, d.sql_hash
from kpi.dictionary as d
inner join kpi.build as b on b.started_at = d.valid_from
where d.is_current and d.version_basis = 'hash'
