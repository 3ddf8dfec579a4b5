package transforms_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	rollcallsql "rollcall/sql"
	"rollcall/transforms"
)

// did lists the steps with an action, by name.
func did(steps []transforms.Step, action transforms.Action) []string {
	var names []string
	for _, s := range steps {
		if s.Action == action {
			names = append(names, s.Name)
		}
	}
	slices.Sort(names)
	return names
}

func TestBuild_ofSelectedModelsIsPartialUntilTheNextCatchesUp(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	_, err := l.builder(board("main")).Build(t.Context(), transforms.BuildRequest{Select: []string{"core.thread_reply"}})
	require.ErrorContains(t, err, "was never built: run `rollcall build` once without --select")
	l.build(l.builder(board("main")))
	depth := l.rows("select * from mart.thread_depth order by all")

	l.reply("10", "T3", "m1", "2026-02-06T12:30:00Z")
	build, err := l.builder(board("main")).Build(t.Context(), transforms.BuildRequest{Select: []string{"+core.thread_reply", "mart.content", "community_post_volume"}})
	require.NoError(t, err)
	require.Equal(t, transforms.StatusPartial, build.Status)
	require.Equal(t, 1, build.KPIs)
	require.Contains(t, did(build.Steps, transforms.Whole), "mart.content")
	require.Equal(t, []string{"1"}, l.rows("select count(*) from mart.content where content_id = 'board:main:reply:10'"))
	require.Equal(t, depth, l.rows("select * from mart.thread_depth order by all"), "it was not selected")
	require.NotEqual(t, "0", l.rows("select count(*) from kpi.value where kpi_id = 'community_mau'")[0], "other KPIs keep their rows")
	_, err = l.builder(board("main")).Publish(t.Context(), transforms.PublishRequest{})
	require.ErrorContains(t, err, "run `rollcall build` without --select")

	l.build(l.builder(board("main")))
	caughtUp := l.tablesOf()
	_, err = l.builder(board("main")).Build(t.Context(), transforms.BuildRequest{Full: true})
	require.NoError(t, err)
	require.Equal(t, l.tablesOf(), caughtUp)
	_, err = l.builder(board("main")).Publish(t.Context(), transforms.PublishRequest{})
	require.NoError(t, err)
}

func TestBuild_selectsWhatReadsAndWhatIsRead(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	l.build(b)
	steps, err := b.Plan(t.Context(), transforms.BuildRequest{Select: []string{"mart.thread_depth+"}})
	require.NoError(t, err)
	for _, s := range steps {
		require.NotContains(t, []string{"core.thread", "community_mau"}, s.Name)
	}
	steps, err = b.Plan(t.Context(), transforms.BuildRequest{Select: []string{"+mart.thread_depth"}})
	require.NoError(t, err)
	names := did(steps, transforms.Skip)
	require.Contains(t, names, "core.thread")
	require.NotContains(t, names, "mart.activity")
	_, err = b.Plan(t.Context(), transforms.BuildRequest{Select: []string{"mart.nothing+"}})
	var unknown *transforms.UnknownModel
	require.ErrorAs(t, err, &unknown)
	require.Contains(t, unknown.Known, "community_mau")
}

func TestPlan_saysWhatABuildWouldDoAndWritesNothing(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	steps, err := b.Plan(t.Context(), transforms.BuildRequest{})
	require.NoError(t, err)
	require.Equal(t, "it was never built", steps[0].Reason)
	require.Empty(t, printRows(t, l.db.SQL(), "select table_name from duckdb_tables() where database_name = 'marts' or schema_name = 'staged'"))

	l.build(b)
	before := l.tablesOf()
	steps, err = b.Plan(t.Context(), transforms.BuildRequest{})
	require.NoError(t, err)
	require.Empty(t, did(steps, transforms.Slice))

	l.reply("10", "T3", "m1", "2026-02-06T12:30:00Z")
	l.cfg.Parameters = map[string]string{"unanswered_window_hours": "24"}
	b = l.builderOver(rollcallsql.FS, board("main"))
	for range 2 {
		steps, err = b.Plan(t.Context(), transforms.BuildRequest{})
		require.NoError(t, err)
		require.Contains(t, steps, transforms.Step{Name: "core.thread_reply", Action: transforms.Slice, Reason: "1 key of reply_id: staging.thread_reply changed"})
		require.Contains(t, steps, transforms.Step{Name: "core.thread", Action: transforms.Skip, Reason: "nothing that it reads changed"})
		require.Contains(t, steps, transforms.Step{Name: "mart.content", Action: transforms.Slice, Reason: "the keys of rows that change in core.thread_reply"})
		require.Contains(t, steps, transforms.Step{Name: "ref.param", Action: transforms.Whole, Reason: "ref.config_parameter changed"})
	}
	require.Equal(t, before, l.tablesOf())

	build := l.build(b)
	done := map[string]transforms.Step{}
	for _, s := range build.Steps {
		done[s.Name] = s
	}
	require.Equal(t, transforms.Slice, done["core.thread_reply"].Action)
	require.Equal(t, transforms.Skip, done["core.thread"].Action)
}
