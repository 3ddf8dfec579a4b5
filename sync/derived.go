package sync

import (
	"context"
	"fmt"

	"rollcall/internal/warehouse"
)

// peopleTable maps logins to people; a build fills it, and nothing computes
// its ids again.
const peopleTable = `identity."person_identity"`

// changeTable says which build last changed a table of the lake that models
// read; the first build makes it. Models whose input is not named
// there any more are computed whole.
const changeTable = `staged."change"`

// derivedTables lists the quoted tables of staging that builds keep in the lake
// of every instance's records, and reports whether there was a build.
func (e *Engine) derivedTables(ctx context.Context) (staging []string, isBuilt bool, err error) {
	rows, err := e.opts.DB.SQL().QueryContext(ctx, `select schema_name, table_name from duckdb_tables()
		where database_name = 'lake' and (schema_name = 'staging' or schema_name = 'staged' and table_name = 'change') order by all`)
	if err != nil {
		return nil, false, fmt.Errorf("list what builds keep: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var schema, table string
		if err := rows.Scan(&schema, &table); err != nil {
			return nil, false, fmt.Errorf("list what builds keep: %w", err)
		}
		if schema == "staged" {
			isBuilt = true
			continue
		}
		staging = append(staging, "staging."+warehouse.Ident(table))
	}
	return staging, isBuilt, rows.Err()
}

// purgeDerived deletes what builds kept of an instance.
func (e *Engine) purgeDerived(ctx context.Context, tx *warehouse.Tx, typ, instance string) error {
	staging, isBuilt, err := e.derivedTables(ctx)
	if err != nil {
		return err
	}
	for _, table := range staging {
		if err := tx.Exec(ctx, "delete from "+table+" where starts_with(record, ?)", typ+":"+instance+":"); err != nil {
			return err
		}
	}
	if !isBuilt {
		return nil
	}
	for _, statement := range []string{
		"delete from " + peopleTable + " where source_instance = " + warehouse.Literal(instance),
		"delete from identity.observation where starts_with(record, " + warehouse.Literal(typ+":"+instance+":") + ")",
		"delete from vault.value where value_key not in (select o.value_key from identity.observation as o)",
		"delete from " + changeTable,
	} {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// movePeople keeps the people of an instance under its new name, whose logins
// would else be strangers to the next build, with what was observed of them and
// what was decided.
func (e *Engine) movePeople(ctx context.Context, tx *warehouse.Tx, typ, from, to string) error {
	_, isBuilt, err := e.derivedTables(ctx)
	if err != nil || !isBuilt {
		return err
	}
	old := warehouse.Literal(typ + ":" + from + ":")
	renamed := func(column string) string {
		return fmt.Sprintf("case when starts_with(%[1]s, %[2]s) then %[3]s || substr(%[1]s, length(%[2]s) + 1) else %[1]s end as %[1]s", column, old, warehouse.Literal(typ+":"+to+":"))
	}
	// A login's key is of its id, so that the observations go before the logins.
	observed := fmt.Sprintf(`select o.* replace (%s,
    coalesce(md5_number_lower(%s || substr(p.identity_id, length(%s) + 1)), o.identity_key) as identity_key)
from identity.observation as o
left join %s as p on p.identity_key = o.identity_key and p.unlinked_at is null and starts_with(p.identity_id, %s)
where starts_with(o.record, %s) or p.identity_key is not null`, renamed("record"), warehouse.Literal(typ+":"+to+":"), old, peopleTable, old, old)
	own := "x.source = " + warehouse.Literal(typ) + " and x.source_instance = " + warehouse.Literal(from)
	for _, move := range []struct{ table, moved, where string }{
		{"identity.observation", observed, "starts_with(x.record, " + old + ") or x.identity_key in (select p.identity_key from " + peopleTable + " as p where starts_with(p.identity_id, " + old + "))"},
		{peopleTable, "select x.* replace (" + renamed("identity_id") + ", " + warehouse.Literal(to) + " as source_instance, cast(null as ubigint) as identity_key) from " + peopleTable + " as x where " + own, own},
		{"identity.person", "select x.* replace (" + renamed("anchor_identity_id") + ", cast(null as ubigint) as anchor_key) from identity.person as x where starts_with(x.anchor_identity_id, " + old + ")", "starts_with(x.anchor_identity_id, " + old + ")"},
		{"identity.decision", "select x.* replace (" + renamed("identity_id") + ", " + renamed("other_identity_id") + ") from identity.decision as x", "true"},
	} {
		for _, statement := range []string{
			"create or replace temp table moved as " + move.moved,
			"delete from " + move.table + " as x where " + move.where,
			"insert into " + move.table + " select * from temp.moved",
			"drop table temp.moved",
		} {
			if err := tx.Exec(ctx, statement); err != nil {
				return fmt.Errorf("rename the logins of %s: %w", move.table, err)
			}
		}
	}
	return tx.Exec(ctx, "delete from "+changeTable)
}
