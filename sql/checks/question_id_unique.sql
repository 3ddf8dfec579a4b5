-- severity: fail
-- A question has one row.
select x.question_id, count(*) as copies
from mart.question_response as x
group by x.question_id
having count(*) > 1
