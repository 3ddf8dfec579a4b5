-- severity: fail
-- An invitation has one row.
select x.invitation_id, count(*) as copies
from core.survey_invitation as x
group by x.invitation_id
having count(*) > 1
