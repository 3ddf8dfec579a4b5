-- One row per login: the mart's copy of the identity map, without user names.
-- Facts carry identity_id and reach people only through this table, so a merge
-- of two people rewrites no fact.
--
-- identity_id: source:instance:user
-- person_id: the human behind it; stable over builds
-- source: connector type
-- source_instance: configured instance
-- match_method: why the login belongs to the person
-- match_confidence: how sure that is, 0 to 1
-- is_linkable: may be joined with customer data
-- linked_at: when it was linked
select
    i.identity_id,
    i.person_id,
    i.source,
    i.source_instance,
    i.match_method,
    coalesce(i.match_confidence, 1) as match_confidence,
    coalesce(i.is_linkable, setting('identity_matching') = 'legitimate_interest') as is_linkable,
    i.linked_at
from identity.person_identity as i
where i.unlinked_at is null
