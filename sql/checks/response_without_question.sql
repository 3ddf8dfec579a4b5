-- severity: warn
-- Answers are of a question that is known: without its scale they say nothing.
select x.response_id, x.question_id
from core.survey_response as x
where x.question_id is not null
    and not exists (select 1 from core.survey_question as y where y.question_id = x.question_id)
