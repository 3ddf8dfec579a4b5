package transforms

import (
	"context"
	"fmt"
	"slices"

	"rollcall/internal/warehouse"
	"rollcall/transforms/kpi"
)

// moves are what happened to people, apart from their records, since the last
// build whose checks passed.
type moves struct {
	merged bool // logins changed the person they belong to, by merging or splitting
	erased bool
}

// readMoves looks at the lake's identities and leaves the days on which logins
// that moved had acted in the temporary table that the value history reads. A
// row is of a build or, where people decide, of none; those of the last build
// were in its values already.
func (b *Builder) readMoves(ctx context.Context, tx *warehouse.Tx, p *past) (moves, error) {
	var m moves
	if err := tx.Exec(ctx, kpi.CreateMoved); err != nil || p.lastBuild == "" {
		return m, err
	}
	since := "timestamp " + literal(p.began.UTC().Format("2006-01-02 15:04:05.999999"))
	isNew := fmt.Sprintf("e.build_id is distinct from %s and e.%%s >= %s", literal(p.lastBuild), since)
	if err := tx.Exec(ctx, fmt.Sprintf(createMovedLogins, fmt.Sprintf(isNew, "happened_at"), fmt.Sprintf(isNew, "linked_at"))); err != nil {
		return m, err
	}
	if slices.ContainsFunc(b.models, func(m *model) bool { return m.name() == actTable }) {
		if err := tx.Exec(ctx, "insert into kpi_moved\nselect distinct a.happened_on as acted_on from "+actTable+" as a\nwhere a.identity_id in (select l.identity_id from moved_login as l)"); err != nil {
			return m, err
		}
	}
	rows, err := tx.Query(ctx, "select exists (select 1 from moved_login),\n"+
		"    exists (select 1 from lake.identity.person_event as e where e.event = 'erased' and "+fmt.Sprintf(isNew, "happened_at")+")")
	if err != nil {
		return m, err
	}
	if err := scanOne(rows, &m.merged, &m.erased); err != nil {
		return m, err
	}
	return m, tx.Exec(ctx, "drop table temp.moved_login")
}

// actTable holds what every login did, by local day.
const actTable = "mart.activity"

// createMovedLogins names the logins of people that were merged or split, and
// those whose present person is not their last.
const createMovedLogins = `create or replace temp table moved_login as
with
moved_people as (
    select unnest([e.person_id, e.other_person_id]) as person_id
    from lake.identity.person_event as e
    where e.event in ('merged', 'split') and %[1]s
)

select e.identity_id
from lake.identity.person_event as e
where e.event in ('merged', 'split') and e.identity_id is not null and %[1]s
union
select i.identity_id
from lake.identity.person_identity as i
where i.unlinked_at is null and i.person_id in (select p.person_id from moved_people as p)
union
select e.identity_id
from lake.identity.person_identity as e
inner join lake.identity.person_identity as o
    on o.identity_id = e.identity_id and o.person_id <> e.person_id and o.unlinked_at is not null
where e.unlinked_at is null and %[2]s`
