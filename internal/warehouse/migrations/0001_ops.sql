-- What the sync engine keeps of itself. Times are UTC. There are no keys or
-- indexes on purpose: uniqueness is kept by the one writer.
create schema if not exists ops;
create schema if not exists raw;

-- One row per connector instance ever synced; a name is used once over all types.
create table ops.instance (
    type varchar not null,
    instance varchar not null,
    registered_at timestamp not null
);

-- One row per stream: where it resumes and what it holds.
create table ops.cursor (
    type varchar not null,
    instance varchar not null,
    stream varchar not null,
    cursor blob,
    is_listing boolean not null,   -- a listing of all live keys is under way; ops.listing holds its keys
    listed_at timestamp,           -- start of the last listing that ended cleanly
    live_count bigint not null,    -- keys whose latest version is live
    deleted_count bigint not null, -- keys whose latest version is a tombstone
    done bigint not null,          -- progress as the source counts
    total bigint not null,
    seconds_per_unit double,       -- of that progress, for the estimate after an interruption
    estimated_finish timestamp,
    updated_at timestamp not null
);

-- One row per stored batch of a listing under way: the 64-bit hashes of its keys, little endian.
create table ops.listing (
    type varchar not null,
    instance varchar not null,
    stream varchar not null,
    key_hashes blob not null
);

-- Unbroken ranges of event time that are complete, half-open.
create table ops.coverage (
    type varchar not null,
    instance varchar not null,
    stream varchar not null,
    from_at timestamp not null,
    until_at timestamp not null
);

-- One row per run of one stream.
create table ops.run (
    run_id bigint not null,
    type varchar not null,
    instance varchar not null,
    stream varchar not null,
    kind varchar not null,   -- continue, full, since
    status varchar not null, -- running, ok, forbidden, paused, partial, failed, skipped, interrupted
    fault varchar,           -- what kind of failure: unauthorized, forbidden, rate_limited, transient, died, config, storage, bug
    reason varchar,
    started_at timestamp not null,
    finished_at timestamp,
    paused_until timestamp,
    record_count bigint not null,
    appended_count bigint not null,
    unchanged_count bigint not null,
    tombstone_count bigint not null,
    rejected_count bigint not null,
    held_back_count bigint not null
);

-- Every field, one level deep, and JSON type seen in a stream.
create table ops.field (
    type varchar not null,
    instance varchar not null,
    stream varchar not null,
    path varchar not null,
    json_type varchar not null,
    first_seen_at timestamp not null
);

-- Fields and types that appeared after a stream's first run.
create table ops.schema_change (
    type varchar not null,
    instance varchar not null,
    stream varchar not null,
    path varchar not null,
    change varchar not null, -- new_field, new_type
    json_type varchar not null,
    sample_key varchar not null,
    run_id bigint not null,
    seen_at timestamp not null
);

-- Records that could not be stored. A row goes when its key is stored after all.
create table ops.rejected_record (
    type varchar not null,
    instance varchar not null,
    stream varchar not null,
    key varchar not null,
    reason varchar not null,
    size bigint not null,
    sample varchar not null, -- the first bytes, made printable
    content_hash ubigint not null,
    run_id bigint not null,
    rejected_at timestamp not null
);

-- Values that staging could not read as their declared type.
create table ops.rejected_value (
    type varchar not null,
    instance varchar not null,
    stream varchar not null,
    path varchar not null,
    json_type varchar not null,
    value_count bigint not null,
    sample_key varchar not null,
    build_id varchar,
    seen_at timestamp not null
);
