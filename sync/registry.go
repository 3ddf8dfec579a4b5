package sync

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"rollcall/internal/config"
	"rollcall/internal/warehouse"
)

// opsTables are the tables of ops whose rows belong to one instance.
var opsTables = []string{"instance", "cursor", "listing", "coverage", "run", "field", "schema_change", "rejected_record", "rejected_value"}

// closeDeadRuns marks what a dead process left as running.
func (e *Engine) closeDeadRuns(ctx context.Context) error {
	var next sql.NullInt64
	var open int
	err := e.opts.DB.SQL().QueryRowContext(ctx, "select max(run_id), count(*) filter (where status = 'running') from lake.ops.run").Scan(&next, &open)
	if err != nil {
		return fmt.Errorf("read the run log: %w", err)
	}
	e.runIDs.Store(next.Int64)
	if open == 0 {
		return nil
	}
	err = e.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		now := microseconds(e.opts.Clock.Now())
		return errors.Join(
			tx.Exec(ctx, `insert into ops.run
				select * replace ('interrupted' as status, ? as finished_at,
					'the process died; the next run goes on from the last stored batch' as reason)
				from ops.run where status = 'running'`, now),
			tx.Exec(ctx, "delete from ops.run where status = 'running'"))
	})
	if err != nil {
		return fmt.Errorf("close the runs of a dead process: %w", err)
	}
	return nil
}

// registered returns the type of every instance that has data.
func (e *Engine) registered(ctx context.Context) (map[string]string, error) {
	rows, err := e.opts.DB.SQL().QueryContext(ctx, "select instance, type from lake.ops.instance")
	if err != nil {
		return nil, fmt.Errorf("read the known instances: %w", err)
	}
	defer rows.Close()
	known := map[string]string{}
	for rows.Next() {
		var instance, typ string
		if err := rows.Scan(&instance, &typ); err != nil {
			return nil, fmt.Errorf("read the known instances: %w", err)
		}
		known[instance] = typ
	}
	return known, rows.Err()
}

// NameTaken is an instance whose name the lake knows as another type's.
type NameTaken struct {
	Connector config.Connector
	KeptType  string
}

func (e *NameTaken) Error() string {
	return fmt.Sprintf("%s: the lake keeps data of a %s instance named %q: choose another name, or take the block out and remove it with rollcall purge %s",
		e.Connector.DefRange, e.KeptType, e.Connector.Name, e.Connector.Name)
}

// register notes the configured instances. A name is used once over all
// types, instances kept from earlier configs included.
func (e *Engine) register(ctx context.Context, c *config.Config) error {
	known, err := e.registered(ctx)
	if err != nil {
		return err
	}
	for _, connector := range c.Connectors {
		typ, found := known[connector.Name]
		_, movable := known[connector.MovedFrom]
		switch {
		case found && typ != connector.Type:
			return &NameTaken{Connector: connector, KeptType: typ}
		case found:
		case connector.MovedFrom != "" && movable:
			if err := e.move(ctx, c, connector, known[connector.MovedFrom]); err != nil {
				return err
			}
		default:
			if err := e.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
				return tx.Exec(ctx, "insert into ops.instance values (?, ?, ?)", connector.Type, connector.Name, microseconds(e.opts.Clock.Now()))
			}); err != nil {
				return fmt.Errorf("register %s: %w", connector.Name, err)
			}
		}
	}
	return nil
}

// move gives an instance's data and cursors to its new name.
func (e *Engine) move(ctx context.Context, c *config.Config, to config.Connector, typ string) error {
	from := to.MovedFrom
	if _, configured := c.Connector(from); configured {
		return fmt.Errorf("%s: moved_from = %q names an instance that is still configured", to.DefRange, from)
	}
	if typ != to.Type {
		return fmt.Errorf("%s: moved_from = %q names a %s instance, this one is a %s", to.DefRange, from, typ, to.Type)
	}
	tables, err := e.rawTables(ctx, typ)
	if err != nil {
		return err
	}
	for _, name := range opsTables {
		tables = append(tables, "ops."+name)
	}
	err = e.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		for _, table := range tables {
			where := " where instance = ?"
			if table[:4] == "ops." {
				where += " and type = " + warehouse.Literal(typ)
			}
			if err := tx.Exec(ctx, "insert into "+table+" select * replace (? as instance) from "+table+where, to.Name, from); err != nil {
				return err
			}
			if err := tx.Exec(ctx, "delete from "+table+where, from); err != nil {
				return err
			}
		}
		if err := tx.Exec(ctx, "insert into identity.renamed values (?, ?, ?, ?)", typ, from, to.Name, microseconds(e.opts.Clock.Now())); err != nil {
			return err
		}
		return e.movePeople(ctx, tx, typ, from, to.Name)
	})
	if err != nil {
		return fmt.Errorf("move the data of %s to %s: %w", from, to.Name, err)
	}
	return tokens{c.KeysDir()}.move(typ, from, to.Name)
}

// rawTables returns the quoted raw tables of a connector type.
func (e *Engine) rawTables(ctx context.Context, typ string) ([]string, error) {
	rows, err := e.opts.DB.SQL().QueryContext(ctx, `select table_name from duckdb_tables()
		where database_name = 'lake' and schema_name = 'raw' and starts_with(table_name, ? || '__') order by table_name`, typ)
	if err != nil {
		return nil, fmt.Errorf("list the tables of %s: %w", typ, err)
	}
	defer rows.Close()
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("list the tables of %s: %w", typ, err)
		}
		tables = append(tables, "raw."+warehouse.Ident(name))
	}
	return tables, rows.Err()
}

// Purge removes everything kept of an instance that is no longer configured.
func (e *Engine) Purge(ctx context.Context, instance string) (PurgeReport, error) {
	known, err := e.registered(ctx)
	if err != nil {
		return PurgeReport{}, err
	}
	typ, found := known[instance]
	if _, configured := e.config().Connector(instance); configured {
		return PurgeReport{}, fmt.Errorf("%q is still configured: take it out of %s first", instance, e.config().Path)
	}
	if !found {
		return PurgeReport{}, fmt.Errorf("nothing is kept of an instance %q", instance)
	}
	report := PurgeReport{Type: typ, Instance: instance, Rows: map[string]int64{}}
	tables, err := e.rawTables(ctx, typ)
	if err != nil {
		return report, err
	}
	for _, table := range tables {
		var n int64
		if err := e.opts.DB.SQL().QueryRowContext(ctx, "select count(*) from lake."+table+" where instance = ?", instance).Scan(&n); err != nil {
			return report, fmt.Errorf("count what is kept of %s: %w", instance, err)
		}
		if n > 0 {
			report.Rows[streamOf(table, typ)] = n
		}
	}
	err = e.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		for _, table := range tables {
			if err := tx.Exec(ctx, "delete from "+table+" where instance = ?", instance); err != nil {
				return err
			}
		}
		for _, name := range opsTables {
			if err := tx.Exec(ctx, "delete from ops."+name+" where type = ? and instance = ?", typ, instance); err != nil {
				return err
			}
		}
		return e.purgeDerived(ctx, tx, typ, instance)
	})
	if err != nil {
		return report, fmt.Errorf("purge %s: %w", instance, err)
	}
	if report.Token, err = (tokens{e.config().KeysDir()}).remove(typ, instance); err != nil {
		return report, fmt.Errorf("purge %s: %w", instance, err)
	}
	return report, e.opts.DB.Lake.Checkpoint(ctx)
}

// streamOf takes the stream's name out of raw."type__stream".
func streamOf(table, typ string) string {
	return table[len(`raw."`)+len(typ)+len("__") : len(table)-1]
}

// skip notes a stream that is not run: another run of it is on, or its
// instance was stopped or paused.
func (e *Engine) skip(ctx context.Context, r *run, stop *run) {
	r.Status, r.Reason = StatusSkipped, "another run of this stream is in progress"
	if stop != nil {
		r.Reason = "the instance was stopped at stream " + stop.Stream + ": " + stop.Reason
	}
	if stop != nil && stop.Status == StatusPaused {
		r.Status, r.PausedUntil, r.fault = StatusPaused, stop.PausedUntil, stop.fault
	}
	if stop != nil && stop.fault == faultStorage {
		return // the lake takes no rows
	}
	r.RunID = e.runIDs.Add(1)
	ctx = context.WithoutCancel(ctx)
	if err := e.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error { return r.save(ctx, tx) }); err != nil {
		e.opts.Log.Warn("a skipped run was not noted", "instance", r.Instance, "stream", r.Stream, "err", err)
	}
}
