package main

import (
	"bufio"
	"context"
	gosql "database/sql"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"rollcall/internal/config"
	"rollcall/internal/warehouse"
)

// queryMemory bounds a query of the published file, which runs beside
// whatever else the machine does.
const queryMemory = "1GB"

// chunkRows is how many rows cross the socket at once.
const chunkRows = 500

type queryArgs struct {
	SQL string `json:"sql"`
}

// queryChunk is a part of a query's answer.
type queryChunk struct {
	Columns []string `json:"columns"`
	Rows    [][]any  `json:"rows"`
}

func (a *app) queryCommand() *cobra.Command {
	var lake bool
	cmd := &cobra.Command{
		Use:   `query ["SQL"]`,
		Short: "Run one select on the published file, or on the lake",
		Long: `Runs one select on published/rollcall.duckdb, which needs no daemon and disturbs
nobody, or with --lake on the lake and the marts as they are now. A query that
reads files or changes anything is refused. Without a select it lists the tables.`,
		Example: `  rollcall query
  rollcall query "select kpi_id, period_start, value from kpi.latest"
  rollcall query --lake "select instance, count(*) from raw.discourse__posts group by 1"`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			out, query := a.newRows(), warehouse.ListTables
			if len(args) > 0 {
				query = args[0]
			}
			var err error
			if lake {
				err = a.perform(cmd.Context(), "query", queryArgs{query}, out.raw, nil)
			} else {
				err = a.queryPublished(cmd.Context(), query, out.add)
			}
			return errors.Join(err, out.end(err == nil))
		},
	}
	cmd.Flags().BoolVar(&lake, "lake", false, "query the lake and the marts instead of the published file")
	return cmd
}

func (a *app) queryPublished(ctx context.Context, query string, add func(queryChunk) error) error {
	dir, err := config.DataDir(a.findConfig(), a.getenv)
	if err != nil {
		return err
	}
	path := filepath.Join((&config.Config{DataDir: dir}).PublishedDir(), "rollcall.duckdb")
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("nothing is published yet at %s: `rollcall run --once` syncs, builds and publishes", path)
	}
	return refused(warehouse.SelectFile(ctx, path, queryMemory, query, func(rows *gosql.Rows) error { return readRows(rows, add) }))
}

func (h *host) query(ctx context.Context, args queryArgs, emit func(any)) (any, error) {
	err := h.db.Select(ctx, args.SQL, func(rows *gosql.Rows) error {
		return readRows(rows, func(chunk queryChunk) error { emit(chunk); return ctx.Err() })
	})
	return struct{}{}, refused(err)
}

// refused makes a usage error of a query that DuckDB or the sandbox refuses.
func refused(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return &exitError{exitUsage, err}
}

// readRows hands rows over in chunks, values as JSON can hold them. The first
// chunk comes even if there are no rows.
func readRows(rows *gosql.Rows, add func(queryChunk) error) error {
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	types, err := rows.ColumnTypes()
	if err != nil {
		return err
	}
	chunk := queryChunk{Columns: columns, Rows: [][]any{}}
	values, pointers := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			return err
		}
		row := make([]any, len(values))
		for i, value := range values {
			row[i] = plainValue(value, types[i].DatabaseTypeName())
		}
		if chunk.Rows = append(chunk.Rows, row); len(chunk.Rows) == chunkRows {
			if err := add(chunk); err != nil {
				return err
			}
			chunk.Rows = [][]any{}
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return add(chunk)
}

// plainValue makes a driver's value of a DuckDB type fit JSON and a line of
// text.
func plainValue(value any, columnType string) any {
	switch v := value.(type) {
	case nil, bool, string, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float32, float64:
		if _, err := json.Marshal(v); err != nil {
			return fmt.Sprint(v) // infinity and NaN
		}
		return v
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case time.Time:
		if columnType == "DATE" {
			return v.UTC().Format(time.DateOnly)
		}
		return v.UTC().Format("2006-01-02T15:04:05.999999Z")
	case fmt.Stringer:
		return v.String()
	}
	if _, err := json.Marshal(value); err != nil {
		return fmt.Sprint(value) // a map with keys JSON does not know
	}
	return value
}

// rowWriter prints a query's answer: JSON objects a line, an aligned table on
// a terminal, else fields separated by tabs.
type rowWriter struct {
	a       *app
	out     *bufio.Writer
	table   *table // on a terminal, up to tableRows
	columns []string
	err     error
	started bool
	rows    int64
}

const tableRows = 10_000

func (a *app) newRows() *rowWriter { return &rowWriter{a: a, out: bufio.NewWriter(a.stdout)} }

func (w *rowWriter) raw(raw json.RawMessage) {
	var chunk queryChunk
	if err := json.Unmarshal(raw, &chunk); err != nil {
		w.err = errors.Join(w.err, err)
		return
	}
	w.err = errors.Join(w.err, w.add(chunk))
}

func (w *rowWriter) add(chunk queryChunk) error {
	if !w.started {
		w.started, w.columns, w.table = true, chunk.Columns, newTable(chunk.Columns...)
	}
	for _, row := range chunk.Rows {
		w.rows++
		if err := w.row(row); err != nil {
			return err
		}
	}
	return nil
}

func (w *rowWriter) row(row []any) error {
	if w.a.json {
		object := make(map[string]any, len(row))
		for i, value := range row {
			object[w.columns[i]] = value
		}
		return json.NewEncoder(w.out).Encode(object)
	}
	cells := make([]string, len(row))
	for i, value := range row {
		cells[i] = cell(value)
	}
	if w.table.add(cells...); len(w.table.rows) >= tableRows {
		return w.flush()
	}
	return nil
}

// flush prints what the table holds; widths start afresh after it.
func (w *rowWriter) flush() error {
	err := w.table.print(w.out, w.a.terminal)
	w.table.rows = nil
	return err
}

func (w *rowWriter) end(complete bool) error {
	if w.started && complete && !w.a.json && (w.rows == 0 || len(w.table.rows) > 0) {
		w.err = errors.Join(w.err, w.flush())
	}
	return errors.Join(w.err, w.out.Flush())
}

func cell(value any) string {
	switch v := value.(type) {
	case nil:
		return "NULL"
	case string:
		return v
	case float64:
		return fmt.Sprintf("%g", v)
	case map[string]any, []any:
		raw, _ := json.Marshal(v) // came from JSON
		return string(raw)
	}
	return fmt.Sprint(value)
}
