-- severity: fail
-- One rule decides.
select x.event_type, x.source, x.reaction, x.rules_on, x.min_chars, count(*) as copies
from mart.engagement_tier as x
group by x.event_type, x.source, x.reaction, x.rules_on, x.min_chars
having count(*) > 1
