package transforms_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
)

func TestBuild_commitsManyRowsModelByModel(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	first := l.build(l.builder(board("main")))
	_, err := l.builder(board("main")).Publish(t.Context(), transforms.PublishRequest{})
	require.NoError(t, err)
	before := l.tablesOf()

	l.manyRows = 1
	_, err = l.builder(board("main")).Build(t.Context(), transforms.BuildRequest{Full: true})
	require.NoError(t, err)
	require.Equal(t, before, l.tablesOf(), "as in one transaction")
	require.NoError(t, l.db.Marts.Do(t.Context(), func(conn *sql.Conn) error {
		require.Empty(t, printRows(t, conn, "select table_name from duckdb_tables() where database_name = 'temp' and table_name like 'week% of mart.person_period'"))
		return nil
	}))

	l.thread("new", "m1", "2026-02-11T10:00:00Z", nil)
	broken := overlay(t, map[string]string{"mart/member_lifecycle.sql": "-- Broken.\n-- person_id: the human\n-- day: a day\n-- apart: people, days\n" +
		"with\npeople as (select distinct d.person_id from mart.person_day_community as d),\ndays as (\n" +
		"    select\n        p.person_id,\n        cast(p.person_id as date) as day\n    from people as p\n)\nselect d.person_id, d.day from days as d"})
	_, err = l.builderOver(broken, board("main")).Build(t.Context(), transforms.BuildRequest{Full: true})
	require.ErrorContains(t, err, "mart/member_lifecycle.sql:")
	last, err := transforms.LastBuild(t.Context(), l.db)
	require.NoError(t, err)
	require.NotEqual(t, first.ID, last.ID)
	require.Equal(t, transforms.StatusUnfinished, last.Status)
	b := l.builder(board("main"))
	_, err = b.Publish(t.Context(), transforms.PublishRequest{})
	require.ErrorContains(t, err, "run `rollcall build` again")
	_, err = b.Explain(t.Context(), transforms.ExplainRequest{KPI: "community_post_volume", Period: "2026-02"})
	require.ErrorIs(t, err, transforms.ErrUnfinished)
	require.Equal(t, []string{first.ID}, l.published("select build_id from kpi.release"))

	// The next build goes on from the models that are done.
	resumed := l.build(b)
	actions := map[transforms.Action]int{}
	for _, s := range resumed.Steps {
		actions[s.Action]++
	}
	require.Positive(t, actions[transforms.Skip], "what was committed is kept")
	require.Positive(t, actions[transforms.Whole])
	after := l.tablesOf()
	require.NotEqual(t, before, after)
	l.manyRows = 0
	_, err = l.builder(board("main")).Build(t.Context(), transforms.BuildRequest{Full: true})
	require.NoError(t, err)
	require.Equal(t, l.tablesOf(), after)
}

func TestBuild_ofFewRowsIsOneTransaction(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	first := l.build(l.builder(board("main")))
	broken := overlay(t, map[string]string{"mart/member_lifecycle.sql": "-- Broken.\n-- day: a day\nselect cast(d.person_id as date) as day from mart.person_day_community as d"})
	_, err := l.builderOver(broken, board("main")).Build(t.Context(), transforms.BuildRequest{Full: true})
	require.ErrorContains(t, err, "mart/member_lifecycle.sql:")
	last, err := transforms.LastBuild(t.Context(), l.db)
	require.NoError(t, err)
	require.Equal(t, first.ID, last.ID)
	require.Equal(t, transforms.StatusPassed, last.Status)
}
