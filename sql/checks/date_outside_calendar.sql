-- severity: warn
-- Acts happen on days of the calendar; those far ahead are in no period.
select a.event_id, a.happened_at
from mart.activity as a
left join ref.calendar as c on c.date_day = a.happened_on
where c.date_day is null
