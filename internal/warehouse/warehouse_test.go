package warehouse

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
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

func TestCommit_keepsWhatWasWrittenBeforeIt(t *testing.T) {
	db, ctx := open(t), context.Background()
	boom := errors.New("boom")
	read := func() (n int64) {
		require.NoError(t, db.SQL().QueryRow("select count(*) from duckdb_tables() where database_name = 'marts'").Scan(&n))
		return n
	}
	err := db.Marts.Write(ctx, func(tx *Tx) error {
		require.NoError(t, tx.Exec(ctx, "create table kept as select 1 as n"))
		require.EqualValues(t, 0, read(), "nobody else sees it")
		require.NoError(t, tx.Commit(ctx))
		require.EqualValues(t, 1, read())
		require.NoError(t, tx.Exec(ctx, "create table lost as select 1 as n"))
		return boom
	})
	require.ErrorIs(t, err, boom)
	require.EqualValues(t, 1, read())
	require.NoError(t, db.Marts.Write(ctx, func(tx *Tx) error { return tx.Exec(ctx, "create table next as select 1 as n") }))
	require.EqualValues(t, 2, read())
}

func TestApart_worksOnSeveralConnectionsThatSeeWhatIsCommitted(t *testing.T) {
	db := open(t)
	require.NoError(t, db.Marts.Write(t.Context(), func(tx *Tx) error {
		return tx.Exec(t.Context(), "create table marts.main.fact as select i from range(10) as r(i)")
	}))
	threads, err := db.Threads(t.Context())
	require.NoError(t, err)
	require.NoError(t, db.Marts.Apart(t.Context(), 3, "set search_path = 'marts.main,work.main'", func(connections []*Tx) error {
		require.Len(t, connections, 3)
		during, err := db.Threads(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, during)
		for i, c := range connections {
			require.NoError(t, c.Exec(t.Context(), "create temp table own as select count(*) as n from fact"), "a temporary table is its connection's alone")
			require.NoError(t, c.Exec(t.Context(), fmt.Sprintf("create table work.main.from_%d as select * from own", i)))
		}
		return connections[0].Exec(t.Context(), "create temp table all_of_them as select * from from_1 union all select * from from_2")
	}))
	after, err := db.Threads(t.Context())
	require.NoError(t, err)
	require.Equal(t, threads, after)
	require.NoError(t, db.Marts.Do(t.Context(), func(conn *sql.Conn) error {
		var n int
		require.NoError(t, conn.QueryRowContext(t.Context(), "select sum(n) from all_of_them").Scan(&n), "the writer keeps its own")
		require.Equal(t, 20, n)
		return nil
	}))
	for range 5 {
		_, err := db.SQL().ExecContext(t.Context(), "select * from own")
		require.ErrorContains(t, err, "own", "nobody is lent a connection with another's tables")
	}
}
