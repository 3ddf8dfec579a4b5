package identity

import (
	"context"
	"fmt"
	"strings"
)

// noteInstances keeps what the configuration says of instances; of those that
// it does not name any more, what it last said.
func (r *round) noteInstances(ctx context.Context) error {
	for _, rules := range r.Rules.Instances {
		trust := map[string]int{"verified": int(Verified), "staff": int(Staff), "self": int(Self)}[rules.Trust]
		changed, err := r.count(ctx, fmt.Sprintf(`select count(*) from lake.identity.instance as i
where i.source = %s and i.source_instance = %s and i.trust = %d and i.is_community = %t and i.is_crm = %t and i.address_logins = %d`,
			literal(rules.Source), literal(rules.Name), trust, rules.IsCommunity, rules.IsCRM, rules.AddressLogins))
		if err != nil || changed > 0 {
			if err != nil {
				return err
			}
			continue
		}
		where := fmt.Sprintf("source = %s and source_instance = %s", literal(rules.Source), literal(rules.Name))
		err = r.exec(ctx,
			fmt.Sprintf(`create or replace temp table instance_no as
select coalesce((select min(i.instance_no) from lake.identity.instance as i where %s), (select coalesce(max(i.instance_no), 0) + 1 from lake.identity.instance as i)) as instance_no`, where),
			"delete from lake.identity.instance where "+where,
			fmt.Sprintf("insert into lake.identity.instance select n.instance_no, %s, %s, %d, %t, %t, %d from temp.instance_no as n",
				literal(rules.Source), literal(rules.Name), trust, rules.IsCommunity, rules.IsCRM, rules.AddressLogins),
			"drop table temp.instance_no")
		if err != nil {
			return err
		}
	}
	return nil
}

// solveAllFrom is how many logins are touched before it is asked whether that is
// most of them.
const solveAllFrom = 1000

// touch lists the records that changed, and the logins that they, decisions,
// consent or time have to do with.
func (r *round) touch(ctx context.Context) error {
	err := r.exec(ctx, "create or replace temp table touched_record as "+r.changed("select distinct c.record from %s as c", "record"))
	if err == nil && !r.isWhole() {
		err = r.listNewcomers(ctx)
	}
	r.solvesAll = r.isWhole()
	if err == nil && !r.solvesAll {
		r.solvesAll, err = r.isMost(ctx, "lake.identity.pending")
	}
	if err != nil || r.solvesAll {
		return err
	}
	touched := []string{"select identity_id from temp.newcomer", "select identity_id from lake.identity.pending",
		fmt.Sprintf(`select m.identity_id from lake.staging.org_membership as m
inner join lake.identity.solved as s
    on m.valid_to > s.solved_at and m.valid_to <= %[1]s or m.valid_from > s.solved_at and m.valid_from <= %[1]s`, r.now())}
	for _, shape := range sortedKeys(r.Changes) {
		switch shape {
		case "merge":
			touched = append(touched, "select merged_id from "+r.Changes[shape], "select surviving_id from "+r.Changes[shape])
		case "identity_evidence":
			touched = append(touched, "select value from "+r.Changes[shape]+" where id_type = 'reference'")
			touched = append(touched, "select identity_id from "+r.Changes[shape])
		case "org":
			touched = append(touched, fmt.Sprintf(touchedContacts, r.Changes[shape]))
		default:
			touched = append(touched, "select identity_id from "+r.Changes[shape])
		}
	}
	err = r.exec(ctx, fmt.Sprintf(`create or replace temp table touched as
select distinct t.identity_id, %s as identity_key
from (%s) as t(identity_id)
where t.identity_id is not null`, keyOf("t.identity_id"), strings.Join(touched, " union all ")))
	if err != nil {
		return err
	}
	r.solvesAll, err = r.isMost(ctx, "temp.touched")
	return err
}

// listNewcomers lists the logins that were never seen before: where everything is
// read, after that, which needs the memory.
func (r *round) listNewcomers(ctx context.Context) error {
	newLogins := "(select cast(null as varchar) as identity_id where false)"
	if r.NewLogins != "" {
		newLogins = r.NewLogins
	}
	return r.refill(ctx, "newcomer", fmt.Sprintf("select n.identity_id, %s as identity_key from %s as n", keyOf("n.identity_id"), newLogins))
}

// isMost reports whether a table has half as many logins as there are.
func (r *round) isMost(ctx context.Context, table string) (bool, error) {
	most, err := r.count(ctx, fmt.Sprintf(`select count(*) from (select 1)
where (select count(*) from %[1]s) >= %[2]d
    and 2 * (select count(*) from %[1]s) >= (select count(*) from lake.identity.person_identity as p where p.unlinked_at is null)`, table, solveAllFrom))
	return most > 0, err
}

// touchedContacts are the contacts of companies that became customers or are
// not any more.
const touchedContacts = `select m.identity_id
from lake.staging.org_membership as m
left join lake.identity.account_source as a on a.org_id = m.org_id and a.unlinked_at is null
inner join (
    select distinct c.org_id, b.account_id
    from (select d.org_id, d.is_customer from %s as d group by all having sum(d.added_rows) <> 0) as c
    left join lake.identity.account_source as b on b.org_id = c.org_id and b.unlinked_at is null
) as o on o.org_id = m.org_id or o.account_id = a.account_id`

// changed unites a select over the tables of changes.
func (r *round) changed(query, column string) string {
	parts := []string{fmt.Sprintf("select cast(null as varchar) as %s where false", column)}
	for _, shape := range sortedKeys(r.Changes) {
		parts = append(parts, fmt.Sprintf(query, r.Changes[shape]))
	}
	return strings.Join(parts, " union ")
}
