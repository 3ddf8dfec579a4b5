-- One row per org: the account that a CRM's company, a biller's customer, a
-- helpdesk's organisation or a workspace of the product is. Facts carry org_id
-- and reach accounts only through this table, so a merge of two accounts
-- rewrites no fact.
--
-- org_id: source:instance:org:id
-- account_id: the company; stable over builds
-- source: connector type
-- source_instance: configured instance
-- source_org_id: the source's own id
-- match_method: why it is that company: own (it is the only org), manual, merge, reference or domain
-- match_confidence: how sure that is, 0 to 1
-- linked_at: when it was found
select
    s.org_id,
    s.account_id,
    s.source,
    s.source_instance,
    s.source_id as source_org_id,
    s.match_method,
    s.match_confidence,
    s.linked_at
from identity.account_source as s
where s.unlinked_at is null
