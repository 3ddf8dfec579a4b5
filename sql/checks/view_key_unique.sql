-- severity: fail
-- A count of views has one row.
select x.content_type, x.content_id, x.viewed_on, x.viewer_class, x.source, count(*) as copies
from core.content_view_daily as x
group by x.content_type, x.content_id, x.viewed_on, x.viewer_class, x.source
having count(*) > 1
