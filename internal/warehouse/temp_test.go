package warehouse

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// isReadByTwo reports whether, while one thread is kept at the first row that it
// reads, another one reads as well.
func isReadByTwo(t *testing.T, tx *Tx, table string, patience time.Duration) bool {
	t.Helper()
	var calls atomic.Int64
	second, met := make(chan struct{}), false
	require.NoError(t, tx.OfferNumberOfRow("meet", func(int64, uint64) (uint64, error) {
		switch calls.Add(1) {
		case 1:
			select {
			case <-second:
				met = true
			case <-time.After(patience):
			}
		case 2:
			close(second)
		}
		return 0, nil
	}))
	rows, err := tx.Query(t.Context(), "select sum(meet(t.n, 0::ubigint)) from temp."+table+" as t")
	require.NoError(t, err)
	require.True(t, rows.Next())
	require.NoError(t, rows.Close())
	return met
}

func TestPrimeTemp_letsATransactionReadItsRowsOnAllThreads(t *testing.T) {
	db, ctx := open(t), context.Background()
	require.NoError(t, db.Lake.PrimeTemp(ctx, "primed", "n bigint, word varchar"))
	boom := errors.New("boom")
	err := db.Lake.Write(ctx, func(tx *Tx) error {
		for _, statement := range []string{
			"delete from temp.primed", "insert into temp.primed select r.n, 'x' from range(500000) as r(n)",
			"create temp table made as select * from temp.primed",
		} {
			require.NoError(t, tx.Exec(ctx, statement))
		}
		require.False(t, isReadByTwo(t, tx, "made", 200*time.Millisecond), "DuckDB reads on all threads by itself: prime no more")
		require.True(t, isReadByTwo(t, tx, "primed", time.Minute))
		rows, err := tx.Query(ctx, "select count(*) from temp.primed")
		require.NoError(t, err)
		var n int64
		require.True(t, rows.Next())
		require.NoError(t, errors.Join(rows.Scan(&n), rows.Close()))
		require.EqualValues(t, 500_000, n)
		return boom
	})
	require.ErrorIs(t, err, boom)
}

func TestOfferOfRow_answersAndFails(t *testing.T) {
	db, ctx := open(t), context.Background()
	require.NoError(t, db.Lake.Write(ctx, func(tx *Tx) error {
		require.NoError(t, tx.OfferNumberOfRow("answer", func(row int64, key uint64) (uint64, error) {
			if row == 7 {
				return 0, errors.New("nobody knows of row 7")
			}
			return uint64(row) + key, nil
		}))
		require.NoError(t, tx.OfferIDOfRow("answer_id", func(row int64, _ uint64) ([16]byte, error) { return [16]byte{15: byte(row)}, nil }))
		rows, err := tx.Query(ctx, "select answer(3, 18446744073709551610::ubigint), cast(answer_id(4, 0::ubigint) as varchar), answer(null, 1::ubigint) is null")
		require.NoError(t, err)
		var number uint64
		var id string
		var isNull bool
		require.True(t, rows.Next())
		require.NoError(t, errors.Join(rows.Scan(&number, &id, &isNull), rows.Close()))
		require.Equal(t, uint64(18446744073709551613), number)
		require.Equal(t, "00000000-0000-0000-0000-000000000004", id)
		require.True(t, isNull)
		return nil
	}))
	err := db.Lake.Write(ctx, func(tx *Tx) error { return tx.Exec(ctx, "create temp table t as select answer(7, 0::ubigint) as n") })
	require.ErrorContains(t, err, "nobody knows of row 7")
	require.NoError(t, db.Lake.Write(ctx, func(tx *Tx) error {
		require.NoError(t, tx.OfferNumberOfRow("answer", func(int64, uint64) (uint64, error) { return 42, nil }))
		return tx.Exec(ctx, "create temp table t as select error('the first function answered') where answer(7, 0::ubigint) <> 42")
	}), "the last one offered")
}

func TestValues_handsOverRowsInOrderUntilOneIsRefused(t *testing.T) {
	db, ctx := open(t), context.Background()
	const rows = 3*blockRows + 7
	var next int64
	query := fmt.Sprintf("select r.n, 'row ' || r.n from range(%d) as r(n)", rows)
	count := func(row []driver.Value) error {
		require.Equal(t, []driver.Value{next, fmt.Sprint("row ", next)}, row)
		next++
		return nil
	}
	require.NoError(t, db.Values(ctx, query, count))
	require.EqualValues(t, rows, next)

	refused := errors.New("refused")
	for _, last := range []int64{0, blockRows, rows - 1} {
		next = 0
		require.ErrorIs(t, db.Values(ctx, query, func(row []driver.Value) error {
			if next == last {
				return refused
			}
			return count(row)
		}), refused)
		require.Equal(t, last, next)
	}
	next = 0
	require.NoError(t, db.Values(ctx, query, count), "and the connection is of use")
	require.NoError(t, db.Values(ctx, query+" where false", count))
}
