package identity

import (
	"context"
	"fmt"
	"strings"
)

// Shapes are the staging shapes that [Resolve] reads.
func Shapes() []string {
	return []string{"identity", "identity_evidence", "merge", "org", "org_membership", "consent"}
}

// claimsOf selects what rows of a shape say of logins, as texts. A GitHub user
// is who the no-reply addresses of that number or login belong to.
func claimsOf(shape, rows string) string {
	switch shape {
	case "identity":
		return `select s.record, s.identity_id, 'email' as id_type, '' as namespace, s.email as raw, cast(null as varchar) as trust,
    cast(null as varchar) as asserted_by, coalesce(s.created_at, s.first_seen_at) as seen_from, s.deleted_at as seen_until
from ` + rows + ` as s
where s.identity_id is not null and s.email is not null
union all
select s.record, s.identity_id, 'subject' as id_type, n.namespace, n.raw, 'verified' as trust,
    cast(null as varchar) as asserted_by, s.first_seen_at as seen_from, s.deleted_at as seen_until
from ` + rows + ` as s, unnest([
    {'namespace': ` + literal(gitHubUsers) + `, 'raw': s.source_user_id},
    {'namespace': ` + literal(gitHubLogins) + `, 'raw': s.username}
]) as u(n)
where s.source = 'github' and n.raw is not null`
	case "identity_evidence":
		return `select s.record, s.identity_id, s.id_type, coalesce(s.namespace, '') as namespace, s.value as raw, s.trust,
    s.asserted_by, coalesce(s.seen_from, s.first_seen_at) as seen_from, least(s.seen_until, s.deleted_at) as seen_until
from ` + rows + ` as s
where s.identity_id is not null and s.value is not null and s.id_type in ('email', 'subject', 'username', 'name', 'reference')`
	case "merge":
		return `select s.record, s.merged_id as identity_id, 'merge' as id_type, '' as namespace, s.surviving_id as raw, 'verified' as trust,
    cast(null as varchar) as asserted_by, coalesce(s.merged_at, s.first_seen_at) as seen_from, cast(null as timestamp) as seen_until
from ` + rows + ` as s
where s.object = 'identity' and s.merged_id is not null and s.surviving_id is not null`
	}
	return ""
}

// selectSaid: of a reference or merge, the value is another login's key.
// Whose word it is where the record does not say is that of the instance that
// told it. A text is read once and kept beside its row, an address that is its own
// mailbox with its code: to read it again costs less than to join it by its
// letters. One that identifies nobody has no value_key.
const selectSaid = `with
claims as (
    %[1]s
),

coded as (
    select c.*, c.id_type in ('reference', 'merge') as is_login, case when c.id_type = 'email' then identity_address_code(c.raw) else 0 end as code
    from claims as c
),

parts as (
    select
        c.*,
        %[4]s as instance_no,
        case
            when c.is_login or c.code > 0 then c.raw
            when c.id_type = 'subject' and c.namespace <> %[2]s and not contains(c.namespace, chr(31)) and not contains(c.namespace, chr(30)) and identity_subject_code(c.raw) > 0
                then 'subject' || chr(31) || c.namespace || chr(31) || c.raw || chr(30) || chr(31) || chr(31) || 'unique' || chr(31) || chr(31)
            else nullif(identity_text(c.id_type, c.namespace, c.raw), '')
        end as text
    from coded as c
),

keyed as (
    select p.*, md5_number(case when p.is_login then p.text when p.code > 0 then 'email' || chr(31) || chr(31) || p.text else left(p.text, instr(p.text, chr(30)) - 1) end) as said
    from parts as p
)

select
    k.record,
    %[3]s as identity_key,
    cast(k.said >> 64 as ubigint) as value_key,
    cast(case when k.is_login or k.code > 0 then k.id_type else left(k.text, instr(k.text, chr(31)) - 1) end as enum('email', 'subject', 'username', 'name', 'reference', 'merge')) as id_type,
    cast(case k.trust when 'verified' then 3 when 'staff' then 2 when 'self' then 1 else %[5]s end as tinyint) as trust,
    k.instance_no,
    k.seen_from,
    k.seen_until,
    k.asserted_by,
    case when not k.is_login then k.text end as text,
    case when not k.is_login then cast(k.said & 18446744073709551615 as ubigint) end as value_check,
    cast(k.code as uinteger) as code
from keyed as k`

const selectObserved = `select o.* exclude (text, value_check, code)
from temp.observed as o
where o.value_key is not null`

// observe brings the observations and values up to date with what the records
// say now.
func (r *round) observe(ctx context.Context) error {
	claims := r.claims()
	if claims == "" {
		return nil
	}
	if err := r.readClaims(ctx, claims); err != nil {
		return err
	}
	if err := r.keepValues(ctx); err != nil {
		return err
	}
	stored, err := r.count(ctx, "select count(*) from (select 1 from lake.identity.observation limit 1)")
	if err != nil {
		return err
	}
	if stored == 0 {
		err = r.exec(ctx, "insert into lake.identity.observation\n"+selectObserved)
	} else {
		err = r.replaceObservations(ctx)
	}
	if err != nil {
		return err
	}
	// The largest of all, of which DuckDB needs the memory.
	return r.exec(ctx, "drop table temp.observed", "drop table temp.first_text", "drop table if exists temp.identifying")
}

// readClaims makes temp.observed, and gives numbers to instances of records that
// the configuration does not name.
func (r *round) readClaims(ctx context.Context, claims string) error {
	for {
		instances, err := r.instances(ctx)
		if err != nil {
			return err
		}
		if err := r.refill(ctx, "observed", fmt.Sprintf(selectSaid, claims, literal(gitHubLogins), keyOf("k.identity_id"), instances.numberOf("c.record"), instances.trustOf("k.instance_no"))); err != nil {
			return err
		}
		added, err := r.numberStrangers(ctx, "temp.observed as o where o.instance_no is null", "select split_part(o.record, ':', 1) as source, split_part(o.record, ':', 2) as source_instance from temp.observed as o where o.instance_no is null")
		if err != nil || !added {
			return err
		}
	}
}

// claims unites the claims of the rows that are read.
func (r *round) claims() string {
	var parts []string
	for _, shape := range Shapes() {
		rows := r.Rows[shape]
		if rows == "" {
			continue
		}
		if !r.isWhole() {
			rows = fmt.Sprintf("(select * from %s where record in (select t.record from temp.touched_record as t))", rows)
		}
		if claims := claimsOf(shape, rows); claims != "" {
			parts = append(parts, claims)
		}
	}
	return strings.Join(parts, "\nunion all\n")
}

// replaceObservations puts what records say now in the place of what they said.
// What a record does not say any more was true once, and is kept as ended while
// the record is there; what was said outright is forgotten, as is what other
// rules of reading do not find any more.
func (r *round) replaceObservations(ctx context.Context) error {
	touched := "true"
	if !r.isWhole() {
		touched = "o.record in (select t.record from temp.touched_record as t)"
	}
	reread := "''"
	for _, source := range r.Reread {
		reread += ", " + literal(source)
	}
	dropped := `create or replace temp table dropped_value as
select v.value_key from lake.vault.value as v where v.value_key not in (select o.value_key from lake.identity.observation as o)`
	if !r.isWhole() {
		dropped = `create or replace temp table dropped_value as
with
before as (select distinct b.value_key from temp.said_before as b)

select b.value_key
from before as b
where b.value_key not in (select o.value_key from lake.identity.observation as o where o.value_key in (select d.value_key from before as d))`
	}
	return r.exec(ctx,
		"create or replace temp table said_before as select o.*, o.rowid as place from lake.identity.observation as o where "+touched,
		fmt.Sprintf(`create or replace temp table ended as
select o.* exclude (place) replace (coalesce(o.seen_until, %s) as seen_until)
from temp.said_before as o
where o.id_type not in ('reference', 'merge')
    and (o.seen_until is not null or o.instance_no not in (select i.instance_no from lake.identity.instance as i where i.source in (%s)))
    and not exists (select 1 from temp.observed as n where n.record = o.record and n.identity_key = o.identity_key and n.value_key = o.value_key)
    and (%s)`, r.now(), reread, r.isStaged("o.record")),
		"delete from lake.identity.observation as o where o.rowid in (select b.place from temp.said_before as b)",
		"insert into lake.identity.observation\n"+selectObserved+"\nunion all\nselect * from temp.ended",
		dropped,
		"delete from lake.vault.value as v using temp.dropped_value as d where d.value_key = v.value_key")
}

// isStaged is the condition that a record shows a login still.
func (r *round) isStaged(record string) string {
	var shown []string
	for _, shape := range []string{"identity", "identity_evidence"} {
		if r.Rows[shape] != "" {
			shown = append(shown, fmt.Sprintf("%s in (select s.record from %s as s)", record, r.Rows[shape]))
		}
	}
	if len(shown) == 0 {
		return "false"
	}
	return strings.Join(shown, " or ")
}
