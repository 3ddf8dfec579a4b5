package identity

import (
	"context"
	"errors"
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

const (
	createTexts = `create or replace temp table identifying as
with
texts as (
    select distinct c.id_type, c.namespace, c.raw
    from (%s) as c
    where c.id_type not in ('reference', 'merge')
),

read as (
    select t.*, string_split(identity_text(t.id_type, t.namespace, t.raw), chr(31)) as fields
    from texts as t
)

select
    r.id_type as said_type,
    r.namespace as said_namespace,
    r.raw,
    r.fields[1] as id_type,
    r.fields[2] as namespace,
    r.fields[3] as norm,
    nullif(r.fields[4], '') as domain,
    nullif(r.fields[5], '') as company_domain,
    r.fields[6] as class,
    nullif(r.fields[7], '') as reason,
    md5_number_lower(r.fields[1] || chr(31) || r.fields[2] || chr(31) || r.fields[3]) as value_key,
    case when r.fields[8] <> '' then md5_number_lower('email' || chr(31) || chr(31) || r.fields[8]) end as untagged_key
from read as r
where len(r.fields) = 8`

	// Of a reference or merge, the value is another login. Whose word it is
	// where the record does not say is that of the instance that told it.
	selectObservations = `select
    c.record,
    md5_number_lower(c.identity_id) as identity_key,
    coalesce(t.value_key, md5_number_lower(c.raw)) as value_key,
    coalesce(t.id_type, c.id_type) as id_type,
    cast(coalesce(case c.trust when 'verified' then 3 when 'staff' then 2 when 'self' then 1 end, i.trust, 1) as tinyint) as trust,
    split_part(c.record, ':', 1) as source,
    split_part(c.record, ':', 2) as source_instance,
    c.seen_from,
    c.seen_until,
    c.asserted_by
from (%s) as c
left join temp.identifying as t on t.raw = c.raw and t.said_type = c.id_type and t.said_namespace = c.namespace
left join lake.identity.instance as i on i.source = split_part(c.record, ':', 1) and i.source_instance = split_part(c.record, ':', 2)
where t.value_key is not null or c.id_type in ('reference', 'merge')`
)

// observe brings the observations and values up to date with what the records
// say now.
func (r *round) observe(ctx context.Context) error {
	claims := r.claims()
	if claims == "" {
		return nil
	}
	if err := r.exec(ctx, fmt.Sprintf(createTexts, claims)); err != nil {
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
		return r.exec(ctx, "insert into lake.identity.observation\n"+fmt.Sprintf(selectObservations, claims))
	}
	return r.replaceObservations(ctx, claims)
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

// keepValues adds the values that are new and replaces those that are read
// otherwise than before.
func (r *round) keepValues(ctx context.Context) error {
	err := r.exec(ctx,
		`delete from lake.vault.value as v using temp.identifying as t
where t.value_key = v.value_key and t.norm = v.norm
    and (t.company_domain is distinct from v.company_domain or t.reason is distinct from v.reason or t.class <> v.class and not (t.class = 'unique' and v.class = 'generic'))`,
		fmt.Sprintf(`insert into lake.vault.value (value_key, id_type, namespace, norm, domain, company_domain, class, untagged_key, reason, list_version)
select t.value_key, any_value(t.id_type), any_value(t.namespace), any_value(t.norm), any_value(t.domain), any_value(t.company_domain), any_value(t.class),
    any_value(t.untagged_key), any_value(t.reason), %s
from temp.identifying as t
where not exists (select 1 from lake.vault.value as v where v.value_key = t.value_key)
group by t.value_key`, literal(listVersions())))
	if err != nil {
		return err
	}
	collisions, err := r.count(ctx, `select count(*) from temp.identifying as t
inner join lake.vault.value as v on v.value_key = t.value_key
where v.norm <> t.norm or v.namespace <> t.namespace or v.id_type <> t.id_type`)
	if err == nil && collisions > 0 {
		err = errors.New("two values of vault.value have one key, and would be taken for one: report this")
	}
	return err
}

// replaceObservations puts what records say now in the place of what they said.
// What a record does not say any more was true once, and is kept as ended while
// the record is there; what was said outright is forgotten, as is what other
// rules of reading do not find any more.
func (r *round) replaceObservations(ctx context.Context, claims string) error {
	touched, dropped := "true", "true"
	if !r.isWhole() {
		touched = "o.record in (select t.record from temp.touched_record as t)"
		dropped = "v.value_key in (select d.value_key from temp.dropped_value as d)"
	}
	reread := "''"
	for _, source := range r.Reread {
		reread += ", " + literal(source)
	}
	return r.exec(ctx,
		"create or replace temp table observed as\n"+fmt.Sprintf(selectObservations, claims),
		fmt.Sprintf(`create or replace temp table ended as
select o.* replace (coalesce(o.seen_until, %s) as seen_until)
from lake.identity.observation as o
where %s
    and o.id_type not in ('reference', 'merge') and (o.seen_until is not null or o.source not in (%s))
    and not exists (select 1 from temp.observed as n where n.record = o.record and n.identity_key = o.identity_key and n.value_key = o.value_key)
    and (%s)`, r.now(), touched, reread, r.isStaged("o.record")),
		"create or replace temp table dropped_value as select distinct o.value_key from lake.identity.observation as o where "+touched,
		"delete from lake.identity.observation as o where "+touched,
		"insert into lake.identity.observation select * from temp.observed",
		"insert into lake.identity.observation select * from temp.ended",
		"delete from lake.vault.value as v where "+dropped+" and not exists (select 1 from lake.identity.observation as o where o.value_key = v.value_key)")
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
