-- One row per number or word that definitions read through param() and
-- param_text(). A definition never writes such a value into its text.
--
-- name: what param() is called with
-- value: the value, as text
-- note: what it means
select p.name, p.value, p.note
from (
    values
        ('unanswered_window_hours', '168', 'a question without an eligible reply for so long is unanswered'),
        ('question_default', 'true', 'a thread counts as a question where neither category nor tag says')
) as p (name, value, note)
