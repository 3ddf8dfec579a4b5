package warehouse

import (
	"context"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func open(t *testing.T) *DB {
	t.Helper()
	db, err := Open(context.Background(), Options{Dir: t.TempDir()})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestWrite_rollsBackAppendedRowsOnError(t *testing.T) {
	db, ctx := open(t), context.Background()
	require.NoError(t, db.Lake.Write(ctx, func(tx *Tx) error {
		return tx.Exec(ctx, "create schema ops; create table ops.t (n bigint)")
	}))
	boom := errors.New("boom")
	err := db.Lake.Write(ctx, func(tx *Tx) error {
		return tx.Append(ctx, "ops", "t", func(row func(...driver.Value) error) error {
			require.NoError(t, row(int64(1)))
			return boom
		})
	})
	require.ErrorIs(t, err, boom)
	require.NoError(t, db.Lake.Write(ctx, func(tx *Tx) error {
		return tx.Append(ctx, "ops", "t", func(row func(...driver.Value) error) error { return row(int64(2)) })
	}))
	var n int64
	require.NoError(t, db.SQL().QueryRow("select sum(n)::bigint from lake.ops.t").Scan(&n))
	require.EqualValues(t, 2, n)
	require.NoError(t, db.Lake.Checkpoint(ctx))
}
