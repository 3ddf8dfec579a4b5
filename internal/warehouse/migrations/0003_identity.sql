-- Who is who. identity.* holds keys and ids, vault.* the clear text that they
-- stand for. A key is the first 64 bits of the MD5 of a text, never DuckDB's
-- hash(), which collides and changes between releases. What people or the law
-- decided is a row that can be deleted again; everything else is computed from
-- staging and those rows.
create schema if not exists identity;
create schema if not exists vault;

-- One row per login and person it belongs or belonged to; unlinked_at is null
-- for the present one, so that membership can be asked for as of any moment.
create table if not exists identity.person_identity (
    identity_id varchar,
    person_id varchar,
    source varchar,
    source_instance varchar,
    source_user_id varchar,
    match_method varchar,
    linked_at timestamp,
    unlinked_at timestamp
);
alter table identity.person_identity add column if not exists identity_key ubigint;
alter table identity.person_identity add column if not exists match_tier tinyint;    -- 0 to 3, weakest on the best way to the person's anchor; null: alone
alter table identity.person_identity add column if not exists match_confidence double;
alter table identity.person_identity add column if not exists is_linkable boolean;   -- may be joined with customer data
alter table identity.person_identity add column if not exists build_id varchar;      -- that linked it

-- One row per person ever, and where one that is no more went.
create table identity.person (
    person_id varchar,
    anchor_identity_id varchar, -- the login by which the person is recognised
    created_at timestamp,
    build_id varchar
);
create table identity.person_merge (
    merged_person_id varchar,
    surviving_person_id varchar,
    merged_at timestamp,
    method varchar,
    build_id varchar
);
create table identity.person_event (
    event varchar,              -- created, merged, split, linked, unlinked, guarded, erased, decided, undone
    person_id varchar,
    other_person_id varchar,
    identity_id varchar,
    actor varchar,
    reason varchar,
    happened_at timestamp,
    build_id varchar
);

-- One row per thing that a record says of a login.
create table identity.observation (
    record varchar,             -- of staging
    identity_key ubigint,
    value_key ubigint,
    id_type varchar,            -- email, subject, username, name; reference, merge: the value is another login's key
    trust tinyint,              -- 1 self-asserted, 2 asserted by staff, 3 verified
    source varchar,
    source_instance varchar,
    seen_from timestamp,
    seen_until timestamp,       -- when it was found gone; null: still said
    asserted_by varchar
);

-- The clear text of every value, as it is compared.
create table vault.value (
    value_key ubigint,
    id_type varchar,
    namespace varchar,          -- of a subject: its issuer
    norm varchar,
    domain varchar,             -- of an address, ASCII
    company_domain varchar,     -- registrable domain, unless it is one of the many or of nobody
    class varchar,              -- unique, role, noreply, disposable, placeholder, blocked, mixed_script, generic
    untagged_key ubigint,       -- of an address with a tag: the same without it
    reason varchar,
    list_version varchar
);

-- Where a login stands in the graph of evidence, so that a build solves again
-- only what a change can reach.
create table identity.login (
    identity_key ubigint,
    component ubigint,          -- least key of the logins that share a value with it, over any number of steps
    instance_no usmallint,      -- of identity.instance
    company_key ubigint,        -- that a CRM contact belongs to now; 0: none
    is_customer boolean,        -- the company is one, as far as is known
    is_bot boolean,
    is_linkable boolean         -- consent allows to link it
);

-- What the configuration says, or last said, of an instance.
create table identity.instance (
    instance_no usmallint,
    source varchar,
    source_instance varchar,
    trust tinyint,              -- of its addresses; as in identity.observation
    is_community boolean,
    is_crm boolean,
    address_logins utinyint     -- how many logins there may share an address
);

-- Logins to be looked at again by the next build, since somebody decided or
-- erased something.
create table identity.pending (
    identity_id varchar
);

-- By what rules people were solved.
create table identity.solved (
    fingerprint varchar,
    solved_at timestamp,
    compared_at timestamp,      -- when it was last asked who looks alike
    due_at timestamp,           -- when the next company of a contact begins or ends
    build_id varchar
);

-- What keeps two logins apart although evidence would link them.
create table identity.refusal (
    identity_id varchar,
    other_identity_id varchar,
    value_key ubigint,
    rule varchar,               -- too_many_logins, too_many_mailboxes, other_subject, other_company, bot_and_human, not_same, contested
    refused_at timestamp,
    build_id varchar
);

-- Links worth a person's look, by strength.
create table identity.suggestion (
    identity_id varchar,
    other_identity_id varchar,
    rule varchar,               -- self_asserted, contested, shared_mailbox, other_company: one address; similar: what they are called
    value_key ubigint,          -- of the address
    strength double,            -- log2 of the odds, Fellegi-Sunter
    probability double,
    evidence varchar,           -- what agrees and differs, with weights, as JSON
    suggested_at timestamp,
    build_id varchar
);

-- What somebody decided; undoing it deletes the row.
create table identity.decision (
    decision_id varchar,
    verb varchar,               -- same, not_same, account_same, account_not_same
    identity_id varchar,        -- or an org
    other_identity_id varchar,
    actor varchar,
    reason varchar,
    decided_at timestamp
);

-- Addresses that were erased, as keyed hashes.
create table identity.suppression (
    hmac varchar,
    suppressed_at timestamp
);

-- Companies and the orgs of the sources that they are.
create table identity.account (
    account_id varchar,
    anchor_org_id varchar,
    created_at timestamp,
    build_id varchar
);
create table identity.account_source (
    org_id varchar,
    account_id varchar,
    source varchar,
    source_instance varchar,
    source_id varchar,
    match_method varchar,
    match_confidence double,
    linked_at timestamp,
    unlinked_at timestamp,
    build_id varchar
);
create table identity.account_merge (
    merged_account_id varchar,
    surviving_account_id varchar,
    merged_at timestamp,
    method varchar,
    build_id varchar
);
create table identity.account_domain (
    account_id varchar,
    domain varchar,             -- of addresses; one below a domain that a source states stands here itself once it is seen
    valid_from timestamp,       -- null: as far back as anybody knows
    valid_to timestamp          -- exclusive; null: still
);

-- Two orgs that may be one company: they share a name, or a domain that several
-- companies have.
create table identity.account_suggestion (
    org_id varchar,
    other_org_id varchar,
    reason varchar,             -- name, or domain and which
    suggested_at timestamp,
    build_id varchar
);

-- By which decisions and configuration accounts were resolved; one row.
create table identity.account_solved (
    fingerprint varchar,
    build_id varchar
);

-- The domains of a login's addresses that belong to a company: all that models
-- may know of an address.
create table identity.login_domain (
    identity_id varchar,
    domain varchar,
    trust tinyint,              -- the best of its observations
    seen_from timestamp,
    seen_until timestamp        -- exclusive; null: still said
);
