-- Who was erased. Nothing here is in clear: kinds and keyed hashes, by which an
-- erasure that was cut short is finished and what was erased stays away.
alter table identity.suppression add column if not exists kind varchar; -- mailbox, person, login, record, content
alter table identity.suppression add column if not exists erasure_id varchar;

-- One row per erasure that somebody asked for.
create table identity.erasure (
    erasure_id varchar,
    actor varchar,
    reason varchar,
    asked_at timestamp,
    finished_at timestamp       -- null: not everything is erased yet
);

-- Copies of the lake that were made, which no erasure reaches.
create table ops.backup (
    path varchar not null,
    made_at timestamp not null
);

alter table ops.run add column if not exists suppressed_count bigint; -- records not stored, since they are about somebody erased
