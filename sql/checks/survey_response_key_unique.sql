-- severity: fail
-- An answer to a question has one row.
select x.response_id, x.question_id, count(*) as copies
from core.survey_response as x
group by x.response_id, x.question_id
having count(*) > 1
