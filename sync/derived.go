package sync

import (
	"context"
	"fmt"

	"rollcall/internal/warehouse"
)

// peopleTable maps logins to people; a build makes it, and nothing computes
// its ids again.
const peopleTable = `identity."person_identity"`

// changeTable says which build last changed a table of the lake that models
// read; a build makes it beside peopleTable. Models whose input is not named
// there any more are computed whole.
const changeTable = `staged."change"`

// derivedTables lists the quoted tables that builds keep in the lake of every
// instance's records: the staging shapes, and peopleTable. There are none
// before the first build.
func (e *Engine) derivedTables(ctx context.Context) (staging []string, people bool, err error) {
	rows, err := e.opts.DB.SQL().QueryContext(ctx, `select schema_name, table_name from duckdb_tables()
		where database_name = 'lake' and (schema_name = 'staging' or schema_name = 'identity' and table_name = 'person_identity') order by all`)
	if err != nil {
		return nil, false, fmt.Errorf("list what builds keep: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var schema, table string
		if err := rows.Scan(&schema, &table); err != nil {
			return nil, false, fmt.Errorf("list what builds keep: %w", err)
		}
		if schema == "identity" {
			people = true
			continue
		}
		staging = append(staging, "staging."+warehouse.Ident(table))
	}
	return staging, people, rows.Err()
}

// purgeDerived deletes what builds kept of an instance.
func (e *Engine) purgeDerived(ctx context.Context, tx *warehouse.Tx, typ, instance string) error {
	staging, people, err := e.derivedTables(ctx)
	if err != nil {
		return err
	}
	for _, table := range staging {
		if err := tx.Exec(ctx, "delete from "+table+" where starts_with(record, ?)", typ+":"+instance+":"); err != nil {
			return err
		}
	}
	if !people {
		return nil
	}
	if err := tx.Exec(ctx, "delete from "+peopleTable+" where source_instance = ?", instance); err != nil {
		return err
	}
	return tx.Exec(ctx, "delete from "+changeTable)
}

// movePeople keeps the people of an instance under its new name, whose logins
// would else be strangers to the next build.
func (e *Engine) movePeople(ctx context.Context, tx *warehouse.Tx, typ, from, to string) error {
	_, people, err := e.derivedTables(ctx)
	if err != nil || !people {
		return err
	}
	err = tx.Exec(ctx, "insert into "+peopleTable+` select * replace (
			? || substr(identity_id, length(?) + 1) as identity_id, ? as source_instance)
		from `+peopleTable+" where source = ? and source_instance = ?", typ+":"+to+":", typ+":"+from+":", to, typ, from)
	if err != nil {
		return err
	}
	if err := tx.Exec(ctx, "delete from "+peopleTable+" where source = ? and source_instance = ?", typ, from); err != nil {
		return err
	}
	return tx.Exec(ctx, "delete from "+changeTable)
}
