package transforms

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"rollcall/internal/warehouse"
	"rollcall/transforms/kpi"
)

// searchPath resolves schema.table over both files. Bare catalog names would
// not: every entry is catalog.schema.
func searchPath() string {
	return "marts.main,marts.ref,marts.core,marts.mart,marts.kpi,marts.checks,lake.staging,lake.identity,lake.history"
}

// writeMarts runs fn in one transaction of the marts' writer, in which
// two-part names mean tables of both files.
func (b *Builder) writeMarts(ctx context.Context, fn func(tx *warehouse.Tx) error) error {
	err := b.opts.DB.Marts.Do(ctx, func(conn *sql.Conn) error {
		for _, schema := range []string{"ref", "core", "mart", "kpi", "checks"} {
			if _, err := conn.ExecContext(ctx, "create schema if not exists marts."+schema); err != nil {
				return err
			}
		}
		_, err := conn.ExecContext(ctx, "set search_path = "+literal(searchPath()))
		return err
	})
	if err != nil {
		return fmt.Errorf("prepare the marts: %w", err)
	}
	return b.opts.DB.Marts.Write(ctx, fn)
}

// buildMarts makes settings, macros and models anew, in one transaction where they
// have few rows, then what is made of KPIs in another: several connections compute
// values, and see what is committed. In between the marts say that they are
// unfinished, and nobody is shown what values are made of.
func (b *Builder) buildMarts(ctx context.Context, build *Build, threads int) error {
	defer func() {
		if build.isHidden {
			b.unfinished.Unlock()
		}
	}()
	finished := func(context.Context, *warehouse.Tx, *Build) error {
		build.Status = StatusBuilt
		return nil
	}
	for _, part := range []func() error{
		func() error {
			return b.writeSteps(ctx, build, b.writeSettings, b.dropVanished, b.buildModels, b.planValues, b.hide)
		},
		func() error { return b.computeValues(ctx, build, threads) },
		func() error {
			return b.opts.DB.WithThreads(ctx, 1, func() error { // few rows, many statements
				return b.writeSteps(ctx, build, b.finishValues, b.buildOutputs, finished, b.writeBuildTables, b.commentOutputs, b.checkTypes)
			})
		},
	} {
		if err := part(); err != nil {
			return fmt.Errorf("write the marts: %w", err)
		}
	}
	return nil
}

// hide has the marts say that they are unfinished, before anything of the build is
// committed, and whoever is to be shown them wait for its end.
func (b *Builder) hide(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	if build.isHidden {
		return nil
	}
	if err := b.writeBuildTables(ctx, tx, build); err != nil {
		return err
	}
	b.unfinished.Lock()
	build.isHidden = true
	return nil
}

// writeSteps runs steps in one transaction of the marts.
func (b *Builder) writeSteps(ctx context.Context, build *Build, steps ...func(context.Context, *warehouse.Tx, *Build) error) error {
	return b.writeMarts(ctx, func(tx *warehouse.Tx) error {
		for _, step := range steps {
			if err := step(ctx, tx, build); err != nil {
				return err
			}
		}
		return nil
	})
}

// today is the local date of the build.
func (b *Builder) today() string {
	return b.opts.Now().In(b.opts.Config.TimeZone).Format(time.DateOnly)
}

func (b *Builder) settings() [][2]string {
	c := b.opts.Config
	fiscal := max(c.FiscalYearStart, time.January)
	return [][2]string{
		{"time_zone", c.TimeZone.String()},
		{"currency", c.Currency},
		{"fiscal_year_start", fmt.Sprint(int(fiscal))},
		{"today", b.today()},
		{"identity_matching", c.Privacy.IdentityMatching},
		{"purpose", c.Community.Purpose},
	}
}

func (b *Builder) writeSettings(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	if err := tx.Exec(ctx, "create or replace table marts.ref.setting (name varchar, value varchar)"); err != nil {
		return err
	}
	for _, s := range b.settings() {
		if err := tx.Exec(ctx, "insert into ref.setting values (?, ?)", s[0], s[1]); err != nil {
			return err
		}
	}
	if err := b.writeConfig(ctx, tx, build); err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	// The macros are bound when they are made, so what they read comes first.
	for _, m := range b.models {
		if m.name() == "ref.param" {
			if err := tx.Exec(ctx, "create table if not exists marts.ref.param as\n"+m.tree.text); err != nil {
				return m.tree.locate(err, 1)
			}
		}
	}
	for _, statement := range splitStatements(b.prelude) {
		if err := tx.Exec(ctx, statement); err != nil {
			return fmt.Errorf("prelude.sql: %w", err)
		}
	}
	return comment(ctx, tx, "marts.ref.setting", doc{
		Table:   "One row per setting of the configuration that values depend on, and the community's purpose, as of this build.",
		Columns: map[string]string{"name": "the setting", "value": "its value, as text"},
	})
}

// dropVanished removes tables that no file makes any more.
func (b *Builder) dropVanished(ctx context.Context, tx *warehouse.Tx, _ *Build) error {
	made := map[string]bool{settingTable: true}
	for _, t := range configTables() {
		made["ref."+t.name] = true
	}
	for _, m := range b.models {
		made[m.name()] = true
	}
	for _, name := range b.publishedTables() {
		made[name] = true
	}
	rows, err := tx.Query(ctx, "select schema_name || '.' || table_name from duckdb_tables() where database_name = 'marts'")
	if err != nil {
		return err
	}
	names, err := scanStrings(rows)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !made[name] {
			if err := tx.Exec(ctx, "drop table marts."+name); err != nil {
				return err
			}
		}
	}
	return nil
}

func scanStrings(rows *sql.Rows) ([]string, error) {
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		list = append(list, s)
	}
	return list, errors.Join(rows.Err(), rows.Close())
}

// tables lets the KPI package run statements in the marts' transaction.
type tables struct{ *warehouse.Tx }

// Columns describes a select.
func (t tables) Columns(ctx context.Context, query string) ([]kpi.Column, error) {
	rows, err := t.Query(ctx, "select column_name, column_type from (describe "+query+")")
	if err != nil {
		return nil, err
	}
	var columns []kpi.Column
	for rows.Next() {
		var c kpi.Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		columns = append(columns, c)
	}
	return columns, errors.Join(rows.Err(), rows.Close())
}

// Text runs a select of one text.
func (t tables) Text(ctx context.Context, query string, args ...any) (string, error) {
	rows, err := t.Query(ctx, query, args...)
	if err != nil {
		return "", err
	}
	var text string
	if !rows.Next() {
		return "", errors.Join(errors.New("no row"), rows.Err(), rows.Close())
	}
	if err := rows.Scan(&text); err != nil {
		return "", errors.Join(err, rows.Close())
	}
	return text, rows.Close()
}

// outputTables are written by Go, beside the models.
func (b *Builder) outputTables() []string {
	names := []string{"kpi.build", "kpi.release", "checks.result", "checks.stream", "checks.model"}
	for _, t := range kpi.Tables(b.kpis) {
		names = append(names, "kpi."+t.Name)
	}
	return names
}

func (b *Builder) writeBuildTables(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	for _, create := range []string{
		"create or replace table marts.kpi.build (build_id varchar, started_at timestamp, finished_at timestamp, status varchar, config varchar, watermarks varchar)",
		"create or replace table marts.kpi.release (build_id varchar, released_at timestamp)",
		"create or replace table marts.checks.result (build_id varchar, check_id varchar, severity varchar, failing_rows bigint, sample varchar)",
		"create or replace table marts.checks.stream (type varchar, stream varchar, records bigint, left_out bigint, rejected_values bigint)",
	} {
		if err := tx.Exec(ctx, create); err != nil {
			return err
		}
	}
	for _, s := range build.Streams {
		if err := tx.Exec(ctx, "insert into checks.stream values (?, ?, ?, ?, ?)", s.Type, s.Stream, s.Records, s.LeftOut, s.RejectedValues); err != nil {
			return err
		}
	}
	return b.writeBuildRow(ctx, tx, build)
}

// writeBuildRow replaces the one row of kpi.build.
func (b *Builder) writeBuildRow(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	config := map[string]string{}
	for _, s := range b.settings() {
		config[s[0]] = s[1]
	}
	configText, err := json.Marshal(config)
	if err != nil {
		return err
	}
	marks, err := json.Marshal(build.watermarks.rows())
	if err != nil {
		return err
	}
	if err := tx.Exec(ctx, "delete from kpi.build"); err != nil {
		return err
	}
	var finished any
	if build.Status != StatusBuilt && build.Status != StatusUnfinished {
		finished = b.opts.Now().UTC()
	}
	return tx.Exec(ctx, "insert into kpi.build values (?, ?, ?, ?, ?, ?)",
		build.ID, build.Started.UTC(), finished, string(build.Status), string(configText), string(marks))
}
