package transforms_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"io/fs"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
	"rollcall/transforms"
)

// published runs a select over the published file in an instance of its own.
func (l *lake) published(query string) []string {
	l.t.Helper()
	var printed []string
	err := warehouse.SelectFile(context.Background(), filepath.Join(l.cfg.PublishedDir(), "rollcall.duckdb"), "256MB", query, func(rows *sql.Rows) error {
		for rows.Next() {
			var text string
			if err := rows.Scan(&text); err != nil {
				return err
			}
			printed = append(printed, text)
		}
		return rows.Err()
	})
	require.NoError(l.t, err)
	return printed
}

func (l *lake) build(b *transforms.Builder) *transforms.Build {
	l.t.Helper()
	build, err := b.Build(l.t.Context(), transforms.BuildRequest{})
	require.NoError(l.t, err)
	return build
}

func TestPublish_showsAWholeRelease(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	build := l.build(b)
	release, err := b.Publish(t.Context(), transforms.PublishRequest{})
	require.NoError(t, err)
	require.Equal(t, build.ID, release.BuildID)

	require.Equal(t, []string{build.ID}, l.published("select build_id from kpi.release"))
	require.Equal(t, []string{"11.0"}, l.published(`select cast(value as varchar) from kpi.value
where kpi_id = 'community_post_volume' and grain = 'month' and period_start = date '2026-02-01' and segment_type = 'all'`))
	require.Equal(t, []string{"0"}, l.published("select cast(count(*) as varchar) from duckdb_columns() where not internal and comment is null"))
	require.Equal(t, []string{"0"}, l.published("select cast(count(*) as varchar) from duckdb_tables() where comment is null"))

	dir := l.cfg.PublishedDir()
	target, err := os.Readlink(filepath.Join(dir, "rollcall.duckdb"))
	require.NoError(t, err)
	require.Equal(t, filepath.Join("releases", build.ID, "rollcall.duckdb"), target)
	var manifest transforms.Manifest
	text, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &manifest))
	for _, f := range manifest.Files {
		path := filepath.Join(dir, "releases", build.ID, filepath.FromSlash(f.Path))
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		sum := sha256.Sum256(content)
		require.Equal(t, f.SHA256, hex.EncodeToString(sum[:]))
		require.EqualValues(t, len(content), f.Bytes)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o444), info.Mode().Perm())
	}
	require.Equal(t, build.ID, manifest.BuildID)
	require.JSONEq(t, l.published("select watermarks from kpi.build")[0], string(manifest.Coverage))
	require.Contains(t, string(manifest.Coverage), "threads")
	require.JSONEq(t, l.published("select config from kpi.build")[0], string(manifest.Settings))
	var stated, counted []string
	for _, table := range manifest.Tables {
		stated = append(stated, fmt.Sprint(table.Name, " ", table.Rows))
		counted = append(counted, fmt.Sprintf("select '%[1]s ' || count(*) from %[1]s", table.Name))
	}
	require.ElementsMatch(t, stated, l.published(strings.Join(counted, " union all ")))
	for _, f := range manifest.Files[1:] {
		require.Equal(t, []string{fmt.Sprint(f.Rows)}, l.rows("select count(*) from read_parquet('"+filepath.Join(dir, f.Path)+"')"), f.Path)
	}
	require.Equal(t, l.rows("select * from kpi.value order by all"),
		l.rows("select * from read_parquet('"+filepath.Join(dir, "parquet/kpi/value.parquet")+"') order by all"))
}

func TestPublish_leavesAKPIFileRunnableInThePublishedDatabase(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	l.build(b)
	_, err := b.Publish(t.Context(), transforms.PublishRequest{})
	require.NoError(t, err)
	for _, text := range l.published("select sql_text from kpi.dictionary") {
		l.published("select cast(count(*) as varchar) from (" + text + ")")
	}
}

func TestPublish_keepsClearDataOut(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.thread("T1", "m1", "2026-02-02T10:00:00Z", object{"title": "zyxsecrettitle"})
	l.coverBoard()
	b := l.builder(board("main"))
	l.build(b)
	_, err := b.Publish(t.Context(), transforms.PublishRequest{})
	require.NoError(t, err)
	require.Equal(t, []string{"zyxsecrettitle"}, l.rows("select title from lake.staging.thread"))
	err = filepath.WalkDir(l.cfg.PublishedDir(), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, string(content), "zyxsecrettitle", path)
		return nil
	})
	require.NoError(t, err)
}

func TestPublish_withoutPeopleHoldsNoPersonLevelTable(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	l.build(b)
	first, err := b.Publish(t.Context(), transforms.PublishRequest{})
	require.NoError(t, err)

	l.cfg.Publish.PersonLevel = false
	_, err = b.Publish(t.Context(), transforms.PublishRequest{AcceptSchemaChange: true})
	require.NoError(t, err)
	require.Equal(t, []string{"kpi", "ref"}, l.published("select distinct schema_name from duckdb_tables() order by 1"))
	require.Equal(t, []string{"0"}, l.published("select cast(count(*) as varchar) from duckdb_tables() where comment is null"))
	require.Equal(t, []string{"168.0"}, l.published("select cast(param('unanswered_window_hours') as varchar)"))
	require.NoDirExists(t, filepath.Join(l.cfg.PublishedDir(), "releases", first.BuildID))
}

func TestPublish_keepsThreeReleases(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	var last string
	for range 5 {
		l.now = l.now.Add(time.Hour)
		last = l.build(b).ID
		_, err := b.Publish(t.Context(), transforms.PublishRequest{})
		require.NoError(t, err)
	}
	entries, err := os.ReadDir(filepath.Join(l.cfg.PublishedDir(), "releases"))
	require.NoError(t, err)
	require.Len(t, entries, 3)
	require.Equal(t, last, entries[2].Name())
}

// A reader may have followed the link just before: what was shown a moment ago
// stays, however often a build is published, and goes oldest first.
func TestPublish_keepsWhatReadersMayBeOpening(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	id := l.build(b).ID
	var names []string
	for i := range 12 {
		l.now = l.now.Add(time.Second)
		_, err := b.Publish(t.Context(), transforms.PublishRequest{})
		require.NoError(t, err)
		names = append(names, id)
		if i > 0 {
			names[i] = fmt.Sprintf("%s.%d", id, i+1)
		}
	}
	for _, name := range names {
		require.DirExists(t, filepath.Join(l.cfg.PublishedDir(), "releases", name))
	}
	l.now = l.now.Add(time.Minute)
	_, err := b.Publish(t.Context(), transforms.PublishRequest{})
	require.NoError(t, err)
	var left []string
	entries, err := os.ReadDir(filepath.Join(l.cfg.PublishedDir(), "releases"))
	require.NoError(t, err)
	for _, e := range entries {
		left = append(left, e.Name())
	}
	require.ElementsMatch(t, []string{id + ".11", id + ".12", id + ".13"}, left)
}

func TestPublish_refusesWithoutABuildWhoseChecksPassed(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	_, err := b.Publish(t.Context(), transforms.PublishRequest{})
	require.ErrorIs(t, err, transforms.ErrNoBuild)

	l.build(b)
	_, err = b.Publish(t.Context(), transforms.PublishRequest{})
	require.NoError(t, err)
	before := l.published("select build_id from kpi.release")

	require.NoError(t, l.db.Marts.Write(t.Context(), func(tx *warehouse.Tx) error {
		return tx.Exec(t.Context(), "update marts.kpi.build set status = 'built'")
	}))
	_, err = b.Publish(t.Context(), transforms.PublishRequest{})
	require.ErrorContains(t, err, "was interrupted before its checks: run `rollcall build` again")

	failing := l.builderOver(overlay(t, map[string]string{
		"checks/no_replies.sql": "-- severity: fail\n-- Nobody replies.\nselect r.reply_id from core.thread_reply as r",
	}), board("main"))
	build, err := failing.Build(t.Context(), transforms.BuildRequest{})
	var failed *transforms.ChecksFailed
	require.ErrorAs(t, err, &failed)
	require.Equal(t, transforms.StatusFailed, build.Status)
	_, err = failing.Publish(t.Context(), transforms.PublishRequest{})
	require.ErrorAs(t, err, &failed)
	require.ErrorContains(t, err, "no_replies (9 rows)")
	require.Equal(t, before, l.published("select build_id from kpi.release"))
}

func TestPublish_stopsWhenAColumnVanishesOrChangesType(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	published := map[string]string{
		"mart/kept.sql":    "-- One row per person.\n-- person_id: the human\n-- replies: how many\nselect p.person_id, 1 as replies from core.person as p",
		"mart/changed.sql": "-- One row per person.\n-- person_id: the human\n-- grain: none\n-- threads: how many\nselect p.person_id, 'week' as grain, 1 as threads from core.person as p",
	}
	b := l.builderOver(overlay(t, published), board("main"))
	l.build(b)
	_, err := b.Publish(t.Context(), transforms.PublishRequest{})
	require.NoError(t, err)

	other := l.builderOver(overlay(t, map[string]string{
		"mart/kept.sql":    "-- One row per person.\n-- person_id: the human\nselect p.person_id from core.person as p",
		"mart/changed.sql": "-- One row per person.\n-- person_id: the human\n-- grain: none\nselect p.person_id, 1 as grain from core.person as p",
	}), board("main"))
	l.build(other)
	_, err = other.Publish(t.Context(), transforms.PublishRequest{})
	var change *transforms.SchemaChange
	require.ErrorAs(t, err, &change)
	require.Equal(t, []string{
		"column mart.changed.grain was VARCHAR, is INTEGER",
		"column mart.changed.threads vanished",
		"column mart.kept.replies vanished",
	}, change.Changes)
	_, err = other.Publish(t.Context(), transforms.PublishRequest{AcceptSchemaChange: true})
	require.NoError(t, err)
}

func TestPublish_exportsTheTablesThatTheConfigurationNames(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.cfg.Publish.Parquet = []string{"core.threads"}
	_, err := transforms.New(t.Context(), l.options(overlay(t, nil), board("main")))
	require.ErrorContains(t, err, "publish: parquet: there is no table core.threads; known are core.account, ")

	l.fixtureT()
	l.cfg.Publish.Parquet = []string{"core.thread", "mart.person"}
	b := l.builder(board("main"))
	l.build(b)
	publish := func() []string {
		l.now = l.now.Add(time.Minute)
		_, err := b.Publish(t.Context(), transforms.PublishRequest{})
		require.NoError(t, err)
		shown, err := fs.Glob(os.DirFS(l.cfg.PublishedDir()), "parquet/[cm]*/*")
		require.NoError(t, err)
		return shown
	}
	require.Equal(t, []string{"parquet/core/thread.parquet", "parquet/mart/person.parquet"}, publish())
	require.Equal(t, l.rows("select * from core.thread order by all"),
		l.rows("select * from read_parquet('"+filepath.Join(l.cfg.PublishedDir(), "parquet/core/thread.parquet")+"') order by all"))

	l.cfg.Publish.Parquet = nil
	require.Empty(t, publish(), "nobody reads on in a table that is exported no more")
}
