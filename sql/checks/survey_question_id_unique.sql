-- severity: fail
-- A question of a survey has one row.
select x.question_id, count(*) as copies
from core.survey_question as x
group by x.question_id
having count(*) > 1
