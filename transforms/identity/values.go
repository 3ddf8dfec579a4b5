package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"rollcall/transforms/identity/address"
)

// selectFirsts gives where each value is observed first, and whether it has other
// texts.
const selectFirsts = `select o.value_key, min(o.rowid) as place, min(o.value_check) <> max(o.value_check) as is_collision
from temp.observed as o
where o.text is not null
group by o.value_key`

// selectTexts gives one row per value, with what the text says that came first,
// in fields where it has no code.
const selectTexts = `with
texts as (
    select
        o.value_key,
        o.text,
        o.code,
        case when o.code = 0 then string_split(replace(o.text, chr(30), chr(31)), chr(31)) end as field
    from temp.observed as o
    inner join temp.first_text as f on f.place = o.rowid
)

select
    t.value_key,
    coalesce(t.field[1], 'email') as id_type,
    coalesce(t.field[2], '') as namespace,
    coalesce(t.field[3], t.text) as norm,
    nullif(case when t.code = 0 then t.field[4] else substr(t.text, instr(t.text, '@') + 1) end, '') as domain,
    nullif(case when t.code = 0 then t.field[5] else right(t.text, cast(t.code >> %[3]d as bigint)) end, '') as company_domain,
    coalesce(t.field[6], %[1]s[t.code & 255]) as class,
    case when t.field[8] <> '' then %[5]s end as untagged_key,
    nullif(case when t.code = 0 then t.field[7] else %[2]s[(t.code >> %[4]d & 65535) + 1] end, '') as reason
from texts as t`

// observedValues selects the values that are observed now.
func observedValues() string {
	var classList, reasonList []string
	for _, class := range classes() {
		classList = append(classList, literal(string(class)))
	}
	for _, reason := range address.Reasons() {
		reasonList = append(reasonList, literal(reason))
	}
	return fmt.Sprintf(selectTexts, "["+strings.Join(classList, ", ")+"]", "["+strings.Join(reasonList, ", ")+"]",
		companyShift, reasonShift, keyOf("'email' || chr(31) || chr(31) || t.field[8]"))
}

// keepValues adds the values that are new and replaces those that are read
// otherwise than before.
func (r *round) keepValues(ctx context.Context) error {
	if err := r.refill(ctx, "first_text", selectFirsts); err != nil {
		return err
	}
	collisions, err := r.count(ctx, "select count(*) from temp.first_text as t where t.is_collision")
	if err != nil {
		return err
	}
	stored, err := r.count(ctx, "select count(*) from (select 1 from lake.vault.value limit 1)")
	if err != nil {
		return err
	}
	values := observedValues()
	r.newValues = stored == 0
	if stored > 0 {
		if err := r.exec(ctx, "create or replace temp table identifying as\n"+values); err != nil {
			return err
		}
		against, err := r.compareValues(ctx)
		if err != nil {
			return err
		}
		collisions += against
		values = "select t.* from temp.identifying as t where t.value_key not in (select k.value_key from temp.known_value as k)"
	}
	if collisions > 0 {
		return errors.New("two values of vault.value have one key, and would be taken for one: report this")
	}
	return r.exec(ctx, "insert into lake.vault.value (value_key, id_type, namespace, norm, domain, company_domain, class, untagged_key, reason)\n"+values)
}

// compareValues makes temp.known_value, those that stay as they are, deletes those
// that are read otherwise than before, and counts those of one key that are not
// one.
func (r *round) compareValues(ctx context.Context) (collisions int64, err error) {
	err = r.exec(ctx, `create or replace temp table known_value as
select v.value_key, v.norm <> t.norm or v.namespace <> t.namespace or v.id_type <> t.id_type as is_collision,
    t.domain is distinct from v.domain or t.company_domain is distinct from v.company_domain or t.reason is distinct from v.reason or t.class <> v.class as is_unlike
from lake.vault.value as v
inner join temp.identifying as t on t.value_key = v.value_key`)
	if err != nil {
		return 0, err
	}
	if collisions, err = r.count(ctx, "select count(*) from temp.known_value as k where k.is_collision"); err != nil || collisions > 0 {
		return collisions, err
	}
	return 0, r.exec(ctx,
		"delete from lake.vault.value as v where v.value_key in (select k.value_key from temp.known_value as k where k.is_unlike)",
		"delete from temp.known_value as k where k.is_unlike")
}
