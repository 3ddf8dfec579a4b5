package transforms_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
)

// A select that divides a title fails when its rows are read, after the models
// are committed.
func TestBuild_interruptedBeforeItsValuesIsNeverShown(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	first := l.build(b)
	_, err := b.Publish(t.Context(), transforms.PublishRequest{})
	require.NoError(t, err)

	l.thread("new", "m1", "2026-02-11T10:00:00Z", nil)
	head := headerOf(t, "kpi/health/community_mau.sql")
	broken := overlay(t, map[string]string{"kpi/health/community_mau.sql": head + "select cast(d.community_id as date) as happened_on, d.person_id from mart.person_day_community as d"})
	failing := l.builderOver(broken, board("main"))
	_, err = failing.Build(t.Context(), transforms.BuildRequest{})
	require.ErrorContains(t, err, "kpi/health/community_mau.sql: ")

	last, err := transforms.LastBuild(t.Context(), l.db)
	require.NoError(t, err)
	require.NotEqual(t, first.ID, last.ID)
	require.Equal(t, transforms.StatusUnfinished, last.Status)
	require.Zero(t, last.Finished)
	_, err = b.Publish(t.Context(), transforms.PublishRequest{})
	require.ErrorContains(t, err, "was interrupted before its checks: run `rollcall build` again")
	_, err = b.Explain(t.Context(), transforms.ExplainRequest{KPI: "community_post_volume", Period: "2026-02"})
	require.ErrorIs(t, err, transforms.ErrUnfinished)
	require.Equal(t, []string{first.ID}, l.published("select build_id from kpi.release"))

	l.build(b)
	after := l.tablesOf()
	require.Equal(t, []string{"12"}, l.rows("select value from kpi.value where kpi_id = 'community_post_volume' and grain = 'month' and period_start = date '2026-02-01' and segment_type = 'all'"))
	_, err = b.Build(t.Context(), transforms.BuildRequest{Full: true})
	require.NoError(t, err)
	require.Equal(t, after, l.tablesOf())
}

func TestBuild_computesTheSameOnOneConnectionAsOnSeveral(t *testing.T) {
	t.Parallel()
	values := map[int][]string{}
	for _, threads := range []int{1, 3} {
		l := newLake(t)
		l.fixtureT()
		require.NoError(t, l.db.WithThreads(t.Context(), threads, func() error {
			_, err := l.builder(board("main")).Build(t.Context(), transforms.BuildRequest{})
			return err
		}))
		values[threads] = append(l.rows(valuesBut), l.rows("select c.* exclude (computed_at) from kpi.change as c order by all")...)
		require.Empty(t, l.rows("select table_name from duckdb_tables() where database_name = 'work' and schema_name = 'kpi'"))
	}
	require.NotEmpty(t, values[1])
	require.Equal(t, values[1], values[3])
}
