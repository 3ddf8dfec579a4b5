-- Keys of people beside their ids, so that a resolver reads numbers, and texts
-- that differ in every row uncompressed: to look for a compression takes several
-- times as long as to write them.
alter table identity.person_identity rename to person_identity_before;
create table identity.person_identity (
    identity_id varchar using compression uncompressed,
    person_id varchar using compression uncompressed,
    source varchar,
    source_instance varchar,
    source_user_id varchar using compression uncompressed,
    match_method varchar,
    linked_at timestamp,
    unlinked_at timestamp,
    identity_key ubigint,
    match_tier tinyint,         -- 0 to 3, weakest on the best way to the person's anchor; null: alone
    match_confidence double,
    is_linkable boolean,        -- may be joined with customer data
    build_id varchar,           -- that linked it
    person_key ubigint
);
insert into identity.person_identity by name
select p.*, cast(null as ubigint) as person_key from identity.person_identity_before as p;
drop table identity.person_identity_before;

alter table identity.person rename to person_before;
create table identity.person (
    person_id varchar using compression uncompressed,
    anchor_identity_id varchar using compression uncompressed, -- the login by which the person is recognised
    created_at timestamp,
    build_id varchar,
    person_key ubigint,
    anchor_key ubigint
);
insert into identity.person by name
select p.*, cast(null as ubigint) as person_key, cast(null as ubigint) as anchor_key from identity.person_before as p;
drop table identity.person_before;

-- One row per thing that a record says of a login.
alter table identity.observation rename to observation_before;
create table identity.observation (
    record varchar using compression uncompressed, -- of staging
    identity_key ubigint,
    value_key ubigint,
    id_type enum('email', 'subject', 'username', 'name', 'reference', 'merge'), -- reference, merge: the value is another login's key
    trust tinyint,              -- 1 self-asserted, 2 asserted by staff, 3 verified
    instance_no usmallint,      -- of identity.instance, that the record is of
    seen_from timestamp,
    seen_until timestamp,       -- when it was found gone; null: still said
    asserted_by varchar
);
insert into identity.instance (instance_no, source, source_instance)
select cast((select coalesce(max(i.instance_no), 0) from identity.instance as i) + row_number() over (order by d.source, d.source_instance) as usmallint), d.source, d.source_instance
from (select distinct o.source, o.source_instance from identity.observation_before as o) as d
where not exists (select 1 from identity.instance as i where i.source = d.source and i.source_instance = d.source_instance);
insert into identity.observation by name
select o.* exclude (source, source_instance), i.instance_no
from identity.observation_before as o
left join identity.instance as i on i.source = o.source and i.source_instance = o.source_instance;
drop table identity.observation_before;

alter table vault.value rename to value_before;
create table vault.value (
    value_key ubigint,
    id_type varchar,
    namespace varchar,          -- of a subject: its issuer
    norm varchar using compression uncompressed,
    domain varchar,             -- of an address, ASCII
    company_domain varchar,     -- registrable domain, unless it is one of the many or of nobody
    class varchar,              -- unique, role, noreply, disposable, placeholder, blocked, mixed_script, generic
    untagged_key ubigint,       -- of an address with a tag: the same without it
    reason varchar
);
insert into vault.value by name
select v.* exclude (list_version) from vault.value_before as v;
drop table vault.value_before;
