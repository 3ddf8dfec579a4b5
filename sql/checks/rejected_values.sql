-- severity: warn
-- Values have the type that their stream declares.
select s.type, s.stream, s.rejected_values
from checks.stream as s
where s.rejected_values > 0
