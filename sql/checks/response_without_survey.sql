-- severity: warn
-- Answers are of a survey that is known.
select x.response_id, x.survey_id
from core.survey_response as x
where x.survey_id is not null
    and not exists (select 1 from core.survey as y where y.survey_id = x.survey_id)
