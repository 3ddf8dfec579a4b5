package sync

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/internal/warehouse"
)

func TestSync_storesChangesOnceAndTombstonesWithTheLastData(t *testing.T) {
	r := newRig(t)
	first := r.read("posts", obj("a", `{"id":1}`), obj("b", `{"id":2}`), obj("a", `{"id":1,"x":1}`), obj("a", `{"id":1,"x":1}`))
	require.Equal(t, StatusOK, first.Status, first.Reason)
	require.EqualValues(t, 4, first.Records)
	require.EqualValues(t, 3, first.Appended)
	require.EqualValues(t, 1, first.Unchanged)

	again := r.read("posts", obj("b", `{"id":2}`), item{Key: "a", Deleted: true, At: 1_700_000_000, Data: []byte(`{"gone":true}`)},
		item{Key: "never", Deleted: true}, item{Key: "brought", Deleted: true, Data: []byte(`{"id":9}`)})
	require.EqualValues(t, 0, again.Appended)
	require.EqualValues(t, 2, again.Tombstones)
	require.Equal(t, []string{`a 1 {"id":1}`, `a 2 {"id":1,"x":1}`, `a 3 {"id":1,"x":1} -`, `b 1 {"id":2}`, `brought 1 {"id":9} -`}, r.versions("posts"))
	require.Equal(t, []string{"2023-11-14 22:13:20 +0000 UTC"}, r.column("select changed_at from lake.raw.feed__posts where key = 'a' and is_deleted"))

	deletedTwice := r.read("posts", item{Key: "a", Deleted: true})
	require.EqualValues(t, 0, deletedTwice.Tombstones)
	back := r.read("posts", obj("a", `{"id":1,"x":1}`), item{Key: "a", Deleted: true}, obj("a", `{"id":1,"x":2}`))
	require.EqualValues(t, 2, back.Appended)
	require.EqualValues(t, 1, back.Tombstones)
	require.Equal(t, []string{`a 4 {"id":1,"x":1}`, `a 5 {"id":1,"x":1} -`, `a 6 {"id":1,"x":2}`}, r.versions("posts")[3:6])
	status, err := r.engine.Status(context.Background())
	require.NoError(t, err)
	require.EqualValues(t, 2, status[0].Rows)
	require.EqualValues(t, 1, status[0].Deleted)
	require.Equal(t, []string{"posts?end"}, r.requests())
	require.NoFileExists(t, warehouse.LakePath(r.dir)+".wal")
}

func TestSync_versionsBeyondSevenBitsStayExact(t *testing.T) {
	r := newRig(t)
	var items []item
	for i := 0; i < 300; i++ {
		items = append(items, obj("a", fmt.Sprintf(`{"id":%d}`, i)))
	}
	require.EqualValues(t, 300, r.read("posts", items...).Appended)
	require.EqualValues(t, 1, r.read("posts", obj("a", `{"id":-1}`)).Appended)
	require.Equal(t, []string{"301 301"}, r.column("select max(version) || ' ' || count(distinct version) from lake.raw.feed__posts"))
}

func TestSnapshot_tombstonesWhatItOmitsWithinTheShare(t *testing.T) {
	r := newRig(t)
	require.EqualValues(t, 10, r.read("users", numbered(0, 10)...).Appended)
	require.EqualValues(t, 2, r.read("users", numbered(2, 10)...).Tombstones)

	held := r.read("users", numbered(5, 10)...)
	require.Equal(t, StatusPartial, held.Status)
	require.EqualValues(t, 0, held.Tombstones)
	require.EqualValues(t, 3, held.HeldBack)
	require.Contains(t, held.Reason, "--accept-deletes")

	accepted := r.sync("users", func(q *Request) { q.AcceptDeletes = true })
	require.Equal(t, StatusOK, accepted.Status)
	require.EqualValues(t, 3, accepted.Tombstones)
	require.Equal(t, []string{"5"}, r.column("select live_count from lake.ops.cursor"))
}

func TestSnapshot_thatListsNothingIsHeldBack(t *testing.T) {
	r := newRig(t)
	r.read("users", numbered(0, 10)...)
	empty := r.read("users")
	require.Equal(t, StatusPartial, empty.Status)
	require.EqualValues(t, 10, empty.HeldBack)
}

func TestSnapshot_tombstonesNothingAfterAFailure(t *testing.T) {
	r := newRig(t)
	r.read("users", numbered(0, 10)...)
	for _, fail := range []string{"forbidden", "unauthorized", "some bug", "config"} {
		r.serve(always(page{Records: numbered(1, 10), Fail: fail}))
		require.EqualValues(t, 0, r.sync("users", func(q *Request) { q.AcceptDeletes = true }).Tombstones, fail)
	}
	require.Len(t, r.versions("users"), 10)
}

func TestSnapshot_interruptedAndResumedStillCounts(t *testing.T) {
	r := newRig(t)
	r.read("users", numbered(0, 100)...)
	part := func(limited bool) func(string, string) page {
		return func(_, cursor string) page {
			switch cursor {
			case "":
				return page{Records: numbered(0, 30), Cursor: "30", Bucket: "slow"}
			case "30":
				return page{Records: numbered(30, 60), Cursor: "60", Bucket: "slow"}
			case "60":
				if limited {
					return page{Fail: "limited", Until: r.clock.Now().Add(time.Hour)}
				}
			}
			return page{Records: numbered(61, 100), End: true}
		}
	}
	r.serve(part(true))
	paused := r.sync("users")
	require.Equal(t, StatusPaused, paused.Status)
	r.reopen()
	r.serve(part(false))
	resumed := r.sync("users")
	require.Equal(t, StatusOK, resumed.Status, resumed.Reason)
	require.Equal(t, []string{"users?60"}, r.requests(), "goes on where it stopped")
	require.EqualValues(t, 1, resumed.Tombstones)
	require.Equal(t, []string{"k00060"}, r.column("select key from lake.raw.feed__users where is_deleted"))
	require.Equal(t, []string{"0"}, r.column("select count(*) from lake.ops.listing"))
	r.sync("users")
	require.Equal(t, "users?", r.requests()[1], "the next one begins at the beginning")
}

func TestCensus_isDueByItsInterval(t *testing.T) {
	r := newRig(t)
	r.read("topics", numbered(0, 10)...)
	r.clock.advance(24 * time.Hour)
	require.EqualValues(t, 0, r.read("topics", numbered(9, 11)...).Tombstones)
	require.Equal(t, []string{"topics?end"}, r.requests())
	r.clock.advance(7 * 24 * time.Hour)
	require.EqualValues(t, 1, r.read("topics", numbered(1, 11)...).Tombstones)
	require.Equal(t, []string{"topics?"}, r.requests())
}

func TestFull_countsAsACensusAndSinceNever(t *testing.T) {
	r := newRig(t)
	r.read("posts", numbered(0, 10)...)
	r.serve(always(page{Records: numbered(1, 10), End: true, Cursor: "later", Scopes: []string{"topic_id=0"}}))
	since := r.sync("posts", func(q *Request) { q.Since = time.Unix(1000, 0) })
	require.Equal(t, StatusOK, since.Status, since.Reason)
	require.EqualValues(t, 0, since.Tombstones)
	require.Equal(t, []string{"posts?since:1000"}, r.requests())
	require.Equal(t, []string{"end"}, r.column("select cursor::varchar from lake.ops.cursor"))
	full := r.sync("posts", func(q *Request) { q.Full = true })
	require.EqualValues(t, 1, full.Tombstones)
	require.Equal(t, "posts?", r.requests()[1])
	r.serve(always(page{Records: numbered(1, 10), End: true}))
	r.sync("posts", func(q *Request) { q.Full = true })
	require.Equal(t, []string{"later"}, r.column("select cursor::varchar from lake.ops.cursor"), "a Read without a cursor keeps the last one")
	_, err := r.engine.Sync(context.Background(), Request{Full: true, Since: time.Unix(1, 0)})
	require.Error(t, err)
}

func TestScopes_tombstoneWhatACompleteScopeOmits(t *testing.T) {
	r := newRig(t)
	r.read("posts", numbered(0, 100)...) // ten of each topic_id
	moved := obj("k00012", `{"id":12,"topic_id":7}`)
	r.serve(func(_, cursor string) page {
		if cursor == "end" {
			return page{Records: append(numbered(10, 12), moved), Cursor: "2"}
		}
		return page{Records: numbered(13, 19), Scopes: []string{"topic_id=1", "topic_id=99"}, End: true}
	})
	out := r.sync("posts")
	require.Equal(t, StatusOK, out.Status, out.Reason)
	require.EqualValues(t, 1, out.Appended)
	require.EqualValues(t, 1, out.Tombstones)
	require.Equal(t, []string{"k00019"}, r.column("select key from lake.raw.feed__posts where is_deleted"))

	r.serve(always(page{Scopes: []string{"topic_id=2", "topic_id=3", "topic_id=4"}, End: true}))
	held := r.sync("posts")
	require.Equal(t, StatusPartial, held.Status)
	require.EqualValues(t, 10, held.Tombstones, "one topic is within a fifth of 99, two are not")
	require.EqualValues(t, 20, held.HeldBack)

	r.serve(always(page{Scopes: []string{"tags.#=1"}, End: true}))
	require.Equal(t, StatusFailed, r.sync("posts").Status)
}

func TestVolatile_valuesAreSampledOncePerDay(t *testing.T) {
	r := newRig(t)
	seen := func(views, tag int, title string) item {
		return obj("a", fmt.Sprintf(`{"views":%d,"title":%q,"stats":{"seen":%d},"tags":[{"n":"x","count":%d}]}`, views, title, views, tag))
	}
	require.EqualValues(t, 1, r.read("views", seen(1, 1, "t")).Appended)
	require.EqualValues(t, 0, r.read("views", seen(2, 9, "t")).Appended, "the same day")
	require.EqualValues(t, 1, r.read("views", seen(2, 9, "u")).Appended, "a real change")
	r.clock.advance(12*time.Hour + time.Minute)
	require.EqualValues(t, 0, r.read("views", seen(2, 9, "u")).Appended, "the next day, but nothing changed")
	require.EqualValues(t, 1, r.read("views", seen(3, 9, "u"), seen(4, 9, "u")).Appended, "the next day")
	r.reopen()
	require.EqualValues(t, 0, r.read("views", seen(5, 9, "u")).Appended)
}

func TestRejects_keepTheirNeighboursAndGoWhenCured(t *testing.T) {
	r := newRig(t)
	bad := []item{obj("utf8", "{\"a\":\"\xff\"}"), obj("cut", `{"a":1`), obj("nul", "{\"a\":\"\x00\"}"),
		obj("half", `{"a":"\ud800"}`), obj("deep", deep(600)), obj("empty", ``), obj("nan", `{"a":NaN}`)}
	good := []item{obj("first", `{"a":"\\ud800 \ud83d\ude00"}`), obj("last", deep(100))}
	records := append(append([]item{good[0]}, bad...), good[1])
	out := r.read("users", records...)
	require.Equal(t, StatusOK, out.Status, out.Reason)
	require.EqualValues(t, len(bad), out.Rejected)
	require.EqualValues(t, 2, out.Appended)
	reasons := r.column("select key || ': ' || reason from lake.ops.rejected_record order by key")
	require.Equal(t, []string{
		"cut: the record is no valid JSON", "deep: the record is nested more than 500 deep",
		"empty: the record is no valid JSON", `half: the record is no valid JSON: it has half a surrogate pair (\ud800 to \udfff)`,
		"nan: the record is no valid JSON", "nul: the record has a NUL byte", "utf8: the record is no valid UTF-8",
	}, reasons)
	r.read("users", records...)
	require.Len(t, r.column("select key from lake.ops.rejected_record"), len(bad), "the same reject is kept once")
	records[2] = obj("cut", `{"a":1}`)
	r.read("users", records...)
	require.Len(t, r.column("select key from lake.ops.rejected_record"), len(bad)-1)

	// A rejected key was listed, so it is no tombstone; a listing with a
	// nameless record makes none at all.
	records[2] = obj("cut", `{"a":1`)
	out = r.sync("users", func(q *Request) { q.AcceptDeletes = true })
	require.EqualValues(t, 0, out.Tombstones)
	r.serve(always(page{Records: []item{obj("cut", `{`)}, End: true}))
	out = r.sync("users", func(q *Request) { q.AcceptDeletes = true })
	require.EqualValues(t, 2, out.Tombstones)
}

// The package refuses a record without a key, but one too large to cross may
// have none.
func TestListing_withANamelessRejectTombstonesNothing(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	r.read("users", numbered(0, 10)...)
	stream, _ := feed{}.Spec().Stream("users")
	s, err := r.engine.begin(ctx, &child{engine: r.engine, config: r.config.Connectors[0]}, stream, Request{AcceptDeletes: true})
	require.NoError(t, err)
	require.NoError(t, s.loader.store(ctx, connectors.Batch{Rejects: []connectors.Reject{{Size: 17 << 20, Reason: "too large"}}}))
	s.end(ctx)
	s.loader.close()
	require.EqualValues(t, 0, s.run.Tombstones)
	require.Contains(t, s.run.Reason, "without a key")
	require.Equal(t, []string{"17825792"}, r.column("select size from lake.ops.rejected_record"))
}

func TestScopes_withANamelessRejectTombstoneNothing(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	r.read("posts", numbered(0, 10)...)
	stream, _ := feed{}.Spec().Stream("posts")
	s, err := r.engine.begin(ctx, &child{engine: r.engine, config: r.config.Connectors[0]}, stream, Request{AcceptDeletes: true})
	require.NoError(t, err)
	rejects := []connectors.Reject{{Size: 17 << 20, Reason: "too large"}}
	require.NoError(t, s.loader.store(ctx, connectors.Batch{Rejects: rejects, Scopes: []string{"topic_id=0"}}))
	s.end(ctx)
	s.loader.close()
	require.EqualValues(t, 0, s.run.Tombstones)
}

func deep(n int) string {
	s := "1"
	for range n {
		s = `[` + s + `]`
	}
	return `{"a":` + s + `}`
}

func TestSchemaChanges_areRowsAfterTheFirstRun(t *testing.T) {
	r := newRig(t)
	r.read("posts", obj("a", `{"id":1,"tags":[],"author":{"name":"x"},"note":null}`))
	require.Empty(t, r.column("select path from lake.ops.schema_change"))
	r.read("posts", obj("b", `{"id":"2","tags":[1],"author":{"name":"y","a.b":{}},"note":"now","new":true}`), obj("c", `{"id":"3","new":false}`))
	r.reopen()
	r.read("posts", obj("d", `{"id":"2","tags":null,"author":{"name":"z","a.b":{}},"new":true}`))
	require.Equal(t, []string{`author.a\.b new_field object b`, "id new_type string b", "new new_field boolean b"},
		r.column("select path || ' ' || change || ' ' || json_type || ' ' || sample_key from lake.ops.schema_change order by path"))
}

func TestCoverage_isStoredWithItsRows(t *testing.T) {
	r := newRig(t)
	r.serve(always(page{Covered: [][2]int64{{100, 200}, {300, 400}, {500, 500}}, End: true}))
	r.sync("posts")
	r.serve(always(page{Covered: [][2]int64{{150, 320}, {600, 700}}, End: true}))
	r.sync("posts")
	require.Equal(t, []string{"100-400", "600-700"},
		r.column("select epoch(from_at)::bigint || '-' || epoch(until_at)::bigint from lake.ops.coverage order by all"))
	status, err := r.engine.Status(context.Background())
	require.NoError(t, err)
	require.Equal(t, 1, status[0].CoverageGaps)
	require.EqualValues(t, 600, status[0].CoveredFrom.Unix())
}

func TestNothingChanged_growsTheLakeByLessThanAMegabyte(t *testing.T) {
	r := newRig(t)
	r.config.Connectors = nil
	for i := range 3 {
		r.config.Connectors = append(r.config.Connectors, instance("feed", fmt.Sprintf("i%d", i), r.server.URL))
	}
	require.NoError(t, r.engine.Reload(context.Background(), r.config))
	r.serve(func(_, cursor string) page {
		if cursor == "" {
			return page{Records: numbered(0, 9000), Cursor: "next", Bucket: "none"}
		}
		return page{Records: numbered(9000, 18000), End: true, Cursor: "next"}
	})
	size := func() int64 {
		info, err := os.Stat(warehouse.LakePath(r.dir))
		require.NoError(t, err)
		return info.Size()
	}
	_, err := r.engine.Sync(context.Background(), Request{})
	require.NoError(t, err)
	before := size()
	outcomes, err := r.engine.Sync(context.Background(), Request{})
	require.NoError(t, err)
	require.Len(t, outcomes, 12)
	for _, o := range outcomes {
		require.Equal(t, StatusOK, o.Status, o.Reason)
		require.Zero(t, o.Appended)
		require.NotZero(t, o.Unchanged)
	}
	require.Less(t, size()-before, int64(1_000_000))
}

func TestOnePercentChanged_appendsOnlyThat(t *testing.T) {
	const all, changed = 20_000, 200
	r := newRig(t)
	r.read("users", numbered(0, all)...)
	next := numbered(0, all)
	for i := range changed {
		next[i*all/changed].Data = fmt.Appendf(nil, `{"id":%d,"edited":true}`, i*all/changed)
	}
	out := r.read("users", next...)
	require.EqualValues(t, changed, out.Appended)
	require.EqualValues(t, all-changed, out.Unchanged)
	require.Zero(t, out.Tombstones)
}
