package identity

import (
	"context"
	"fmt"
	"strings"
)

// instances are those that have numbers.
type instances []numbered

type numbered struct {
	number       int
	source, name string
	trust        int
}

func (r *round) instances(ctx context.Context) (list instances, err error) {
	err = readRows(ctx, txReader{r.tx}, "select i.instance_no, i.source, i.source_instance, coalesce(i.trust, 1) from lake.identity.instance as i order by i.instance_no", func(scan func(...any) error) error {
		var i numbered
		err := scan(&i.number, &i.source, &i.name, &i.trust)
		list = append(list, i)
		return err
	})
	return list, err
}

// numberOf is, as SQL, the number of the instance that the id of a login or
// record begins with: to compare beginnings takes a fraction of taking the ids
// apart.
func (list instances) numberOf(id string) string {
	var begin, other strings.Builder
	for _, i := range list {
		fmt.Fprintf(&begin, " when starts_with(%s, %s) then %d", id, literal(i.source+":"+i.name+":"), i.number)
		fmt.Fprintf(&other, " when %[1]s = %[2]s or %[3]s = '' and %[1]s = %[4]s then %[5]d", id, literal(i.source+":"+i.name), literal(i.name), literal(i.source), i.number)
	}
	return "cast(case" + begin.String() + other.String() + " when false then 0 end as usmallint)"
}

// trustOf is, as SQL, how far an instance is trusted where a record does not say.
func (list instances) trustOf(number string) string {
	var cases strings.Builder
	for _, i := range list {
		fmt.Fprintf(&cases, " when %d then %d", i.number, i.trust)
	}
	return "case " + number + cases.String() + " when null then 0 else 1 end" // a case without any is no SQL
}

// numberStrangers gives numbers to instances that have none, and reports whether
// there are any: where rows have none, and a select of their sources and
// instances.
func (r *round) numberStrangers(ctx context.Context, unnumbered, shown string) (bool, error) {
	strange, err := r.count(ctx, "select count(*) from "+unnumbered)
	if err != nil || strange == 0 {
		return false, err
	}
	return true, r.exec(ctx, fmt.Sprintf("create or replace temp table stranger as select distinct d.source, d.source_instance from (%s) as d", shown),
		`insert into lake.identity.instance (instance_no, source, source_instance)
select cast((select coalesce(max(i.instance_no), 0) from lake.identity.instance as i) + row_number() over (order by d.source, d.source_instance) as usmallint), d.source, d.source_instance
from temp.stranger as d`)
}
