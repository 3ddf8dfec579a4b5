-- severity: fail
-- A survey has one row.
select x.survey_id, count(*) as copies
from core.survey as x
group by x.survey_id
having count(*) > 1
