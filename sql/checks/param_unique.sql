-- severity: fail
-- A parameter has one value.
select x.name, count(*) as copies
from ref.param as x
group by x.name
having count(*) > 1
