package transforms_test

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	rollcallsql "rollcall/sql"
	"rollcall/transforms"
)

// staged prints all that staging leaves in the lake.
func (l *lake) staged() map[string][]string {
	l.t.Helper()
	tables := map[string][]string{}
	for _, name := range []string{"identity", "community_member", "thread", "thread_reply"} {
		tables[name] = l.rows("select columns(*)::varchar from lake.staging." + name + " order by all")
	}
	tables["rejected"] = l.rows("select * exclude (build_id, seen_at) from lake.ops.rejected_value order by all")
	tables["fault"] = l.rows("select * from lake.staged.fault order by all")
	tables["stream"] = l.rows("select * from lake.staged.stream order by all")
	return tables
}

// A changingForum changes at random: what it does next depends on the seed alone.
type changingForum struct {
	*lake
	random *rand.Rand
}

func (f *changingForum) step() string {
	instance := []string{"main", "main", "two"}[f.random.IntN(3)]
	id := fmt.Sprint(f.random.IntN(30))
	author := fmt.Sprint("m", f.random.IntN(8))
	reply := object{"id": id, "thread": fmt.Sprint("T", f.random.IntN(5)), "author": author, "created_at": "2026-02-02T18:00:00Z", "chars": f.random.IntN(500)}
	actions := []func() string{
		func() string { f.put("board", instance, "replies", id, reply, false); return "reply " + id },
		func() string { f.put("board", instance, "replies", id, reply, true); return "deleted reply " + id },
		func() string {
			f.put("board", instance, "replies", id, reply.with(object{"created_at": "soon"}), false)
			return "reply without a time " + id
		},
		func() string {
			f.put("board", instance, "replies", id, reply.with(object{"chars": 12.6}), false)
			return "reply with half a character " + id
		},
		func() string {
			f.put("board", instance, "threads", "T"+id, object{"id": "T" + id, "author": author, "created_at": "2026-02-01T10:00:00Z"}, f.random.IntN(4) == 0)
			return "thread " + id
		},
		func() string {
			f.put("board", instance, "users", author, object{"id": author, "joined_at": "2026-01-01T00:00:00Z", "staff": f.random.IntN(2) == 0}, false)
			return "user " + author
		},
		func() string {
			for _, stream := range []string{"users", "threads", "replies"} {
				f.exec("delete from lake.raw.board__"+stream+" where instance = ?", "two")
			}
			return "purge"
		},
		func() string {
			f.exec("delete from lake.raw.board__replies as r where exists (select 1 from lake.raw.board__replies as n where n.instance = r.instance and n.key = r.key and n.version > r.version) and r.version > 1")
			return "superseded versions dropped"
		},
	}
	weights := []int{0, 0, 0, 1, 2, 3, 4, 4, 5, 5, 6, 7}
	return actions[weights[f.random.IntN(len(weights))]]()
}

func TestBuild_stagesChangesAsAFullBuildWould(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			f := &changingForum{newLake(t), rand.New(rand.NewPCG(seed, 1))}
			f.fixtureT()
			source := board("main", "two")
			var done []string
			for range 5 {
				for range f.random.IntN(5) {
					done = append(done, f.step())
				}
				switch f.random.IntN(6) {
				case 0:
					source.Version += "1"
				case 1:
					source = board("main")
				case 2:
					source.Staging["thread_reply"] += "\n-- another text"
				}
				f.buildEvenIfChecksFail(f.builder(source), transforms.BuildRequest{})
				done = append(done, "build")
			}
			incremental, counts := f.staged(), f.rows("select * from checks.stream order by all")
			values := f.rows(valuesBut)
			f.buildEvenIfChecksFail(f.builder(source), transforms.BuildRequest{Full: true})
			require.Equal(t, f.staged(), incremental, done)
			require.Equal(t, f.rows("select * from checks.stream order by all"), counts, done)
			require.Equal(t, f.rows(valuesBut), values, done)
		})
	}
}

// buildEvenIfChecksFail tolerates the share of left out records.
func (l *lake) buildEvenIfChecksFail(b *transforms.Builder, r transforms.BuildRequest) *transforms.Build {
	l.t.Helper()
	build, err := b.Build(l.t.Context(), r)
	if err != nil {
		var failed *transforms.ChecksFailed
		require.ErrorAs(l.t, err, &failed)
	}
	return build
}

// steps counts what a build did, by kind of step.
func (l *lake) steps(r transforms.BuildRequest, sources ...transforms.Source) map[string]int {
	l.t.Helper()
	options := l.options(overlay(l.t, nil), sources...)
	found := map[string]int{}
	options.Events = func(e transforms.Event) { found[e.Step]++ }
	b, err := transforms.New(l.t.Context(), options)
	require.NoError(l.t, err)
	l.buildEvenIfChecksFail(b, r)
	return found
}

func TestBuild_stagesNothingWhereNothingChanged(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	shapes, err := fs.Glob(rollcallsql.FS, "staging/*.sql")
	require.NoError(t, err)
	require.Equal(t, len(shapes), l.steps(transforms.BuildRequest{}, board("main"))["stage"])
	require.Zero(t, l.steps(transforms.BuildRequest{}, board("main"))["stage"])
	l.reply("10", "T3", "m1", "2026-02-06T12:30:00Z")
	require.Equal(t, 1, l.steps(transforms.BuildRequest{}, board("main"))["stage"], "only replies changed")
	require.Equal(t, 4, l.steps(transforms.BuildRequest{Full: true}, board("main"))["stage"])
}

func TestBuild_keepsWhatAnInstanceTakenOutOfTheConfigBrought(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	l.build(l.builder(board("main")))
	values := l.rows(valuesBut)
	require.NotEmpty(t, values)

	build := l.build(l.builder())
	require.NotContains(t, build.NotConfigured, "community_post_volume")
	require.Equal(t, values, l.rows(valuesBut), "its KPIs stay")

	l.exec("delete from lake.ops.coverage")
	for _, stream := range []string{"users", "threads", "replies"} {
		l.exec("delete from lake.raw.board__" + stream)
	}
	build = l.build(l.builder())
	require.Len(t, build.NotConfigured, len(thinLine()))
	require.Empty(t, l.rows("select * from kpi.value"), "until it is purged")
	require.Empty(t, l.rows("select * from core.person_identity"), "and so are its people")
}

func TestBuild_doesNotWaitForAnInstanceTakenOutOfTheConfig(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	l.put("board", "two", "threads", "1", object{"id": "1", "author": "x", "created_at": "2026-02-03T10:00:00Z"}, false)
	for _, stream := range []string{"users", "threads", "replies"} {
		l.exec("insert into lake.ops.coverage values ('board', 'two', ?, timestamp '1970-01-01', timestamp '2026-02-20')", stream)
	}
	volume := func(sources ...transforms.Source) []string {
		l.build(l.builder(sources...))
		return l.rows(`select period_start, value, is_partial from kpi.value where kpi_id = 'community_post_volume' and grain = 'month'
and segment_type = 'all' and period_start in (date '2026-02-01', date '2026-03-01') order by all`)
	}
	require.Equal(t, []string{"2026-02-01|12|true"}, volume(board("main", "two")), "two is behind")
	require.Equal(t, []string{"2026-02-01|12|false", "2026-03-01|0|false"}, volume(board("main")), "nothing is awaited from it")
}
