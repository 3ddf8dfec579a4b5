-- One row per community whose source does not date all acceptances: from when
-- on they were watched. An acceptance that was there at the first look may be
-- years old; one that came later was made about when it was first seen.
--
-- community_id: where
-- watched_from: the first look, UTC
-- watched_on: the local date of that
select
    a.community_id,
    min(a.accepted_at) as watched_from,
    min(a.accepted_on) as watched_on
from core.answer as a
where a.accepted_at_basis = 'observed'
group by a.community_id
