package kpi

import (
	"context"
	"strings"
)

// rowsAtOnce keeps a statement's list of arguments short.
const rowsAtOnce = 100

// insertRows adds rows to a table, many in a statement: one each costs more
// than all else for a small build.
func insertRows(ctx context.Context, tx Execer, table string, rows [][]any) error {
	for len(rows) > 0 {
		part := rows[:min(len(rows), rowsAtOnce)]
		rows = rows[len(part):]
		var args []any
		var marks []string
		for _, row := range part {
			marks = append(marks, "(?"+strings.Repeat(", ?", len(row)-1)+")")
			args = append(args, row...)
		}
		if err := tx.Exec(ctx, "insert into "+table+" values "+strings.Join(marks, ", "), args...); err != nil {
			return err
		}
	}
	return nil
}
