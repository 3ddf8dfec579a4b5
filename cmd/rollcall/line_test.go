package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/demoforum"
)

func TestRunOnce_takesTheWholeLine(t *testing.T) {
	s := newSite(t, forumConfig)
	var result onceResult
	require.NoError(t, json.Unmarshal([]byte(s.ok("run", "--once", "--json")), &result))
	require.Equal(t, "passed", result.Build.Status)
	require.NotEmpty(t, result.Release.Build)

	target, err := os.Readlink(s.path("data/published/rollcall.duckdb"))
	require.NoError(t, err)
	require.Contains(t, target, result.Release.Build)
	require.FileExists(t, s.path("data/published/parquet/kpi/value.parquet"))
	leftover, err := filepath.Glob(s.path("data/*.wal"))
	require.NoError(t, err)
	require.Empty(t, leftover, "no write-ahead log rests on disk")

	require.Equal(t, result.Release.Build, s.query("select build_id from kpi.release"))
	require.Equal(t, s.query("select count(distinct kpi_id) from kpi.dictionary where status = 'configured'"),
		s.query("select count(distinct kpi_id) from kpi.value"))
	for _, kpi := range []string{"community_mau", "community_post_volume", "first_response_time_median_hours", "unanswered_question_rate"} {
		require.NotEqual(t, "0", s.query("select count(*) from kpi.value where value is not null and kpi_id = '"+kpi+"'"), kpi)
	}
	require.Equal(t, "0", s.query("select count(*) from information_schema.columns where column_name ilike '%email%' or column_name ilike '%username%'"))

	var status statusResult
	require.NoError(t, json.Unmarshal([]byte(s.ok("status", "--json")), &status))
	for _, stream := range status.Streams {
		require.Contains(t, []string{"ok", "forbidden"}, stream.LastStatus, stream.Stream)
		require.False(t, stream.Next.IsZero(), stream.Stream)
	}

	again := onceResult{}
	require.NoError(t, json.Unmarshal([]byte(s.ok("run", "--once", "--json")), &again))
	require.Empty(t, again.Runs, "nothing is due")
}

// A data directory that others may enter, so that they reach published/, shows
// them nothing else.
func TestRunOnce_opensToOthersOnlyWhatIsPublished(t *testing.T) {
	s := newSite(t, forumConfig)
	require.NoError(t, os.Mkdir(s.path("data"), 0o755))
	s.ok("run", "--once")
	mode := func(path string) os.FileMode {
		info, err := os.Stat(s.path(path))
		require.NoError(t, err)
		return info.Mode().Perm()
	}
	for _, path := range []string{"data/lake.duckdb", "data/marts.duckdb", "data/tmp", "data/run", "data/rollcall.lock"} {
		require.Zero(t, mode(path)&0o077, path)
	}
	for _, path := range []string{"data/published/rollcall.duckdb", "data/published/manifest.json", "data/published/parquet/kpi/value.parquet"} {
		require.Equal(t, os.FileMode(0o444), mode(path), path)
	}
	for _, path := range []string{"data/published", "data/published/releases", "data/published/parquet", "data/published/parquet/kpi"} {
		require.Equal(t, os.FileMode(0o755), mode(path), path)
	}
	releases, err := filepath.Glob(s.path("data/published/releases/*"))
	require.NoError(t, err)
	require.Len(t, releases, 1)
	require.Equal(t, os.FileMode(0o755), mode(strings.TrimPrefix(releases[0], s.dir)))
}

// The published numbers are those of the forum, counted by other means.
func TestRunOnce_publishesWhatTheForumHolds(t *testing.T) {
	forum := demoforum.New(demoforum.Options{Seed: 3, End: time.Now().UTC().Truncate(24 * time.Hour), Months: 6, Members: 60})
	server := httptest.NewServer(forum.Handler(testKey))
	t.Cleanup(server.Close)
	s := newSite(t, strings.ReplaceAll(forumConfig, "%FORUM%", server.URL))
	s.ok("run", "--once")

	posts, joined, active := map[string]int{}, map[string]int{}, map[string]map[int64]bool{}
	for _, p := range forum.Posts {
		month := p.Created.Format("2006-01") + "-01"
		if p.Action || p.Author.Bot || p.Author.Staff {
			continue
		}
		posts[month]++
		if active[month] == nil {
			active[month] = map[int64]bool{}
		}
		active[month][p.Author.ID] = true
	}
	for _, u := range forum.Users {
		if !u.Bot && !u.Staff {
			month := u.Joined.Format("2006-01") + "-01"
			joined[month]++
			if active[month] == nil {
				active[month] = map[int64]bool{}
			}
			active[month][u.ID] = true // joining is an act
		}
	}
	month := forum.End.AddDate(0, -2, 0).Format("2006-01") + "-01"
	value := func(kpi string) string {
		return s.query(fmt.Sprintf("select value::integer from kpi.value where kpi_id = '%s' and grain = 'month' and segment_type = 'all' and period_start = '%s'", kpi, month))
	}
	require.NotZero(t, posts[month])
	require.Equal(t, fmt.Sprint(posts[month]), value("community_post_volume"))
	require.Equal(t, fmt.Sprint(len(active[month])), value("community_mau"))
	require.Equal(t, fmt.Sprint(joined[month]), value("community_new_members"))
}

func TestSync_appendsNothingTheSecondTime(t *testing.T) {
	s := newSite(t, forumConfig)
	s.ok("sync", "forum", "--stream", "users", "--stream", "topics", "--stream", "posts")
	before := s.query("--lake", "select count(*) from raw.discourse__posts")
	var result syncResult
	require.NoError(t, json.Unmarshal([]byte(s.ok("sync", "--stream", "posts", "--json")), &result))
	require.Len(t, result.Runs, 1)
	require.Zero(t, result.Runs[0].Appended)
	require.Equal(t, before, s.query("--lake", "select count(*) from raw.discourse__posts"))

	require.NoError(t, json.Unmarshal([]byte(s.ok("sync", "--stream", "users", "--stream", "topics", "--stream", "posts", "--full", "--json")), &result))
	require.Len(t, result.Runs, 3)
	for _, run := range result.Runs {
		require.NotZero(t, run.Unchanged, run.Stream)
		require.Zero(t, run.Appended, run.Stream)
		require.Zero(t, run.Tombstones, run.Stream)
	}
	require.Contains(t, s.ok("sync", "--stream", "topics", "--since", "30d"), "ok")
}

func TestSync_exitsPartialWhenASourceRefuses(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	t.Cleanup(server.Close)
	s := newSite(t, strings.ReplaceAll(forumConfig, "%FORUM%", server.URL))
	out := s.fails(exitPartial, "did not finish", "sync", "--stream", "categories")
	require.Contains(t, out.stdout, "failed")
	out = s.fails(exitSource, "1 sources cannot be read", "doctor")
	require.Contains(t, out.stdout, "fail\tsource\tforum")
}

func TestSync_reportsAForbiddenStreamAndSucceeds(t *testing.T) {
	s := newSite(t, strings.Replace(forumConfig, `api_key = env("FORUM_KEY")`, "", 1))
	out := s.ok("sync", "--stream", "users")
	require.Contains(t, out, "forbidden")
}

func TestSync_readsOnlyTheStreamsThatFileBlocksName(t *testing.T) {
	s := forgetSite(t)
	var result syncResult
	require.NoError(t, json.Unmarshal([]byte(s.ok("sync", "crm", "board", "--json")), &result))
	var ran []string
	for _, run := range result.Runs {
		ran = append(ran, run.Instance+" "+run.Stream)
	}
	require.ElementsMatch(t, []string{"crm identity", "board identity", "board thread", "board thread_reply"}, ran)
	var status statusResult
	require.NoError(t, json.Unmarshal([]byte(s.ok("status", "--json")), &status))
	var shown []string
	for _, stream := range status.Streams {
		if stream.Instance != "forum" {
			shown = append(shown, stream.Instance+" "+stream.Stream)
		}
	}
	require.ElementsMatch(t, ran, shown)
	require.Contains(t, s.ok("sync", "board", "--stream", "survey"), "no file block fills it", "asked for by name")
}

func TestDoctor_looksAtEverything(t *testing.T) {
	s := builtSite(t, "")
	var result doctorResult
	require.NoError(t, json.Unmarshal([]byte(s.ok("doctor", "--json")), &result))
	seen := map[string]bool{}
	for _, f := range result.Findings {
		seen[f.Check] = true
		require.NotEqual(t, "fail", f.Status, f)
	}
	for _, check := range []string{"lock", "disk", "memory", "file", "published", "source", "clock"} {
		require.True(t, seen[check], check)
	}
	stale := s.path("data/published/rollcall.duckdb.wal")
	require.NoError(t, os.WriteFile(stale, nil, 0o600))
	require.Contains(t, s.ok("doctor"), "rollcall.duckdb.wal")
}

func TestQuery_acceptsOneSelectThatReadsNoFile(t *testing.T) {
	s := builtSite(t, "")
	for _, lake := range [][]string{nil, {"--lake"}} {
		for _, query := range []string{
			"select 1; select 2", "drop table kpi.value", "create table x as select 1", "copy kpi.value to 'x.csv'",
			"select * from read_csv('/etc/passwd')", "select * from '/etc/passwd'", "attach 'x.duckdb'", "install httpfs", "set threads = 1",
			"select * from read_text('rollcall.hcl')", "pragma database_list", "insert into kpi.value select * from kpi.value", "selec 1",
			"select getenv('FORUM_KEY')",
		} {
			out := s.run(append([]string{"query", query}, lake...)...)
			require.Equal(t, exitUsage, out.code, "%s\n%s", query, out.stdout+out.stderr)
		}
	}
	require.Equal(t, "n\ts\n1\tNULL\n", s.ok("query", "select 1 as n, null as s"))
	require.Equal(t, "{\"d\":\"2026-01-31\",\"n\":1,\"t\":\"2026-01-31T00:00:00Z\"}\n",
		s.ok("query", "--json", "select 1 as n, timestamp '2026-01-31' as t, date '2026-01-31' as d"))
	require.Equal(t, "n\n", s.ok("query", "select 1 as n where false"))
	require.Len(t, strings.Split(strings.TrimSpace(s.ok("query", "--lake", "select range from range(1234)")), "\n"), 1235)
}

func TestQuery_withoutASelectListsTheTables(t *testing.T) {
	s := builtSite(t, "")
	published := s.ok("query")
	require.True(t, strings.HasPrefix(published, "table\trows\tcomment\tcolumns\n"), published)
	require.Contains(t, published, "\nkpi.release\t1\tOne row: which release this file is.")
	for _, line := range strings.Split(strings.TrimSpace(published), "\n") {
		fields := strings.Split(line, "\t")
		require.Len(t, fields, 4, line)
		require.NotEmpty(t, fields[2], line)
	}
	require.Equal(t, s.query("select count(*) from duckdb_tables() where not internal"), fmt.Sprint(strings.Count(published, "\n")-1))
	lake := s.ok("query", "--lake")
	require.Contains(t, lake, "\nlake.raw.discourse__posts\t")
	require.Contains(t, lake, "\nmarts.kpi.release\t1\tOne row: ")
}

func TestBackup_isRestored(t *testing.T) {
	s := newSite(t, forumConfig)
	s.ok("sync", "--stream", "categories")
	rows := s.query("--lake", "select count(*) from raw.discourse__categories")
	s.ok("backup", "copy")
	s.fails(exitInternal, "exists already", "backup", "copy")
	s.ok("sync", "--stream", "topics")
	s.ok("restore", "copy")
	require.Equal(t, rows, s.query("--lake", "select count(*) from raw.discourse__categories"))
	require.Equal(t, "0", s.query("--lake", "select count(*) from duckdb_tables() where table_name = 'discourse__topics'"))

	lake := s.path("copy/lake.duckdb")
	require.NoError(t, os.Truncate(lake, 5000))
	s.fails(exitInternal, "nothing was changed", "restore", "copy")
	require.Equal(t, rows, s.query("--lake", "select count(*) from raw.discourse__categories"))
}

func TestPurge_deletesOnlyWhatIsNoLongerConfigured(t *testing.T) {
	s := newSite(t, forumConfig)
	s.ok("sync", "--stream", "categories")
	s.fails(exitUsage, "is configured at", "purge", "forum", "--yes")
	s.write(head)
	require.Contains(t, s.ok("status"), "kept")
	s.fails(exitUsage, `did you mean "forum"?`, "purge", "forums", "--yes")
	s.fails(exitUsage, "--yes", "purge", "forum")
	require.Contains(t, s.ok("purge", "forum", "--yes"), "categories")
	require.NotContains(t, s.ok("status"), "forum")
}

func TestPurge_leavesNothingToPublish(t *testing.T) {
	s := builtSite(t, "")
	require.NotEqual(t, "0", s.query("select count(*) from core.person"))
	s.write(head)
	s.ok("purge", "forum", "--yes")
	for _, table := range []string{"identity.person_identity", "staging.identity", "staging.thread_reply", "ops.run", "ops.instance"} {
		require.Equal(t, "0", s.query("--lake", "select count(*) from lake."+table), table)
	}
	s.ok("build")
	s.ok("publish", "--accept-schema-change")
	for _, table := range []string{"core.person", "core.person_identity", "core.thread", "kpi.value"} {
		require.Equal(t, "0", s.query("select count(*) from "+table), table)
	}
}

func TestConnectorName_isUniqueOverKeptData(t *testing.T) {
	s := newSite(t, forumConfig)
	s.ok("sync", "--stream", "categories")
	s.write(head + `connector "github" "forum" {
  token        = env("FORUM_KEY")
  organization = "x"
}`)
	s.fails(exitConfig, `rollcall.hcl:3: the lake keeps data of a discourse instance named "forum"`, "sync")
}

func TestRenamedConnector_keepsItsPeople(t *testing.T) {
	s := builtSite(t, "")
	const people = "select string_agg(person_id, ' ' order by person_id) from identity.person_identity"
	before := s.query("--lake", people)
	text, err := os.ReadFile(s.path("rollcall.hcl"))
	require.NoError(t, err)
	s.write(strings.Replace(string(text), `"forum" {`, `"board" {`+"\n  moved_from = \"forum\"", 1))
	s.ok("build")
	require.Equal(t, before, s.query("--lake", people))
	require.Equal(t, "board", s.query("--lake", "select distinct split_part(identity_id, ':', 2) from identity.person_identity"))
}
