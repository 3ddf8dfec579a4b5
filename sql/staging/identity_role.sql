-- One row per role of a login over a time that a record shows.
-- role: enriching
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- identity_id: source:instance:user
-- role_name: staff, agent, moderator, partner, customer, bot, test
-- valid_from: first instant; null: always
-- valid_to: end, exclusive; null: still
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as identity_id,
    cast(null as varchar) as role_name,
    cast(null as timestamp) as valid_from,
    cast(null as timestamp) as valid_to,
    cast(null as timestamp) as source_updated_at
where false
