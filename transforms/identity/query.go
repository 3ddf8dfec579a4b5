package identity

import (
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity/address"
)

func literal(s string) string { return warehouse.Literal(s) }

// keyOf is the key of a text as SQL: what md5_number_lower gives, which takes
// four times as long.
func keyOf(text string) string {
	return "cast(md5_number(" + text + ") >> 64 as ubigint)"
}

func listVersions() string { return address.ListVersions() }

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// A queryer runs a select: a transaction, or the pool.
type queryer interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func scanOne(ctx context.Context, db queryer, query string, into ...any) error {
	rows, err := db.Query(ctx, query)
	if err != nil {
		return err
	}
	if !rows.Next() {
		return errors.Join(rows.Err(), rows.Close(), errors.New("no row"))
	}
	return errors.Join(rows.Scan(into...), rows.Close())
}

// A txReader reads in a transaction.
type txReader struct{ *warehouse.Tx }

// QueryContext runs a select.
func (r txReader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return r.Query(ctx, query, args...)
}
