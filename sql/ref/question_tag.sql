-- One row per tag that makes a thread a question.
--
-- source: connector type; null: all
-- tag: the tag, lower case
-- is_configured: named by the configuration, so that it counts where categories accept answers, too
select cast(null as varchar) as source, t.tag, false as is_configured
from (values ('question'), ('help'), ('support'), ('how-to'), ('q-and-a')) as t (tag)
union all
select c.source, lower(c.value) as tag, true as is_configured
from ref.config_question as c
where c.kind = 'tag'
