package transforms

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"rollcall/internal/warehouse"
)

// peopleTable is the lake's map from logins to people, as models read it.
const peopleTable = "identity.person_identity"

// A tableChange is what a build did to a table: nothing, some rows that the build
// holds, or more than it can say.
type tableChange struct {
	isNone    bool
	isPending bool   // it is only planned, so nobody knows
	rows      string // table of the rows that were added (added_rows > 0) or went; "" if unknown
}

// wholeShare is the part of a table above which its changed rows are not
// followed: computing everything is as fast.
const wholeShare = 0.2

// changedRows is a select of the rows, with added_rows, by which two sets of
// rows differ.
func changedRows(after, before string) string {
	return fmt.Sprintf(`select columns(c -> c <> 'added_rows'), cast(sum(added_rows) as bigint) as added_rows from (
    select *, 1 as added_rows from (%s)
    union all
    select *, -1 as added_rows from (%s)
) group by all having sum(added_rows) <> 0`, after, before)
}

// noteVersions reads which build last changed each table of the lake, before
// this one changes any.
func (b *Builder) noteVersions(ctx context.Context, conn *sql.Conn, p *stagingPlan) error {
	return eachRow(ctx, conn, "select name, build_id from lake.staged.change", func(scan func(...any) error) error {
		var name, buildID string
		err := scan(&name, &buildID)
		p.versions[name] = buildID
		return err
	})
}

// noteDeltas keeps, of every staging table that this build will change record
// by record, the rows that go and come.
func (b *Builder) noteDeltas(ctx context.Context, conn *sql.Conn, p *stagingPlan) error {
	for _, name := range sortedKeys(b.shapes) {
		if !p.touched(b.shapes[name]) || p.replaces(b.shapes[name]) {
			continue
		}
		few, err := p.isFew(ctx, conn, name)
		if err != nil {
			return err
		}
		if !few {
			continue
		}
		table := "work.delta." + ident("staging."+name)
		before := fmt.Sprintf(`select s.* from lake.staging.%s as s where %s or exists (select 1 from work.staged.record as c where c.record = s.record)`,
			ident(name), p.dropped(b.shapes[name]))
		if _, err := conn.ExecContext(ctx, "create or replace table "+table+" as "+changedRows("select * from work.staging."+ident(name), before)); err != nil {
			return fmt.Errorf("compare staging.%s: %w", name, err)
		}
		p.deltas["staging."+name] = table
	}
	return nil
}

// isFew reports whether few enough records of the shape changed to follow them.
func (p *stagingPlan) isFew(ctx context.Context, conn *sql.Conn, shape string) (bool, error) {
	var changed, all int64
	err := conn.QueryRowContext(ctx, fmt.Sprintf("select (select count(*) from work.staging.%[1]s), (select count(*) from lake.staging.%[1]s)", ident(shape))).Scan(&changed, &all)
	return changed <= 1000 || float64(changed) <= wholeShare*float64(all), err
}

// noteLogins lists the logins that staging shows for the first time, from
// every column that holds one.
func (b *Builder) noteLogins(ctx context.Context, conn *sql.Conn, p *stagingPlan) error {
	seen := []string{"select cast(null as varchar) as identity_id"}
	for _, name := range sortedKeys(b.shapes) {
		if !p.touched(b.shapes[name]) {
			continue
		}
		for _, c := range b.shapes[name].columns {
			if c.Name == "identity_id" || strings.HasSuffix(c.Name, "_identity_id") {
				seen = append(seen, fmt.Sprintf("select %s as identity_id from work.staging.%s", ident(c.Name), ident(name)))
			}
		}
	}
	if _, err := conn.ExecContext(ctx, fmt.Sprintf(`create or replace table work.delta.new_login as
select s.identity_id from (%s) as s
where s.identity_id is not null
    and not exists (select 1 from lake.identity.person_identity as p where p.identity_id = s.identity_id)`, strings.Join(seen, "\n    union\n    "))); err != nil {
		return err
	}
	return conn.QueryRowContext(ctx, "select count(*) from work.delta.new_login").Scan(&p.newLogins)
}

// createNewPeople makes the tables of logins and people that are new in this
// build: nothing that was there before can be about them.
func createNewPeople(ctx context.Context, tx *warehouse.Tx) error {
	for _, statement := range []string{
		`create or replace temp table new_login as
select p.*, 1 as added_rows from identity.person_identity as p
inner join work.delta.new_login as n on n.identity_id = p.identity_id
where p.unlinked_at is null`,
		`create or replace temp table new_person as
select p.person_id from identity.person_identity as p
where p.unlinked_at is null and p.person_id in (select n.person_id from new_login as n)
group by p.person_id
having bool_and(p.identity_id in (select n.identity_id from new_login as n))`,
	} {
		if err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("list new people: %w", err)
		}
	}
	return nil
}
