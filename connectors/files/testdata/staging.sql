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
    j.source_updated_at at time zone 'UTC' as source_updated_at,
from raw.files__identity
-- {"canonical": "BOOLEAN", "identity_id": "VARCHAR!", "source": "VARCHAR", "source_instance": "VARCHAR", "source_user_id": "VARCHAR", "username": "VARCHAR", "display_name": "VARCHAR", "email": "VARCHAR", "is_bot": "BOOLEAN", "is_staff": "BOOLEAN", "created_at": "TIMESTAMPTZ", "source_updated_at": "TIMESTAMPTZ"}

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
    j.trust_level as trust_level,
    j.source_updated_at at time zone 'UTC' as source_updated_at,
from raw.files__community_member
-- {"canonical": "BOOLEAN", "member_id": "VARCHAR!", "community_id": "VARCHAR", "identity_id": "VARCHAR!", "joined_at": "TIMESTAMPTZ", "left_at": "TIMESTAMPTZ", "join_channel": "VARCHAR", "is_suspended": "BOOLEAN", "trust_level": "BIGINT", "source_updated_at": "TIMESTAMPTZ"}

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
    j.is_solvable as is_solvable,
    j.is_private as is_private,
    j.is_removed as is_removed,
    j.source_updated_at at time zone 'UTC' as source_updated_at,
from raw.files__thread
-- {"canonical": "BOOLEAN", "thread_id": "VARCHAR!", "community_id": "VARCHAR", "author_identity_id": "VARCHAR", "category": "VARCHAR", "tags": "VARCHAR", "title": "VARCHAR", "url_path": "VARCHAR", "created_at": "TIMESTAMPTZ!", "is_solvable": "BOOLEAN", "is_private": "BOOLEAN", "is_removed": "BOOLEAN", "source_updated_at": "TIMESTAMPTZ"}

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
    j.source_updated_at at time zone 'UTC' as source_updated_at,
from raw.files__thread_reply
-- {"canonical": "BOOLEAN", "reply_id": "VARCHAR!", "thread_id": "VARCHAR!", "community_id": "VARCHAR", "author_identity_id": "VARCHAR", "parent_reply_id": "VARCHAR", "created_at": "TIMESTAMPTZ!", "char_len": "BIGINT", "is_system": "BOOLEAN", "is_removed": "BOOLEAN", "source_updated_at": "TIMESTAMPTZ"}

