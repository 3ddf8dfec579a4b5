package transforms_test

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
	"rollcall/transforms"
)

const replaced = `select kpi_id, period_start, old_value, new_value, was_final, reason, definition_version from kpi.value_history
where grain = 'month' and segment_type = 'all' order by all`

// later moves the clock and says that sync is complete up to it.
func (l *lake) later(days int) {
	l.now = l.now.AddDate(0, 0, days)
	l.exec("delete from lake.ops.coverage")
	l.coverBoard()
}

func newHistory(t *testing.T) *lake {
	t.Helper()
	l := newLake(t)
	l.fixtureT()
	l.build(l.builder(board("main")))
	require.Empty(t, l.rows("select * from kpi.value_history"))
	return l
}

func TestBuild_keepsWhatASettledValueWas(t *testing.T) {
	l := newHistory(t)
	l.later(1)
	l.thread("late", "m6", "2026-02-09T10:00:00Z", nil)
	l.thread("recent", "m6", "2026-05-20T10:00:00Z", nil) // May is not past its horizon
	l.build(l.builder(board("main")))
	want := "community_post_volume|2026-02-01|11|12|true|late_data|1"
	require.Contains(t, l.rows(replaced), want)
	require.Empty(t, l.rows("select * from kpi.value_history where period_start >= date '2026-05-01'"))
	history := l.rows("select * from kpi.value_history order by all")

	l.later(1)
	l.build(l.builder(board("main")))
	require.Equal(t, history, l.rows("select * from kpi.value_history order by all"), "nothing changed since")

	require.NoError(t, l.db.Marts.Write(t.Context(), func(tx *warehouse.Tx) error {
		for _, schema := range []string{"kpi", "mart", "core", "ref", "checks"} {
			if err := tx.Exec(t.Context(), "drop schema marts."+schema+" cascade"); err != nil {
				return err
			}
		}
		return nil
	}))
	l.build(l.builder(board("main")))
	require.Equal(t, history, l.rows("select * from kpi.value_history order by all"), "from the lake alone")
}

func TestBuild_withoutItsMartsGivesTheSamePeopleAndHistory(t *testing.T) {
	l := newHistory(t)
	l.later(1)
	l.thread("late", "m6", "2026-02-09T10:00:00Z", nil)
	read := func() [][]string {
		b := l.builder(board("main"))
		l.build(b)
		_, err := b.Publish(t.Context(), transforms.PublishRequest{})
		require.NoError(t, err)
		var tables [][]string
		for _, query := range []string{
			"select cast(to_json(t) as varchar) from core.person_identity as t order by 1",
			"select cast(to_json(t) as varchar) from kpi.value_history as t order by 1",
			"select cast(to_json(t) as varchar) from (select * exclude (computed_at, build_id) from kpi.value) as t order by 1",
		} {
			rows := l.published(query)
			require.NotEmpty(t, rows, query)
			tables = append(tables, rows)
		}
		return tables
	}
	before := read()
	require.NoError(t, l.db.Close())
	require.NoError(t, os.Remove(warehouse.MartsPath(l.cfg.DataDir)))
	var err error
	l.db, err = warehouse.Open(t.Context(), warehouse.Options{Dir: l.cfg.DataDir, MemoryLimit: "1GB"})
	require.NoError(t, err)
	l.now = l.now.Add(time.Hour)
	after := read()
	for i := range before {
		require.Equal(t, before[i], after[i])
	}
}

func TestBuild_tellsNothingTwice(t *testing.T) {
	l := newHistory(t)
	l.thread("late", "m6", "2026-02-09T10:00:00Z", nil)
	b := l.builder(board("main"))
	l.build(b)
	count := "select (select count(*) from lake.history.value_change), (select count(*) from lake.history.value), (select count(*) from lake.history.definition), (select count(*) from lake.history.build)"
	before := l.rows(count)
	for range 2 {
		_, err := b.Publish(t.Context(), transforms.PublishRequest{})
		require.NoError(t, err)
	}
	require.Equal(t, before, l.rows(count))
}

func TestBuild_remembersNothingOfABuildThatFails(t *testing.T) {
	l := newHistory(t)
	before := l.rows("select build_id from lake.history.build")
	failing := overlay(t, map[string]string{"checks/never.sql": "-- severity: fail\n-- Never passes.\nselect 1 as one"})
	_, err := l.builderOver(failing, board("main")).Build(t.Context(), transforms.BuildRequest{})
	require.Error(t, err)
	require.Equal(t, before, l.rows("select build_id from lake.history.build"))
}

func TestBuild_callsANewSourceABackfill(t *testing.T) {
	l := newHistory(t)
	l.put("board", "second", "threads", "1", object{"id": "1", "author": "x", "created_at": "2026-02-10T10:00:00Z"}, false)
	for _, stream := range []string{"users", "threads", "replies"} {
		l.cover("board", "second", stream)
	}
	l.build(l.builder(board("main", "second")))
	require.Contains(t, l.rows(replaced), "community_post_volume|2026-02-01|11|12|true|backfill|1")
}

func TestBuild_raisesTheVersionOfAChangedDefinition(t *testing.T) {
	l := newHistory(t)
	text := readSQL(t, "kpi/health/community_post_volume.sql")
	spaced := strings.Replace(text, "\nselect\n", "\nselect\n\n", 1)
	l.build(l.builderOver(overlay(t, map[string]string{"kpi/health/community_post_volume.sql": spaced}), board("main")))
	require.Equal(t, []string{"1|true|first"}, l.versions("community_post_volume"), "white space is no change")

	l.later(1)
	firstWeek := strings.TrimRight(text, "\n") + "\n    and a.happened_on > date '2026-02-03'\n"
	build := l.build(l.builderOver(overlay(t, map[string]string{"kpi/health/community_post_volume.sql": firstWeek}), board("main")))
	require.Equal(t, []string{"1|false|first", "2|true|hash"}, l.versions("community_post_volume"))
	require.Contains(t, fmt.Sprint(l.rows(replaced)), "|true|definition|2]")
	for _, c := range build.Checks {
		if c.Check == "definition_version_raised" {
			require.EqualValues(t, 1, c.FailingRows)
		}
	}
	require.Equal(t, []string{"0"}, l.rows("select count(*) from kpi.value where kpi_id = 'community_post_volume' and definition_version <> 2"))
	first := l.rows("select valid_from from kpi.dictionary where kpi_id = 'community_post_volume' order by definition_version")

	l.later(1)
	l.build(l.builderOver(overlay(t, map[string]string{"kpi/health/community_post_volume.sql": firstWeek}), board("main")))
	require.Equal(t, []string{"1|false|first", "2|true|hash"}, l.versions("community_post_volume"), "it stays the second")
	require.Equal(t, first, l.rows("select valid_from from kpi.dictionary where kpi_id = 'community_post_volume' order by definition_version"))
}

func (l *lake) versions(id string) []string {
	l.t.Helper()
	return l.rows("select definition_version, is_current, version_basis from kpi.dictionary where kpi_id = ? order by 1", id)
}

func TestBuild_cutsTheSeriesWhereAParameterChanges(t *testing.T) {
	l := newHistory(t)
	params := strings.Replace(readSQL(t, "ref/param.sql"), "('unanswered_window_hours', '168'", "('unanswered_window_hours', '24'", 1)
	l.build(l.builderOver(overlay(t, map[string]string{"ref/param.sql": params}), board("main")))
	require.Equal(t, []string{"2|false|header", "3|true|hash"}, l.versions("unanswered_question_rate"))
	require.Contains(t, l.rows(replaced), "unanswered_question_rate|2026-02-01|0.25|0.5|true|rule|3")
	require.Equal(t, []string{"1|true|first"}, l.versions("community_post_volume"), "it does not read the parameter")
}

func TestBuild_keepsTheRowOfARetiredKPI(t *testing.T) {
	l := newHistory(t)
	l.later(1)
	l.build(l.builderOver(without(t, "kpi/health/community_post_volume.sql"), board("main")))
	retired := "select is_current, retired_at from kpi.dictionary where kpi_id = 'community_post_volume'"
	require.Equal(t, []string{"false|" + l.now.Format(time.DateOnly)}, l.rows(retired))
	require.Equal(t, []string{"0"}, l.rows("select count(*) from kpi.value where kpi_id = 'community_post_volume'"))
	was := l.now.Format(time.DateOnly)
	l.later(3)
	l.build(l.builderOver(without(t, "kpi/health/community_post_volume.sql"), board("main")))
	require.Equal(t, []string{"false|" + was}, l.rows(retired))
	l.build(l.builder(board("main")))
	require.Equal(t, []string{"true|<nil>"}, l.rows(retired), "back again")
}

// without is the product's SQL less one file.
func without(t *testing.T, path string) fs.FS {
	t.Helper()
	files := overlay(t, nil).(fstest.MapFS)
	delete(files, path)
	return files
}
