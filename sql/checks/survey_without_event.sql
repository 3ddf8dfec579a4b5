-- severity: warn
-- Surveys about an event are of one that is known.
select x.survey_id, x.gathering_id
from core.survey as x
where x.gathering_id is not null
    and not exists (select 1 from core.community_gathering as y where y.gathering_id = x.gathering_id)
