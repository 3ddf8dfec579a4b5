-- One row per renaming of an instance. What was erased is known by hashes of ids
-- that name the instance as it was called then.
create table identity.renamed (
    source varchar,
    former_instance varchar,
    source_instance varchar,
    renamed_at timestamp
);
