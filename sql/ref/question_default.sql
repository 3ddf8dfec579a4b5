-- One row per source whose threads are not questions unless category or tag
-- says so: chats, and code hosts, where only answerable categories are. The
-- configuration's block `questions` of the source comes first; one of no source
-- is for the sources not named here.
--
-- source: connector type; null: every source not named here
-- is_question: what a thread of this source is by default
select d.source, d.is_question
from (values ('github', false), ('slack', false), ('discord', false)) as d (source, is_question)
where not exists (
    select 1 from ref.config_question as c where c.kind = 'default' and c.source = d.source
)
union all
select c.source, c.value = 'true' as is_question
from ref.config_question as c
where c.kind = 'default'
