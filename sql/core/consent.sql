-- One row per login, purpose and span in which one answer holds to what its data
-- may be used for. A source's later answer ends its earlier one, and a grant ends
-- where its record is gone. Where sources disagree the most restrictive answer
-- holds. No row: no answer, which is no.
--
-- identity_id: source:instance:user
-- purpose: identity_matching, survey_linking or marketing
-- status: granted, refused or withdrawn
-- lawful_basis: as the source has it
-- valid_from: first instant: when it was answered, else when that was first seen
-- valid_to: end, exclusive; null: still
with
answers as (
    select
        c.identity_id,
        lower(c.purpose) as purpose,
        lower(c.status) as status,
        c.lawful_basis,
        coalesce(c.recorded_at, c.first_seen_at) as valid_from,
        c.deleted_at,
        lead(coalesce(c.recorded_at, c.first_seen_at)) over (
            partition by c.identity_id, lower(c.purpose), nullif(split_part(c.record, ':', 1), ''), nullif(split_part(c.record, ':', 2), '')
            order by
                coalesce(c.recorded_at, c.first_seen_at) nulls first,
                case when lower(c.status) in ('refused', 'withdrawn') then 1 else 0 end nulls first,
                c.record nulls first
        ) as next_at
    from staging.consent as c
    where c.identity_id is not null and c.purpose is not null and c.status is not null
),

held as (
    select
        a.identity_id,
        a.purpose,
        a.status,
        a.lawful_basis,
        a.valid_from,
        case
            when a.status not in ('refused', 'withdrawn') and a.deleted_at is not null
                and a.deleted_at < coalesce(a.next_at, timestamp '9999-12-31 00:00:00') then a.deleted_at
            else coalesce(a.next_at, timestamp '9999-12-31 00:00:00')
        end as valid_to
    from answers as a
),

cuts as (
    select h.identity_id, h.purpose, h.valid_from as cut_at from held as h
    union
    select h.identity_id, h.purpose, h.valid_to from held as h
),

stretches as (
    select
        c.identity_id,
        c.purpose,
        c.cut_at as valid_from,
        lead(c.cut_at) over (partition by c.identity_id, c.purpose order by c.cut_at nulls last) as valid_to
    from cuts as c
),

ranked as (
    select
        s.identity_id,
        s.purpose,
        h.status as status,
        h.lawful_basis,
        s.valid_from,
        s.valid_to,
        row_number() over (
            partition by s.identity_id, s.purpose, s.valid_from
            order by
                case when h.status in ('refused', 'withdrawn') then 0 else 1 end nulls last,
                h.valid_from desc nulls last,
                h.status nulls last,
                h.lawful_basis nulls last
        ) as place
    from stretches as s
    inner join held as h
        on h.identity_id = s.identity_id and h.purpose = s.purpose
        and h.valid_from <= s.valid_from and h.valid_to >= s.valid_to
    where s.valid_from < s.valid_to
),

final as (
    select
        r.identity_id,
        r.purpose,
        r.status as status,
        r.lawful_basis,
        r.valid_from,
        nullif(r.valid_to, timestamp '9999-12-31 00:00:00') as valid_to
    from ranked as r
    where r.place = 1
)

select * from final
