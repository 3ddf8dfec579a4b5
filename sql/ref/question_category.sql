-- One row per category that the configuration calls one of questions.
--
-- source: connector type; null: all
-- category: board, channel or category, lower case, as core.thread names it
select c.source, lower(c.value) as category
from ref.config_question as c
where c.kind = 'category'
