package connectors_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

// reader is a source of one Read.
type reader func(ctx context.Context, emit func(connectors.Batch) error) error

func (r reader) Check(context.Context) (connectors.Access, error) { return connectors.Access{}, nil }

func (r reader) Read(ctx context.Context, _ string, _ connectors.Cursor, emit func(connectors.Batch) error) error {
	return r(ctx, emit)
}

func page(first, n int, cursor string) connectors.Batch {
	b := connectors.Batch{Cursor: connectors.Cursor(cursor), Scopes: []string{"page=" + cursor}}
	for i := range n {
		b.Records = append(b.Records, record(first+i))
	}
	return b
}

func TestJoin_keepsTheCursorOfWhatItHolds(t *testing.T) {
	source := connectors.Join(reader(func(_ context.Context, emit func(connectors.Batch) error) error {
		// The third page is split: its first part must not carry its cursor.
		for i, n := range []int{4000, 4000, 4000} {
			if err := emit(page(i*4000, n, itoa(i))); err != nil {
				return err
			}
		}
		return emit(connectors.Batch{Records: []connectors.Record{record(12_000)}}) // no cursor: keeps the last
	}))
	var got []connectors.Batch
	require.NoError(t, source.Read(t.Context(), "s", nil, func(b connectors.Batch) error { got = append(got, b); return nil }))
	require.Len(t, got, 2)
	require.Len(t, got[0].Records, 10_000)
	require.Equal(t, "1", string(got[0].Cursor))
	require.Equal(t, []string{"page=0", "page=1"}, got[0].Scopes)
	require.Len(t, got[1].Records, 2001)
	require.Equal(t, "2", string(got[1].Cursor))
	require.Equal(t, []string{"page=2"}, got[1].Scopes)
}

func TestJoin_boundsABatchInBytes(t *testing.T) {
	large := json.RawMessage(`"` + strings.Repeat("a", 5<<20) + `"`)
	source := connectors.Join(reader(func(_ context.Context, emit func(connectors.Batch) error) error {
		for i := range 8 {
			r := record(i)
			r.Data = large
			if err := emit(connectors.Batch{Records: []connectors.Record{r}}); err != nil {
				return err
			}
		}
		return nil
	}))
	var sizes []int
	require.NoError(t, source.Read(t.Context(), "s", nil, func(b connectors.Batch) error { sizes = append(sizes, len(b.Records)); return nil }))
	require.Equal(t, []int{3, 3, 2}, sizes)
}

func TestJoin_readsOnWhileOneBatchIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var emitted atomic.Int64
		source := connectors.Join(reader(func(_ context.Context, emit func(connectors.Batch) error) error {
			for i := range 100 {
				if err := emit(page(i*1000, 1000, itoa(i))); err != nil {
					return err
				}
				emitted.Add(1)
			}
			return nil
		}))
		inFlight, most := 0, 0
		store := make(chan struct{})
		ended := make(chan error)
		go func() {
			ended <- source.Read(t.Context(), "s", nil, func(connectors.Batch) error {
				inFlight++
				most = max(most, inFlight)
				<-store
				inFlight--
				return nil
			})
		}()
		synctest.Wait()
		require.EqualValues(t, 20, emitted.Load(), "one batch in flight and one waiting")
		for range 10 {
			store <- struct{}{}
		}
		require.NoError(t, <-ended)
		require.Equal(t, 1, most)
	})
}

func TestJoin_flushesAfterASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := connectors.Join(reader(func(ctx context.Context, emit func(connectors.Batch) error) error {
			for i := range 5 {
				if err := emit(page(i, 1, itoa(i))); err != nil {
					return err
				}
				time.Sleep(400 * time.Millisecond) // of the bubble's clock
			}
			return nil
		}))
		began := time.Now()
		var at []time.Duration
		var sizes []int
		require.NoError(t, source.Read(t.Context(), "s", nil, func(b connectors.Batch) error {
			at = append(at, time.Since(began))
			sizes = append(sizes, len(b.Records))
			return nil
		}))
		require.Equal(t, []int{3, 2}, sizes)
		require.Equal(t, []time.Duration{time.Second, 2 * time.Second}, at)
	})
}

func TestJoin_storesWhatWasReadBeforeTheSourcesOwnError(t *testing.T) {
	limited := &connectors.RateLimited{Until: time.Unix(1, 0)}
	source := connectors.Join(reader(func(_ context.Context, emit func(connectors.Batch) error) error {
		if err := emit(page(0, 3, "3")); err != nil {
			return err
		}
		return limited
	}))
	var cursor string
	err := source.Read(t.Context(), "s", nil, func(b connectors.Batch) error { cursor = string(b.Cursor); return nil })
	require.Same(t, limited, err)
	require.Equal(t, "3", cursor)
}

func TestJoin_returnsTheErrorOfAnEarlierBatch(t *testing.T) {
	full := errors.New("disk full")
	pages := 0
	source := connectors.Join(reader(func(_ context.Context, emit func(connectors.Batch) error) error {
		for {
			if err := emit(page(pages*10_000, 10_000, "c")); err != nil {
				return nil // even a source that hides it
			}
			pages++
		}
	}))
	err := source.Read(t.Context(), "s", nil, func(connectors.Batch) error { return full })
	require.Same(t, full, err)
	require.LessOrEqual(t, pages, 3)
}

func TestJoin_cancelledReadIsNoCleanEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	source := connectors.Join(reader(func(_ context.Context, emit func(connectors.Batch) error) error {
		err := emit(page(0, 3, "3"))
		cancel()
		return err
	}))
	err := source.Read(ctx, "s", nil, func(connectors.Batch) error { return errors.New("was emitted") })
	require.ErrorIs(t, err, context.Canceled)
}

func TestJoin_endsWithAPanicOfTheSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails if a goroutine stays behind
		source := connectors.Join(reader(func(context.Context, func(connectors.Batch) error) error { panic("nil map") }))
		require.Panics(t, func() { _ = source.Read(t.Context(), "s", nil, drop) })
	})
}

func TestJoin_sendsNothingForNothing(t *testing.T) {
	source := connectors.Join(reader(func(_ context.Context, emit func(connectors.Batch) error) error {
		return emit(connectors.Batch{})
	}))
	require.NoError(t, source.Read(t.Context(), "s", nil, func(connectors.Batch) error { return errors.New("was emitted") }))
}

func TestJoin_refusesABatchNobodyMayEmit(t *testing.T) {
	for want, b := range map[string]connectors.Batch{
		"empty key":                     {Records: []connectors.Record{{}}},
		"a cursor of 65537 bytes":       {Cursor: make(connectors.Cursor, 65_537)},
		`scope "topic 7" is not`:        {Scopes: []string{"topic 7"}},
		"ends before it begins":         {Covered: []connectors.Interval{{From: time.Unix(2, 0), Until: time.Unix(1, 0)}}},
		`the time of record "7" is not`: {Records: []connectors.Record{{Key: "7", At: time.Unix(1<<50, 0)}}},
	} {
		source := connectors.Join(reader(func(_ context.Context, emit func(connectors.Batch) error) error { return emit(b) }))
		var bug *connectors.Bug
		err := source.Read(t.Context(), "s", nil, drop)
		require.ErrorAs(t, err, &bug)
		require.ErrorContains(t, err, want)
	}
}
