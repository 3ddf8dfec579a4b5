-- severity: fail
-- No two rules are of the same acts, length and day.
select x.event_type, x.source, x.reaction, x.min_chars, x.effective_from, x.origin, count(*) as copies
from ref.engagement_rule as x
group by x.event_type, x.source, x.reaction, x.min_chars, x.effective_from, x.origin
having count(*) > 1
