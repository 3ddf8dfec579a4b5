package kpi

import "context"

// People are numbered once for all KPIs: atoms are grouped by a small integer
// instead of a person id of 36 letters, and the join that turns an identity
// into a person brings the number along.
const (
	createPeople = `create or replace temp table kpi_person as
with
people as (
    select distinct i.person_id
    from core.person_identity as i
    where i.person_id is not null
)

select
    q.person_id,
    cast(row_number() over (order by q.person_id nulls last) as integer) as person_no,
    coalesce(m.join_month, 'unknown') as join_month,
    coalesce(m.join_channel, 'unknown') as join_channel
from people as q
left join mart.person as m on m.person_id = q.person_id`

	createIdentities = `create or replace temp table kpi_identity as
select i.identity_id, q.person_no
from core.person_identity as i
inner join kpi_person as q on q.person_id = i.person_id`

	// The state of a person in a period; who has no row was not active: 'none'.
	createStates = `create or replace temp table kpi_state as
select m.grain, m.period_start, q.person_no, m.engagement_level, m.engagement_level_start
from mart.person_period as m
inner join kpi_person as q on q.person_id = m.person_id
where m.community_id = 'all'`
)

// people makes the numbers and states at the first KPI that needs them.
type people struct {
	tx        Execer
	period    string // which states are read of mart.person_period m; "" for all
	hasPeople bool
	hasStates bool
}

func (p *people) need(ctx context.Context, states bool) error {
	if !p.hasPeople {
		for _, create := range []string{createPeople, createIdentities} {
			if err := p.tx.Exec(ctx, create); err != nil {
				return err
			}
		}
		p.hasPeople = true
	}
	if states && !p.hasStates {
		p.hasStates = true
		if p.period != "" {
			return p.tx.Exec(ctx, createStates+" and "+p.period)
		}
		return p.tx.Exec(ctx, createStates)
	}
	return nil
}
