-- severity: fail
-- At most one in a hundred records of a stream lacks a field that it must have.
select s.type, s.stream, s.records, s.left_out
from checks.stream as s
where s.left_out > 0.01 * s.records
