package sync

import (
	"bytes"
	"context"
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/internal/warehouse"
)

func TestContents_behaveLikeAMap(t *testing.T) {
	for _, sampled := range []bool{false, true} {
		random := rand.New(rand.NewPCG(1, 2))
		c, err := newContents(5000, sampled)
		require.NoError(t, err)
		want := map[uint64]version{}
		keys := make([]uint64, 30_000)
		for i := range keys {
			keys[i] = random.Uint64() | 1
		}
		keys[0], keys[1] = 1, 1<<64-1
		for range 200_000 {
			key := keys[random.IntN(len(keys))]
			v := version{number: int64(random.IntN(300)), content: uint64(random.IntN(3)), seen: random.IntN(2) == 0}
			if sampled {
				v.sample, v.day = random.Uint64(), uint16(random.IntN(1<<16))
			}
			require.NoError(t, c.put(key, v))
			want[key] = v
		}
		var live, gone int64
		for key, v := range want {
			got, found := c.get(key)
			require.True(t, found)
			require.Equal(t, v, got)
			if v.content == tombstone {
				gone++
			} else {
				live++
			}
		}
		require.Equal(t, live, c.live)
		require.Equal(t, gone, c.gone)
		n := 0
		c.each(func(key uint64, v version) bool { n++; require.Equal(t, want[key], v); return true })
		require.Equal(t, len(want), n)
		c.forgetSeen()
		c.see(keys[1])
		c.see(0xdead_beef_0000)
		seen := 0
		c.each(func(key uint64, v version) bool {
			if v.seen {
				seen++
			}
			return true
		})
		require.Equal(t, 1, seen)
		c.close()
	}
}

func TestContents_takeAboutTwentyBytesAKey(t *testing.T) {
	const n = 2_000_000
	c, err := newContents(n, false)
	require.NoError(t, err)
	defer c.close()
	for i := range uint64(n) {
		require.NoError(t, c.put(keyHash(fmt.Sprint(i)), version{number: 1, content: i + 1}))
	}
	bytes := 0
	for i := range c.shards {
		bytes += len(c.shards[i].memory)
	}
	require.Less(t, float64(bytes)/n, 22.0)
}

func TestMerge_equalsASetOfSeconds(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	at := func(s int) time.Time { return time.Unix(int64(s), 0).UTC() }
	for range 300 {
		var known []connectors.Interval
		var covered [64]bool
		for range random.IntN(12) {
			from, until := random.IntN(60), random.IntN(60)
			for s := from; s < until; s++ {
				covered[s] = true
			}
			before := slices.Clone(known)
			var changed bool
			known, changed = merge(known, []connectors.Interval{{From: at(from), Until: at(until)}})
			require.Equal(t, changed, !slices.Equal(before, known))
		}
		var got [64]bool
		for i, interval := range known {
			require.True(t, interval.From.Before(interval.Until))
			require.True(t, i == 0 || known[i-1].Until.Before(interval.From), "touching ranges are one")
			for s := interval.From.Unix(); s < interval.Until.Unix(); s++ {
				got[s] = true
			}
		}
		require.Equal(t, covered, got)
	}
}

func TestHash_leavesOutVolatileMembersOnly(t *testing.T) {
	h := newHasher([]string{"views", "a.b", "tags.#.n", "seen"})
	base, sample := h.hash([]byte(`{"views":1,"a":{"b":2,"c":3},"tags":[{"n":1},{"m":1,"n":22}],"x":1}`))
	for _, same := range []string{
		`{"views":99,"a":{"b":[],"c":3},"tags":[{"n":[1]},{"m":1,"n":null}],"x":1}`,
		`{"a":{"c":3},"tags":[{},{"m":1}],"x":1}`,
		`{"a":{"c":3,"b":7},"tags":[{},{"n":1,"m":1}],"x":1,"views":2,"seen":"now"}`,
	} {
		got, other := h.hash([]byte(same))
		require.Equal(t, base, got, same)
		require.NotEqual(t, sample, other)
	}
	for _, changed := range []string{
		`{"views":1,"a":{"b":2,"c":3},"tags":[{"n":1},{"m":1,"n":22}],"x":2}`,
		`{"views":1,"a":{"b":2,"c":3},"tags":[{"n":1},{"m":2,"n":22}],"x":1}`,
		`{"views":1,"tags":[{"n":1},{"m":1,"n":22}],"x":1}`,
		`{"views":1,"a":{"b":2,"c":3},"tags":[{"n":1}],"x":1}`,
	} {
		got, _ := h.hash([]byte(changed))
		require.NotEqual(t, base, got, changed)
	}
}

func TestPath_survivesItsEscaping(t *testing.T) {
	for _, names := range [][]string{{"a"}, {"a", "b"}, {"a.b", `c\d`}, {"", "."}} {
		require.Equal(t, names, connectors.SplitPath(pathOf(names...)))
	}
}

// FuzzFault holds the check of records against DuckDB's own: what is stored
// must never abort a later statement.
func FuzzFault(f *testing.F) {
	for _, seed := range []string{`{"a":"\ud83d\ude00"}`, `{"a":"\ud800"}`, `{"a":"\\ud800"}`, `{"a":1e999}`, `[1,2`, `{"a":"\udc00\ud800"}`, "{\"\x00\":1}", `-0`, `{"a":01}`} {
		f.Add([]byte(seed))
	}
	db, err := warehouse.Open(context.Background(), warehouse.Options{Dir: f.TempDir()})
	require.NoError(f, err)
	f.Cleanup(func() { _ = db.Close() })
	f.Fuzz(func(t *testing.T, data []byte) {
		if fault(&connectors.Record{Key: "k", Data: data}) != "" {
			return
		}
		rows := 0
		query := "select json_valid(s), from_json(s, '{\"a\":\"VARCHAR\"}') from (select " + warehouse.Literal(string(data)) + " as s)"
		require.NoError(t, db.Values(context.Background(), query, func(row []driver.Value) error {
			rows++
			require.Equal(t, true, row[0], "%q", data)
			return nil
		}), "%q", data)
		require.Equal(t, 1, rows)
	})
}

func TestSampleText_endsWithAWholeWord(t *testing.T) {
	head := `{"note":"` + strings.Repeat("a word ", 26)
	require.Equal(t, head+"…", sampleText([]byte(head+`jane.doe@acme.example"}`)), "the address would be cut")
	require.Equal(t, `{"mail":"jane.doe@acme.example"`, sampleText([]byte(`{"mail":"jane.doe@acme.example"`)))
	require.Len(t, sampleText(bytes.Repeat([]byte("x"), 500)), sampleBytes+len("…"))
}
