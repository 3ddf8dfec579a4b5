-- One row per tag that makes a thread a question.
--
-- tag: the tag, lower case
select t.tag
from (values ('question'), ('help'), ('support'), ('how-to'), ('q-and-a')) as t (tag)
