package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
)

// readerEnv turns the test's own executable into a reader of a published
// folder, so that readers are processes of their own.
const readerEnv = "ROLLCALL_TEST_READER"

// readPublished reads the DuckDB file and the Parquet tree again and again
// until its standard input ends, and says what went wrong. "write" opens the
// file for writing instead, as a careless analyst would, and waits.
func readPublished(mode, dir string) error {
	if mode == "write" {
		return writePublished(dir)
	}
	// Two readers that never rest would leave a build too little of two cores.
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, 15); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = os.Stdin.Read(make([]byte, 1))
	}()
	for rounds := 0; ; rounds++ {
		select {
		case <-ended:
			fmt.Println(rounds)
			return nil
		default:
		}
		read := readDuckDB
		if mode == "parquet" {
			read = readParquet
		}
		if err := read(dir); err != nil {
			return fmt.Errorf("round %d: %w", rounds, err)
		}
	}
}

// readDuckDB opens the published file anew, and wants one build in it.
func readDuckDB(dir string) error {
	return withDuckDB(filepath.Join(dir, "rollcall.duckdb")+"?access_mode=read_only&threads=1", `select
    (select count(*) from kpi.release) = 1 and (select build_id from kpi.release) = (select build_id from kpi.build)
    and (select count(*) from kpi.value where value is not null) > 100
    and (select count(*) from kpi.latest) > 0 and (select count(*) from core.thread) > 0`)
}

func readParquet(dir string) error {
	kpi := filepath.Join(dir, "parquet", "kpi")
	return withDuckDB("?threads=1", fmt.Sprintf(`select (select count(*) from read_parquet('%[1]s/release.parquet')) = 1
    and (select count(*) from read_parquet('%[1]s/value.parquet') where value is not null) > 100
    and (select count(*) = count(distinct (kpi_id, grain, period_start, segment_type, segment_value)) from read_parquet('%[1]s/value.parquet'))
    and (select count(*) from read_parquet('%[1]s/dictionary.parquet') where sql_text is not null) >= 5`, kpi))
}

func withDuckDB(source, query string) error {
	db, err := sql.Open("duckdb", source)
	if err != nil {
		return err
	}
	defer db.Close()
	var isWhole bool
	if err := db.QueryRow(query).Scan(&isWhole); err != nil {
		return err
	}
	if !isWhole {
		return fmt.Errorf("%s shows half a release", source)
	}
	return nil
}

func writePublished(dir string) error {
	path := filepath.Join(dir, "rollcall.duckdb")
	if err := os.Chmod(path, 0o644); err != nil { // as its owner may
		return err
	}
	db, err := sql.Open("duckdb", path)
	if err != nil {
		return err
	}
	for _, statement := range []string{"pragma disable_checkpoint_on_shutdown", "delete from kpi.value", "create table kpi.scratch as select 1 as one"} {
		if _, err := db.Exec(statement); err != nil {
			return err
		}
	}
	fmt.Println("wrote")
	_, err = os.Stdin.Read(make([]byte, 1))
	return err
}

// reader starts a process that reads the site's published folder.
func (s *site) reader(ctx context.Context, mode string) (*exec.Cmd, *strings.Builder, func()) {
	s.t.Helper()
	cmd := exec.CommandContext(ctx, os.Args[0], mode, s.path("data/published"))
	cmd.Env = append(os.Environ(), readerEnv+"=1")
	stdin, err := cmd.StdinPipe()
	require.NoError(s.t, err)
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(s.t, cmd.Start())
	return cmd, &output, func() { require.NoError(s.t, stdin.Close()) }
}

func TestPublish_disturbsNoReader(t *testing.T) {
	s := builtSite(t, "")
	for _, mode := range []string{"duckdb", "parquet"} {
		cmd, output, stop := s.reader(t.Context(), mode)
		defer func() {
			stop()
			require.NoError(t, cmd.Wait(), output.String())
			rounds, err := strconv.Atoi(strings.TrimSpace(output.String()))
			require.NoError(t, err, output.String())
			require.Greater(t, rounds, 10, mode)
		}()
	}
	for i := range 20 {
		if i%5 == 4 { // another build, not only another release
			s.ok("build")
		}
		s.ok("publish")
	}
}

func TestPublish_isUntouchedByASessionThatWrites(t *testing.T) {
	s := builtSite(t, "")
	for _, killed := range []string{"before", "after"} {
		cmd, _, _ := s.reader(t.Context(), "write")
		require.Eventually(t, func() bool {
			wal, err := filepath.EvalSymlinks(s.path("data/published/rollcall.duckdb"))
			require.NoError(t, err)
			info, err := os.Stat(wal + ".wal")
			return err == nil && info.Size() > 0
		}, 20*time.Second, 10*time.Millisecond)
		kill := func() {
			require.NoError(t, cmd.Process.Kill())
			require.Error(t, cmd.Wait())
		}
		if killed == "before" {
			kill()
		}
		s.ok("publish")
		if killed == "after" {
			kill()
		}
		s.wholeRelease()
		require.NotEqual(t, "0", s.query("select count(*) from kpi.value"), killed)
		require.Equal(t, "0", s.query("select count(*) from information_schema.tables where table_name = 'scratch'"), killed)
	}
}

// wholeRelease opens what is published and compares every byte with its
// manifest.
func (s *site) wholeRelease() {
	s.t.Helper()
	file, err := filepath.EvalSymlinks(s.path("data/published/rollcall.duckdb"))
	require.NoError(s.t, err)
	text, err := os.ReadFile(filepath.Join(filepath.Dir(file), "manifest.json"))
	require.NoError(s.t, err)
	var manifest transforms.Manifest
	require.NoError(s.t, json.Unmarshal(text, &manifest))
	for _, f := range manifest.Files {
		content, err := os.ReadFile(filepath.Join(filepath.Dir(file), f.Path))
		require.NoError(s.t, err)
		sum := sha256.Sum256(content)
		require.Equal(s.t, f.SHA256, hex.EncodeToString(sum[:]), f.Path)
		require.EqualValues(s.t, f.Bytes, len(content), f.Path)
	}
	require.NoError(s.t, readDuckDB(s.path("data/published")))
	require.NoError(s.t, readParquet(s.path("data/published")))
}

// killAfter runs a command and kills it within the time that it takes
// undisturbed. A publication is refused where the build before it died between
// models and values: then it is built anew first.
func (s *site) killAfter(longest time.Duration, args ...string) (killed bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), rand.N(longest)+10*time.Millisecond)
	defer cancel()
	cmd := exec.CommandContext(ctx, cmp.Or(s.program, binary), args...) // ends it with SIGKILL
	cmd.Dir, cmd.Env = s.dir, s.env
	out, err := cmd.CombinedOutput()
	if err != nil && strings.Contains(string(out), "was interrupted before its checks") {
		s.ok("build")
		return s.killAfter(longest, args...)
	}
	code := cmd.ProcessState.ExitCode() // 0 also where the signal met a process that was ending
	if code != 0 {
		require.Equal(s.t, -1, code, "%s", out)
	}
	return code != 0
}

// took says how long a command takes.
func (s *site) took(args ...string) time.Duration {
	s.t.Helper()
	began := time.Now()
	s.ok(args...)
	return time.Since(began)
}

// A build or a publication that dies leaves the last release, or the new one,
// and nothing between; the next build gives what an undisturbed one gives.
func TestKill_ofBuildAndPublishLeavesOneWholeRelease(t *testing.T) {
	kills, err := strconv.Atoi(os.Getenv("ROLLCALL_KILLS"))
	if err != nil {
		kills = 20
	}
	awayFromMidnight(2*time.Minute + time.Duration(kills)*5*time.Second)
	build, publish := []string{"build", "--full"}, []string{"publish"}
	t.Run("built as one transaction", func(t *testing.T) {
		builtSite(t, "").kill(kills-kills/4, build, publish)
	})
	t.Run("built table by table", func(t *testing.T) {
		s := builtSite(t, "")
		s.program, s.env = os.Args[0], append(s.env, manyRowsEnv+"=1")
		s.kill(kills/4, build)
	})
}

// kill kills so many processes, of each command in turn. After some of them all is
// built and published anew, and equals what was published at first.
func (s *site) kill(kills int, commands ...[]string) {
	const values = "select * exclude (computed_at, build_id) from kpi.value order by all"
	t := s.t
	t.Helper()
	undisturbed := s.ok("query", "--json", values)
	longest := make([]time.Duration, len(commands))
	for i, command := range commands {
		longest[i] = s.took(command...)
	}
	for i := range kills {
		at := i % len(commands)
		for !s.killAfter(longest[at], commands[at]...) { // it was faster
			s.wholeRelease()
		}
		s.wholeRelease()
		if i%4 == 3 || i == kills-1 {
			s.ok("build")
			s.ok("publish")
			s.wholeRelease()
			require.Equal(t, undisturbed, s.ok("query", "--json", values))
		}
	}
	left, err := filepath.Glob(s.path("data/published/releases/.unfinished-*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
