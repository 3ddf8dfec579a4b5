package transforms

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"rollcall/internal/warehouse"
)

// targetTable is where targets are kept: nobody can compute them again.
const targetTable = "history.target"

// loadOutputs reads the tables of schema kpi that are plain selects over the
// values, sql/kpi/*.sql. They are models like others, built after the KPIs.
func (b *Builder) loadOutputs(ctx context.Context, _ *sql.Conn) []error {
	loaded, errs := loadModels(ctx, b.opts.DB.SQL(), b.opts.SQL, "kpi")
	known := b.knownTables()
	known[targetTable] = true
	for _, m := range b.models {
		known[m.name()] = true
	}
	for _, name := range b.outputTables() {
		known[name] = true
	}
	for _, m := range loaded {
		errs = append(errs, b.checkParams(m.tree)...)
		if m.slice != nil || len(m.doc.apart) > 0 {
			errs = append(errs, m.tree.fault(0, "a table of schema kpi is made whole, in one statement: take out the lines `slice` and `apart`"))
		}
	}
	sorted, faults := order(loaded, known)
	b.outputs = sorted
	return append(errs, faults...)
}

// publishedTables are those of the marts that no model of ref, core or mart
// makes.
func (b *Builder) publishedTables() []string {
	names := b.outputTables()
	for _, m := range b.outputs {
		names = append(names, m.name())
	}
	return names
}

func (b *Builder) buildOutputs(ctx context.Context, tx *warehouse.Tx, _ *Build) error {
	for i, m := range b.outputs {
		began := b.opts.Now()
		text := strings.TrimRight(strings.TrimSpace(m.tree.text), ";")
		if err := tx.Exec(ctx, fmt.Sprintf("create or replace table marts.%s.%s as\n%s", ident(m.Schema), ident(m.Table), text)); err != nil {
			return m.tree.locate(err, 1)
		}
		if err := comment(ctx, tx, "marts."+m.name(), m.doc); err != nil {
			return fmt.Errorf("%s: %w", m.tree.file, err)
		}
		b.opts.Events(Event{Step: "output", Name: m.name(), Done: i + 1, Total: len(b.outputs), Took: b.opts.Now().Sub(began)})
	}
	return nil
}
