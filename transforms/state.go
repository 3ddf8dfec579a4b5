package transforms

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"rollcall/internal/warehouse"
)

// A modelState is what the marts remember of one model, so that the next build
// knows what it may keep. It stands in checks.model, and so goes with the
// marts when they are deleted.
type modelState struct {
	Version     string            // the build that last changed a row
	Fingerprint string            // what the rows were computed by
	Inputs      map[string]string // table -> its version when it was read
}

// An Action is what a build does with a model or a KPI.
type Action string

// The actions of a build.
const (
	Skip  Action = "skip"  // nothing that it reads changed
	Slice Action = "slice" // some keys are computed again
	Whole Action = "whole" // everything is computed again
)

// A Step is what a build does, or would do, with one model or KPI, and why.
type Step struct {
	Name   string
	Action Action
	Reason string
}

const createModelState = `create table if not exists marts.checks.model
    (model varchar, action varchar, reason varchar, version varchar, fingerprint varchar, inputs varchar)`

// A rowReader runs a select.
type rowReader interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// readStates reads what the last build left.
func readStates(ctx context.Context, db rowReader) (map[string]*modelState, error) {
	states := map[string]*modelState{}
	err := scanRows(ctx, db, `select model, version, fingerprint, inputs from marts.checks.model
where not contains(model, '.') or model in (select schema_name || '.' || table_name from duckdb_tables() where database_name = 'marts')`, func(scan func(...any) error) error {
		var name, inputs string
		state := &modelState{}
		if err := scan(&name, &state.Version, &state.Fingerprint, &inputs); err != nil {
			return err
		}
		states[name] = state
		return json.Unmarshal([]byte(inputs), &state.Inputs)
	})
	if err != nil {
		return nil, fmt.Errorf("read what the models were made of: %w", err)
	}
	return states, nil
}

func writeState(ctx context.Context, tx *warehouse.Tx, step Step, state *modelState) error {
	inputs, err := json.Marshal(state.Inputs)
	if err != nil {
		return err
	}
	return errors.Join(
		tx.Exec(ctx, "delete from checks.model where model = ?", step.Name),
		tx.Exec(ctx, "insert into checks.model values (?, ?, ?, ?, ?, ?)", step.Name, string(step.Action), step.Reason, state.Version, state.Fingerprint, string(inputs)))
}

// scanRows calls visit with the scanner of every row.
func scanRows(ctx context.Context, db rowReader, query string, visit func(scan func(...any) error) error) error {
	rows, err := db.Query(ctx, query)
	return visitRows(rows, err, visit)
}

// visitRows goes through what a query returned, and closes it.
func visitRows(rows *sql.Rows, err error, visit func(scan func(...any) error) error) error {
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := visit(rows.Scan); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}
