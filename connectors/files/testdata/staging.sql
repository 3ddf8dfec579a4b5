-- One row per live or deleted row of the file sets that fill identity.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.identity_id else 'files:' || instance || ':' || j.identity_id end as identity_id,
    coalesce(j.source, case when j.canonical then split_part(j.identity_id, ':', 1) else 'files' end) as source,
    coalesce(j.source_instance, case when j.canonical then split_part(j.identity_id, ':', 2) else instance end) as source_instance,
    j.source_user_id as source_user_id,
    j.username as username,
    j.display_name as display_name,
    j.email as email,
    j.is_bot as is_bot,
    j.is_staff as is_staff,
    j.created_at at time zone 'UTC' as created_at,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__identity
-- {"canonical": "BOOLEAN", "identity_id": "VARCHAR!", "source": "VARCHAR", "source_instance": "VARCHAR", "source_user_id": "VARCHAR", "username": "VARCHAR", "display_name": "VARCHAR", "email": "VARCHAR", "is_bot": "BOOLEAN", "is_staff": "BOOLEAN", "created_at": "TIMESTAMPTZ", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill identity_role.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.identity_id else 'files:' || instance || ':' || j.identity_id end as identity_id,
    j.role_name as role_name,
    j.valid_from at time zone 'UTC' as valid_from,
    j.valid_to at time zone 'UTC' as valid_to,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__identity_role
-- {"canonical": "BOOLEAN", "identity_id": "VARCHAR!", "role_name": "VARCHAR!", "valid_from": "TIMESTAMPTZ", "valid_to": "TIMESTAMPTZ", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill community.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.community_id else 'files:' || instance || ':' || j.community_id end as community_id,
    j.name as name,
    j.purpose as purpose,
    j.supports_accept as supports_accept,
    j.exposes_visits as exposes_visits,
    j.exposes_views as exposes_views,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__community
-- {"canonical": "BOOLEAN", "community_id": "VARCHAR!", "name": "VARCHAR", "purpose": "VARCHAR", "supports_accept": "BOOLEAN", "exposes_visits": "BOOLEAN", "exposes_views": "BOOLEAN", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill community_member.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.member_id else 'files:' || instance || ':member:' || j.member_id end as member_id,
    coalesce(case when j.canonical then j.community_id else 'files:' || instance || ':' || j.community_id end, 'files:' || instance) as community_id,
    case when j.canonical then j.identity_id else 'files:' || instance || ':' || j.identity_id end as identity_id,
    j.joined_at at time zone 'UTC' as joined_at,
    j.left_at at time zone 'UTC' as left_at,
    j.join_channel as join_channel,
    j.is_suspended as is_suspended,
    j.suspended_at at time zone 'UTC' as suspended_at,
    j.suspended_until at time zone 'UTC' as suspended_until,
    j.trust_level as trust_level,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__community_member
-- {"canonical": "BOOLEAN", "member_id": "VARCHAR!", "community_id": "VARCHAR", "identity_id": "VARCHAR!", "joined_at": "TIMESTAMPTZ", "left_at": "TIMESTAMPTZ", "join_channel": "VARCHAR", "is_suspended": "BOOLEAN", "suspended_at": "TIMESTAMPTZ", "suspended_until": "TIMESTAMPTZ", "trust_level": "BIGINT", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill thread.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.thread_id else 'files:' || instance || ':thread:' || j.thread_id end as thread_id,
    coalesce(case when j.canonical then j.community_id else 'files:' || instance || ':' || j.community_id end, 'files:' || instance) as community_id,
    case when j.canonical then j.author_identity_id else 'files:' || instance || ':' || j.author_identity_id end as author_identity_id,
    j.category as category,
    j.tags as tags,
    j.title as title,
    j.url_path as url_path,
    j.created_at at time zone 'UTC' as created_at,
    j.char_len as char_len,
    j.is_solvable as is_solvable,
    j.is_private as is_private,
    j.product_topic as product_topic,
    j.campaign as campaign,
    case when j.canonical then j.merged_into_thread_id else 'files:' || instance || ':thread:' || j.merged_into_thread_id end as merged_into_thread_id,
    j.is_removed as is_removed,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__thread
-- {"canonical": "BOOLEAN", "thread_id": "VARCHAR!", "community_id": "VARCHAR", "author_identity_id": "VARCHAR", "category": "VARCHAR", "tags": "VARCHAR", "title": "VARCHAR", "url_path": "VARCHAR", "created_at": "TIMESTAMPTZ!", "char_len": "BIGINT", "is_solvable": "BOOLEAN", "is_private": "BOOLEAN", "product_topic": "VARCHAR", "campaign": "VARCHAR", "merged_into_thread_id": "VARCHAR", "is_removed": "BOOLEAN", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill thread_reply.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.reply_id else 'files:' || instance || ':reply:' || j.reply_id end as reply_id,
    case when j.canonical then j.thread_id else 'files:' || instance || ':thread:' || j.thread_id end as thread_id,
    coalesce(case when j.canonical then j.community_id else 'files:' || instance || ':' || j.community_id end, 'files:' || instance) as community_id,
    case when j.canonical then j.author_identity_id else 'files:' || instance || ':' || j.author_identity_id end as author_identity_id,
    case when j.canonical then j.parent_reply_id else 'files:' || instance || ':reply:' || j.parent_reply_id end as parent_reply_id,
    j.created_at at time zone 'UTC' as created_at,
    j.char_len as char_len,
    j.is_system as is_system,
    j.is_removed as is_removed,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__thread_reply
-- {"canonical": "BOOLEAN", "reply_id": "VARCHAR!", "thread_id": "VARCHAR!", "community_id": "VARCHAR", "author_identity_id": "VARCHAR", "parent_reply_id": "VARCHAR", "created_at": "TIMESTAMPTZ!", "char_len": "BIGINT", "is_system": "BOOLEAN", "is_removed": "BOOLEAN", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill answer.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.thread_id else 'files:' || instance || ':thread:' || j.thread_id end as thread_id,
    case when j.canonical then j.reply_id else 'files:' || instance || ':reply:' || j.reply_id end as reply_id,
    coalesce(case when j.canonical then j.community_id else 'files:' || instance || ':' || j.community_id end, 'files:' || instance) as community_id,
    j.accepted_at at time zone 'UTC' as accepted_at,
    case when j.canonical then j.accepted_by_identity_id else 'files:' || instance || ':' || j.accepted_by_identity_id end as accepted_by_identity_id,
    j.unaccepted_at at time zone 'UTC' as unaccepted_at,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__answer
where j.reply_id is not null
-- {"canonical": "BOOLEAN", "thread_id": "VARCHAR!", "reply_id": "VARCHAR", "community_id": "VARCHAR", "accepted_at": "TIMESTAMPTZ", "accepted_by_identity_id": "VARCHAR", "unaccepted_at": "TIMESTAMPTZ", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill moderation_action.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.action_id else 'files:' || instance || ':action:' || j.action_id end as action_id,
    coalesce(case when j.canonical then j.community_id else 'files:' || instance || ':' || j.community_id end, 'files:' || instance) as community_id,
    case when j.canonical then j.content_id else coalesce('files:' || instance || ':reply:' || j.reply_id, 'files:' || instance || ':thread:' || j.thread_id) end as content_id,
    j.reason as reason,
    j.flagged_at at time zone 'UTC' as flagged_at,
    j.resolved_at at time zone 'UTC' as resolved_at,
    j.outcome as outcome,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__moderation_action
-- {"canonical": "BOOLEAN", "action_id": "VARCHAR!", "community_id": "VARCHAR", "thread_id": "VARCHAR", "reply_id": "VARCHAR", "content_id": "VARCHAR", "reason": "VARCHAR", "flagged_at": "TIMESTAMPTZ", "resolved_at": "TIMESTAMPTZ", "outcome": "VARCHAR", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill content_view_daily.
select
    record,
    first_seen_at,
    deleted_at,
    j.content_type as content_type,
    case when j.canonical then j.content_id else 'files:' || instance || ':' || j.content_type || ':' || j.content_id end as content_id,
    coalesce(case when j.canonical then j.community_id else 'files:' || instance || ':' || j.community_id end, 'files:' || instance) as community_id,
    j.view_date as view_date,
    j.viewer_class as viewer_class,
    j.views as views,
    j.unique_viewers as unique_viewers,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__content_view_daily
-- {"canonical": "BOOLEAN", "content_type": "VARCHAR!", "content_id": "VARCHAR!", "community_id": "VARCHAR", "view_date": "DATE!", "viewer_class": "VARCHAR", "views": "BIGINT", "unique_viewers": "BIGINT", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill community_event.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.event_id else 'files:' || instance || ':event:' || j.event_id end as event_id,
    coalesce(case when j.canonical then j.community_id else 'files:' || instance || ':' || j.community_id end, 'files:' || instance) as community_id,
    case when j.canonical then j.identity_id else 'files:' || instance || ':' || j.identity_id end as identity_id,
    j.event_type as event_type,
    j.reaction as reaction,
    case when j.canonical then j.thread_id else 'files:' || instance || ':thread:' || j.thread_id end as thread_id,
    case when j.canonical then j.content_id else coalesce('files:' || instance || ':reply:' || j.reply_id, 'files:' || instance || ':thread:' || j.thread_id) end as content_id,
    case when j.canonical then j.target_identity_id else 'files:' || instance || ':' || j.target_identity_id end as target_identity_id,
    j.campaign as campaign,
    j.occurred_at at time zone 'UTC' as occurred_at,
    j.is_automated as is_automated,
    j.is_removed as is_removed,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__community_event
-- {"canonical": "BOOLEAN", "event_id": "VARCHAR!", "community_id": "VARCHAR", "identity_id": "VARCHAR", "event_type": "VARCHAR!", "reaction": "VARCHAR", "thread_id": "VARCHAR", "reply_id": "VARCHAR", "content_id": "VARCHAR", "target_identity_id": "VARCHAR", "campaign": "VARCHAR", "occurred_at": "TIMESTAMPTZ!", "is_automated": "BOOLEAN", "is_removed": "BOOLEAN", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill community_gathering.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.gathering_id else 'files:' || instance || ':gathering:' || j.gathering_id end as gathering_id,
    case when j.canonical then j.community_id else 'files:' || instance || ':' || j.community_id end as community_id,
    j.title as title,
    j.kind as kind,
    j.event_series as event_series,
    j.campaign as campaign,
    j.starts_at at time zone 'UTC' as starts_at,
    j.ends_at at time zone 'UTC' as ends_at,
    j.capacity as capacity,
    j.reports_attendance as reports_attendance,
    j.is_cancelled as is_cancelled,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__community_gathering
-- {"canonical": "BOOLEAN", "gathering_id": "VARCHAR!", "community_id": "VARCHAR", "title": "VARCHAR", "kind": "VARCHAR", "event_series": "VARCHAR", "campaign": "VARCHAR", "starts_at": "TIMESTAMPTZ", "ends_at": "TIMESTAMPTZ", "capacity": "BIGINT", "reports_attendance": "BOOLEAN", "is_cancelled": "BOOLEAN", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill event_attendance.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.attendance_id else 'files:' || instance || ':attendance:' || j.attendance_id end as attendance_id,
    case when j.canonical then j.gathering_id else 'files:' || instance || ':gathering:' || j.gathering_id end as gathering_id,
    case when j.canonical then j.identity_id else 'files:' || instance || ':' || j.identity_id end as identity_id,
    j.registered_at at time zone 'UTC' as registered_at,
    j.cancelled_at at time zone 'UTC' as cancelled_at,
    j.first_joined_at at time zone 'UTC' as first_joined_at,
    j.last_left_at at time zone 'UTC' as last_left_at,
    j.minutes_attended as minutes_attended,
    j.checked_in as checked_in,
    j.is_host as is_host,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__event_attendance
-- {"canonical": "BOOLEAN", "attendance_id": "VARCHAR!", "gathering_id": "VARCHAR!", "identity_id": "VARCHAR", "registered_at": "TIMESTAMPTZ", "cancelled_at": "TIMESTAMPTZ", "first_joined_at": "TIMESTAMPTZ", "last_left_at": "TIMESTAMPTZ", "minutes_attended": "DOUBLE", "checked_in": "BOOLEAN", "is_host": "BOOLEAN", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill survey.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.survey_id else 'files:' || instance || ':survey:' || j.survey_id end as survey_id,
    j.kind as kind,
    j.survey_mode as survey_mode,
    j.subject as subject,
    case when j.canonical then j.gathering_id else 'files:' || instance || ':gathering:' || j.gathering_id end as gathering_id,
    case when j.canonical then j.community_id else 'files:' || instance || ':' || j.community_id end as community_id,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__survey
-- {"canonical": "BOOLEAN", "survey_id": "VARCHAR!", "kind": "VARCHAR", "survey_mode": "VARCHAR", "subject": "VARCHAR", "gathering_id": "VARCHAR", "community_id": "VARCHAR", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill survey_question.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.question_id else 'files:' || instance || ':question:' || j.question_id end as question_id,
    case when j.canonical then j.survey_id else 'files:' || instance || ':survey:' || j.survey_id end as survey_id,
    j.kind as kind,
    j.scale_min as scale_min,
    j.scale_max as scale_max,
    j.higher_is_better as higher_is_better,
    j.feature as feature,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__survey_question
-- {"canonical": "BOOLEAN", "question_id": "VARCHAR!", "survey_id": "VARCHAR!", "kind": "VARCHAR", "scale_min": "DOUBLE", "scale_max": "DOUBLE", "higher_is_better": "BOOLEAN", "feature": "VARCHAR", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill survey_invitation.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.invitation_id else 'files:' || instance || ':invitation:' || j.invitation_id end as invitation_id,
    case when j.canonical then j.survey_id else 'files:' || instance || ':survey:' || j.survey_id end as survey_id,
    case when j.canonical then j.identity_id else 'files:' || instance || ':' || j.identity_id end as identity_id,
    j.sent_at at time zone 'UTC' as sent_at,
    j.is_bounced as is_bounced,
    j.channel as channel,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__survey_invitation
-- {"canonical": "BOOLEAN", "invitation_id": "VARCHAR!", "survey_id": "VARCHAR!", "identity_id": "VARCHAR", "sent_at": "TIMESTAMPTZ", "is_bounced": "BOOLEAN", "channel": "VARCHAR", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill survey_response.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.response_id else 'files:' || instance || ':response:' || j.response_id end as response_id,
    case when j.canonical then j.question_id else 'files:' || instance || ':question:' || j.question_id end as question_id,
    case when j.canonical then j.survey_id else 'files:' || instance || ':survey:' || j.survey_id end as survey_id,
    case when j.canonical then j.identity_id else 'files:' || instance || ':' || j.identity_id end as identity_id,
    case when j.canonical then j.org_id else 'files:' || instance || ':org:' || j.org_id end as org_id,
    case when j.canonical then j.ticket_id else 'files:' || instance || ':ticket:' || j.ticket_id end as ticket_id,
    case when j.canonical then j.gathering_id else 'files:' || instance || ':gathering:' || j.gathering_id end as gathering_id,
    j.responded_at at time zone 'UTC' as responded_at,
    j.score_raw as score_raw,
    j.label_raw as label_raw,
    j.text_raw as text_raw,
    j.is_complete as is_complete,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__survey_response
-- {"canonical": "BOOLEAN", "response_id": "VARCHAR!", "question_id": "VARCHAR", "survey_id": "VARCHAR!", "identity_id": "VARCHAR", "org_id": "VARCHAR", "ticket_id": "VARCHAR", "gathering_id": "VARCHAR", "responded_at": "TIMESTAMPTZ", "score_raw": "DOUBLE", "label_raw": "VARCHAR", "text_raw": "VARCHAR", "is_complete": "BOOLEAN", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill product_user.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.identity_id else 'files:' || instance || ':' || j.identity_id end as identity_id,
    case when j.canonical then j.org_id else 'files:' || instance || ':org:' || j.org_id end as org_id,
    j.created_at at time zone 'UTC' as created_at,
    j.deactivated_at at time zone 'UTC' as deactivated_at,
    j.is_service as is_service,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__product_user
-- {"canonical": "BOOLEAN", "identity_id": "VARCHAR!", "org_id": "VARCHAR", "created_at": "TIMESTAMPTZ", "deactivated_at": "TIMESTAMPTZ", "is_service": "BOOLEAN", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill product_event.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.event_id else 'files:' || instance || ':event:' || j.event_id end as event_id,
    case when j.canonical then j.identity_id else 'files:' || instance || ':' || j.identity_id end as identity_id,
    case when j.canonical then j.org_id else 'files:' || instance || ':org:' || j.org_id end as org_id,
    j.event_name as event_name,
    j.feature as feature,
    j.occurred_at at time zone 'UTC' as occurred_at,
    j.is_automated as is_automated,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__product_event
-- {"canonical": "BOOLEAN", "event_id": "VARCHAR!", "identity_id": "VARCHAR", "org_id": "VARCHAR", "event_name": "VARCHAR!", "feature": "VARCHAR", "occurred_at": "TIMESTAMPTZ!", "is_automated": "BOOLEAN", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill identity_evidence.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.identity_id else 'files:' || instance || ':' || j.identity_id end as identity_id,
    j.id_type as id_type,
    case when j.canonical then j.namespace else case when j.id_type is distinct from 'reference' then j.namespace end end as namespace,
    case when j.canonical then j.value else case when j.id_type = 'reference' then coalesce(j.namespace || ':' || j.value, j.value) else j.value end end as value,
    j.trust as trust,
    j.asserted_by as asserted_by,
    j.seen_from at time zone 'UTC' as seen_from,
    j.seen_until at time zone 'UTC' as seen_until,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__identity_evidence
where j.value is not null
-- {"canonical": "BOOLEAN", "identity_id": "VARCHAR!", "id_type": "VARCHAR!", "namespace": "VARCHAR", "value": "VARCHAR", "trust": "VARCHAR", "asserted_by": "VARCHAR", "seen_from": "TIMESTAMPTZ", "seen_until": "TIMESTAMPTZ", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill merge.
select
    record,
    first_seen_at,
    deleted_at,
    j.object as object,
    case when j.canonical then j.merged_id else case when j.object = 'org' then 'files:' || instance || ':org:' || j.merged_id else 'files:' || instance || ':' || j.merged_id end end as merged_id,
    case when j.canonical then j.surviving_id else case when j.object = 'org' then 'files:' || instance || ':org:' || j.surviving_id else 'files:' || instance || ':' || j.surviving_id end end as surviving_id,
    j.merged_at at time zone 'UTC' as merged_at,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__merge
where j.surviving_id is not null
-- {"canonical": "BOOLEAN", "object": "VARCHAR!", "merged_id": "VARCHAR!", "surviving_id": "VARCHAR", "merged_at": "TIMESTAMPTZ", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill consent.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.identity_id else 'files:' || instance || ':' || j.identity_id end as identity_id,
    j.purpose as purpose,
    case when j.canonical then j.status else case lower(j.status) when 'true' then 'granted' when 'yes' then 'granted' when '1' then 'granted' when 'false' then 'refused' when 'no' then 'refused' when '0' then 'refused' else lower(j.status) end end as status,
    j.lawful_basis as lawful_basis,
    j.recorded_at at time zone 'UTC' as recorded_at,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__consent
where j.status is not null
-- {"canonical": "BOOLEAN", "identity_id": "VARCHAR!", "purpose": "VARCHAR!", "status": "VARCHAR", "lawful_basis": "VARCHAR", "recorded_at": "TIMESTAMPTZ", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill org.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.org_id else 'files:' || instance || ':org:' || j.org_id end as org_id,
    coalesce(j.source, case when j.canonical then split_part(j.org_id, ':', 1) else 'files' end) as source,
    coalesce(j.source_instance, case when j.canonical then split_part(j.org_id, ':', 2) else instance end) as source_instance,
    case when j.canonical then j.source_org_id else j.org_id end as source_org_id,
    j.name as name,
    j.domain as domain,
    case when j.canonical then j.reference_org_id else coalesce(j.reference_source || ':org:' || j.reference_org_id, j.reference_org_id) end as reference_org_id,
    case when j.canonical then j.parent_org_id else 'files:' || instance || ':org:' || j.parent_org_id end as parent_org_id,
    j.is_customer as is_customer,
    j.is_internal as is_internal,
    j.is_test as is_test,
    j.created_at at time zone 'UTC' as created_at,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__org
-- {"canonical": "BOOLEAN", "org_id": "VARCHAR!", "source": "VARCHAR", "source_instance": "VARCHAR", "source_org_id": "VARCHAR", "name": "VARCHAR", "domain": "VARCHAR", "reference_source": "VARCHAR", "reference_org_id": "VARCHAR", "parent_org_id": "VARCHAR", "is_customer": "BOOLEAN", "is_internal": "BOOLEAN", "is_test": "BOOLEAN", "created_at": "TIMESTAMPTZ", "source_updated_at": "TIMESTAMPTZ"}

-- One row per live or deleted row of the file sets that fill org_membership.
select
    record,
    first_seen_at,
    deleted_at,
    case when j.canonical then j.identity_id else 'files:' || instance || ':' || j.identity_id end as identity_id,
    case when j.canonical then j.org_id else 'files:' || instance || ':org:' || j.org_id end as org_id,
    j.basis as basis,
    j.is_primary as is_primary,
    j.valid_from at time zone 'UTC' as valid_from,
    j.valid_to at time zone 'UTC' as valid_to,
    j.source_updated_at at time zone 'UTC' as source_updated_at
from raw.files__org_membership
where j.org_id is not null
-- {"canonical": "BOOLEAN", "identity_id": "VARCHAR!", "org_id": "VARCHAR", "basis": "VARCHAR", "is_primary": "BOOLEAN", "valid_from": "TIMESTAMPTZ", "valid_to": "TIMESTAMPTZ", "source_updated_at": "TIMESTAMPTZ"}

