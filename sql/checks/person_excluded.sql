-- severity: fail
-- Nobody who is a bot, staff or a test person at that time stands in what counts.
select a.event_id, s.standing
from mart.activity as a
inner join core.person_standing as s
    on s.person_id = a.person_id and s.valid_from <= a.happened_at and s.valid_to > a.happened_at
where a.event_type <> 'attend'
