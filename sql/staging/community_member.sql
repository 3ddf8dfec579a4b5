-- One row per membership of a login in a community that a record shows.
--
-- record: the raw record it was read from, type:instance:stream:key
-- first_seen_at: when the record was first stored
-- deleted_at: when the record went, as its source tells, else when that was found; null while it is live
-- member_id: source:instance:object:id
-- community_id: source:instance
-- identity_id: source:instance:user
-- joined_at: when the membership began
-- left_at: when it ended, where the source says so
-- join_channel: how the member came: import, invite, sso
-- is_suspended: barred from taking part
-- suspended_at: since when
-- suspended_until: until when; null where that is open
-- trust_level: the community's own grade of the member
-- source_updated_at: the record's own change time
select
    cast(null as varchar) as record,
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as deleted_at,
    cast(null as varchar) as member_id,
    cast(null as varchar) as community_id,
    cast(null as varchar) as identity_id,
    cast(null as timestamp) as joined_at,
    cast(null as timestamp) as left_at,
    cast(null as varchar) as join_channel,
    cast(null as boolean) as is_suspended,
    cast(null as timestamp) as suspended_at,
    cast(null as timestamp) as suspended_until,
    cast(null as bigint) as trust_level,
    cast(null as timestamp) as source_updated_at
where false
