-- One row per source whose threads are not questions unless category or tag
-- says so: chats, and code hosts, where only answerable categories are.
--
-- source: connector type
-- is_question: what a thread of this source is by default
select d.source, d.is_question
from (values ('github', false), ('slack', false), ('discord', false)) as d (source, is_question)
