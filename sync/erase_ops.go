package sync

import (
	"context"
	"fmt"
	"strings"

	"rollcall/internal/warehouse"
)

// opsTexts are the columns of ops that hold texts of records, by table. A row
// of ops.rejected_record goes with its record, and a cursor that holds something
// erased is given up: the stream is read again, on top of what is stored.
func opsTexts() map[string][]string {
	return map[string][]string{
		"run":            {"reason"},
		"schema_change":  {"path", "sample_key"},
		"field":          {"path"},
		"rejected_value": {"path", "sample_key"},
	}
}

func (x *erasing) eraseOps(ctx context.Context) error {
	if err := x.engine.opts.DB.OfferText(ctx, "erased_cut", 1, func(args []string) string {
		cut, _ := x.list.CutText(args[0])
		return cut
	}); err != nil {
		return err
	}
	if err := x.engine.opts.DB.OfferText(ctx, "erased_hides", 4, func(args []string) string {
		if _, isKept := x.list.Keep(args[0], args[1], args[2], args[3], nil); !isKept {
			return "hides"
		}
		return ""
	}); err != nil {
		return err
	}
	return x.engine.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		for table, columns := range opsTexts() {
			if err := x.cutColumns(ctx, tx, table, columns); err != nil {
				return err
			}
		}
		rejected := "erased_hides(r.type, r.instance, r.stream, r.key) <> '' or erased_cut(r.key) <> r.key or erased_cut(r.reason) <> r.reason or erased_cut(r.sample) <> r.sample"
		if err := x.count(ctx, tx, x.deleted, "rejected_record", "select count(*) from ops.rejected_record as r where "+rejected); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "delete from ops.rejected_record as r where "+rejected); err != nil {
			return err
		}
		const holding = "try(decode(t.cursor)) is not null and erased_cut(try(decode(t.cursor))) <> try(decode(t.cursor))"
		return x.rewrite(ctx, tx, "cursor", "cast(null as blob) as cursor, false as is_listing", holding)
	})
}

func (x *erasing) cutColumns(ctx context.Context, tx *warehouse.Tx, table string, columns []string) error {
	var changed, replaced []string
	for _, column := range columns {
		changed = append(changed, fmt.Sprintf("erased_cut(t.%[1]s) <> t.%[1]s", column))
		replaced = append(replaced, fmt.Sprintf("erased_cut(t.%[1]s) as %[1]s", column))
	}
	return x.rewrite(ctx, tx, table, strings.Join(replaced, ", "), strings.Join(changed, " or "))
}

// rewrite cuts something out of rows t of a table of ops, and counts them.
func (x *erasing) rewrite(ctx context.Context, tx *warehouse.Tx, table, columns, where string) error {
	if err := x.count(ctx, tx, x.cut, table, "select count(*) from ops."+table+" as t where "+where); err != nil {
		return err
	}
	return tx.Rewrite(ctx, "ops."+table, columns, where)
}

func (x *erasing) count(ctx context.Context, tx *warehouse.Tx, into map[string]int64, table, query string) error {
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return err
		}
		add(into, "ops."+table, n)
	}
	return rows.Err()
}
