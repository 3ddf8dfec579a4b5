package kpi

import (
	"cmp"
	"context"
	"fmt"
	"slices"
)

// People are numbered once for all KPIs: atoms are grouped by a small integer
// instead of a person id of 36 letters, and the join that turns an identity
// into a person brings the number along. What people are sliced by is held as
// codes of kpi_code, for the same reason: millions of rows carry them.
const (
	createCodes = `create or replace %[3]s as
with
texts as (
    select m.join_month as value
    from mart.person as m
    union
    select m.join_channel as value
    from mart.person as m
)

select %[1]d as code, 'unknown' as value
union all
select %[2]d as code, 'none' as value
union all
select cast(%[2]d + row_number() over (order by t.value nulls last) as integer) as code, t.value
from texts as t
where t.value not in ('unknown', 'none')`

	createPeople = `create or replace %[2]s as
with
people as (
    select distinct i.person_id
    from core.person_identity as i
    where i.person_id is not null
)

select
    q.person_id,
    cast(row_number() over (order by q.person_id nulls last) as integer) as person_no,
    coalesce(a.code, %[1]d) as join_month,
    coalesce(b.code, %[1]d) as join_channel
from people as q
left join mart.person as m on m.person_id = q.person_id
left join kpi_code as a on a.value = m.join_month
left join kpi_code as b on b.value = m.join_channel`

	createIdentities = `create or replace %s as
select i.identity_id, q.person_no
from core.person_identity as i
inner join kpi_person as q on q.person_id = i.person_id`

	addLevels = `insert into kpi_code
with
levels as (
    select m.engagement_level as value
    from mart.person_period as m
    union
    select m.engagement_level_start as value
    from mart.person_period as m
),

last_code as (
    select max(c.code) as code
    from kpi_code as c
)

select cast(x.code + row_number() over (order by n.value nulls last) as integer) as code, n.value
from levels as n
cross join last_code as x
where n.value is not null and n.value not in (select c.value from kpi_code as c)`

	// The state of a person in a period; who has no row was not active: 'none'.
	createStates = `create or replace %s as
select %s as grain_no, m.period_start, q.person_no, a.code as engagement_level, b.code as engagement_level_start
from mart.person_period as m
inner join kpi_person as q on q.person_id = m.person_id
left join kpi_code as a on a.value = m.engagement_level
left join kpi_code as b on b.value = m.engagement_level_start
where m.community_id = 'all'`
)

// The codes of what is said of those of whom nothing is known, and of those
// who did nothing.
const (
	unknownCode = 1
	noneCode    = 2
)

// grainNo is the number of a grain in kpi_state.
func grainNo(grain string) int { return slices.Index(grains(), grain) }

func grainNumbers(column string) string {
	text := "case " + column
	for i, grain := range grains() {
		text += fmt.Sprintf(" when '%s' then %d", grain, i)
	}
	return "cast(" + text + " end as tinyint)"
}

// people makes the numbers and states that groups read.
type people struct {
	tx     Execer
	schema string // that the tables are made in; "": they are temporary
	period string // which states are read of mart.person_period m; "" for all
}

// needed makes what the groups read of people.
func (p *people) needed(ctx context.Context, groups []*group) error {
	isNeeded, states := false, false
	for _, g := range groups {
		if r := g.head(); r.who() == "person_id" && !g.isAttached() {
			isNeeded = true
			states = states || slices.ContainsFunc(r.traits, func(t trait) bool { return t.state })
		}
	}
	if !isNeeded {
		return nil
	}
	return p.need(ctx, states)
}

func (p *people) need(ctx context.Context, states bool) error {
	statements := []string{
		fmt.Sprintf(createCodes, unknownCode, noneCode, p.table("kpi_code")),
		fmt.Sprintf(createPeople, unknownCode, p.table("kpi_person")),
		fmt.Sprintf(createIdentities, p.table("kpi_identity")),
	}
	if states {
		stated := fmt.Sprintf(createStates, p.table("kpi_state"), grainNumbers("m.grain"))
		if p.period != "" {
			stated += " and " + p.period
		}
		statements = append(statements, addLevels, stated)
	}
	for _, statement := range statements {
		if err := p.tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// table names a table that is to be created.
func (p *people) table(name string) string {
	if p.schema == "" {
		return "temp table " + name
	}
	return "table " + p.schema + "." + name
}

// drop removes what need made.
func (p *people) drop(ctx context.Context) error {
	for _, table := range []string{"kpi_code", "kpi_person", "kpi_identity", "kpi_state"} {
		if err := p.tx.Exec(ctx, "drop table if exists "+cmp.Or(p.schema, "temp")+"."+table); err != nil {
			return err
		}
	}
	return nil
}
