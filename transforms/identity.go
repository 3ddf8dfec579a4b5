package transforms

import (
	"context"
	"fmt"

	"rollcall/internal/warehouse"
)

// personIdentity is the lake's map from logins to people. Each login gets a
// random person id once and keeps it, so that the marts can be deleted and the
// next build gives the same ids.
const personIdentity = `create table if not exists lake.identity.person_identity (
    identity_id varchar,
    person_id varchar,
    source varchar,
    source_instance varchar,
    source_user_id varchar,
    match_method varchar,
    linked_at timestamp,
    unlinked_at timestamp
)`

// keepPeople adds the logins that staging shows for the first time, and forgets those of instances that were purged.
func (b *Builder) keepPeople(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	p := build.plan
	statements := p.forgotten()
	statements = append(statements, fmt.Sprintf(newLogins, literal(b.opts.Now().UTC().Format("2006-01-02 15:04:05.999999"))))
	before, err := countLogins(ctx, tx)
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	after, err := countLogins(ctx, tx)
	if err != nil || after == before && len(p.gone) == 0 {
		return err
	}
	if len(p.gone) > 0 {
		delete(p.deltas, peopleTable)
	}
	return noteChange(ctx, tx, peopleTable, build)
}

const newLogins = `insert into lake.identity.person_identity by name
select s.identity_id, cast(uuidv7() as varchar) as person_id,
    split_part(s.identity_id, ':', 1) as source,
    split_part(s.identity_id, ':', 2) as source_instance,
    substr(s.identity_id, length(split_part(s.identity_id, ':', 1)) + length(split_part(s.identity_id, ':', 2)) + 3) as source_user_id,
    'own' as match_method, cast(%s as timestamp) as linked_at, cast(null as timestamp) as unlinked_at
from work.delta.new_login as s`

// forgotten deletes the logins of instances of which nothing is stored any
// more.
func (p *stagingPlan) forgotten() []string {
	held := map[[2]string]bool{}
	for _, streams := range []map[streamKey]stagedStream{p.staged, p.kept} {
		for key := range streams {
			held[[2]string{key.Type, key.Instance}] = true
		}
	}
	var statements []string
	for key := range p.gone {
		if !held[[2]string{key.Type, key.Instance}] {
			statements = append(statements, fmt.Sprintf("delete from lake.identity.person_identity where source = %s and source_instance = %s", literal(key.Type), literal(key.Instance)))
		}
	}
	return statements
}

func countLogins(ctx context.Context, tx *warehouse.Tx) (int64, error) {
	rows, err := tx.Query(ctx, "select count(*) from lake.identity.person_identity")
	if err != nil {
		return 0, err
	}
	var logins int64
	return logins, scanOne(rows, &logins)
}
