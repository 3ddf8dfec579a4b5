-- One row per person, community and local day on which the person wrote a
-- thread or a reply (the contribution basis: reactions and visits do not count).
--
-- person_id: the human
-- community_id: where
-- happened_on: the local day
-- threads: threads opened
-- replies: replies written
select
    c.person_id,
    c.community_id,
    c.happened_on,
    count(*) filter (where c.kind = 'thread') as threads,
    count(*) filter (where c.kind = 'reply') as replies
from mart.contribution as c
where c.person_id is not null
group by c.person_id, c.community_id, c.happened_on
