-- One row per number or word that definitions read through param() and
-- param_text(). A definition never writes such a value into its text. The
-- configuration's block `parameters` overrides the shipped value.
--
-- name: what param() is called with
-- value: the value in force, as text
-- default_value: the shipped value, as text
-- note: what it means
select p.name, coalesce(c.value, p.value) as value, p.value as default_value, p.note
from (
    values
        ('unanswered_window_hours', '168', 'a question without an eligible reply for so long is unanswered'),
        ('first_response_target_hours', '24', 'a first response within so long is a fast one'),
        ('activation_window_days', '14', 'a new member who acts meaningfully within so long is activated'),
        ('accept_window_days', '14', 'an answer accepted within so long counts for its question'),
        ('depth_window_days', '14', 'replies within so long make the depth of a thread'),
        ('helpful_window_days', '14', 'a helpful vote within so long counts for its reply'),
        ('event_response_days', '14', 'answers about an event count for so long after it'),
        ('min_attend_minutes', '10', 'who stayed so long attended'),
        ('min_chars', '80', 'a thread of so many characters is a meaningful one'),
        ('quiet_days', '30', 'a member without any activity for so long has gone quiet'),
        ('quiet_base_days', '90', 'days before the quiet ones in which the member was active'),
        ('quiet_min_active_days', '2', 'active days in those that make somebody a regular'),
        ('top_scale_share', '0.6666666666666666', 'an answer at or above this share of its scale is a top one'),
        ('retention_month', '1', 'headline month of member retention, counted from that of the join'),
        ('link_confidence_min', '0.9', 'links of logins to people, and of people to companies, below it do not count as matched'),
        ('question_default', 'true', 'a thread counts as a question where neither category nor tag says')
) as p (name, value, note)
left join ref.config_parameter as c on c.name = p.name
