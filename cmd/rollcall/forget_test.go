package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"io/fs"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/demoforum"
)

// forgetSite has a person with a contact at the CRM, a login of the community
// and another address, who wrote a thread and a reply; others quote the address.
func forgetSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t, head)
	s.lines("contacts", `{"id":"c1","email":"Quirina.Zyxwvut@leak-7f3a.example","name":"Quirina Zyxwvut"}`,
		`{"id":"c2","email":"bob@other.example","name":"Bob"}`,
		`{"id":"c3","email":"support@other.example","name":"Desk"}`,
		`{"id":"c4","email":"shared.box@other.example","name":"One"}`)
	s.lines("users", `{"id":"u1","email":"quirina.zyxwvut@leak-7f3a.example","login":"quirinaz"}`,
		`{"id":"u2","email":"bob@other.example","login":"bobby"}`)
	s.lines("threads", `{"id":"t1","user":"u1","title":"mine","at":"2026-02-01T10:00:00Z"}`,
		`{"id":"t2","user":"u2","title":"ask quirina.zyxwvut%40leak-7f3a.example","at":"2026-02-02T10:00:00Z"}`)
	s.lines("replies", `{"id":"r1","thread":"t2","user":"u1","at":"2026-02-03T10:00:00Z","note":"\u0051uirina.Zyxwvut\u0040leak-7f3a.example"}`)
	s.write(strings.Replace(head, "opt_in", "legitimate_interest", 1) + `
connector "files" "crm" {
  kinds       = ["crm"]
  email_trust = "staff"
  file "contacts" {
    path    = "` + s.path("contacts.jsonl") + `"
    stream  = "identity"
    settle  = "0s"
    mapping = { source_user_id = "id", email = "email", display_name = "name" }
  }
}
connector "files" "board" {
  kinds       = ["community"]
  email_trust = "verified"
  file "users" {
    path    = "` + s.path("users.jsonl") + `"
    stream  = "identity"
    settle  = "0s"
    mapping = { source_user_id = "id", email = "email", username = "login" }
  }
  file "threads" {
    path    = "` + s.path("threads.jsonl") + `"
    stream  = "thread"
    settle  = "0s"
    mapping = { thread_id = "id", author_identity_id = "user", title = "title", created_at = "at" }
  }
  file "replies" {
    path    = "` + s.path("replies.jsonl") + `"
    stream  = "thread_reply"
    settle  = "0s"
    mapping = { reply_id = "id", thread_id = "thread", author_identity_id = "user", created_at = "at" }
  }
}
` + s.quotingForum())
	return s
}

// quotingForum serves a forum in which every post and title quotes the address,
// and returns its connector's block.
func (s *site) quotingForum() string {
	forum := demoforum.New(demoforum.Options{Seed: 5, End: time.Now().UTC().Truncate(24 * time.Hour), Months: 2, Members: 20})
	for _, p := range forum.Posts {
		p.Text += " mail me: " + leaked
		p.Topic.Title = "who is " + leaked
	}
	server := httptest.NewServer(forum.Handler(testKey))
	s.t.Cleanup(server.Close)
	return strings.ReplaceAll(strings.TrimPrefix(forumConfig, head), "%FORUM%", server.URL)
}

func (s *site) lines(name string, lines ...string) {
	s.t.Helper()
	require.NoError(s.t, os.WriteFile(s.path(name+".jsonl"), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}

// holdsNothing searches every byte of every file of the data directory, and,
// since DuckDB and Parquet compress, every value of every table in them.
func (s *site) holdsNothing() (bytesOfValues int) {
	s.t.Helper()
	err := filepath.WalkDir(s.path("data"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		require.NoError(s.t, err)
		s.holdsNoForm(path, content)
		var values []byte
		switch filepath.Ext(path) {
		case ".parquet":
			values = s.values("", "select * from read_parquet('"+path+"')")
		case ".duckdb":
			values = s.everyValue(path)
		}
		s.holdsNoForm("values of "+path, values)
		require.NotContains(s.t, strings.ToLower(string(values)), "quirina", path)
		bytesOfValues += len(values)
		return nil
	})
	require.NoError(s.t, err)
	return bytesOfValues
}

// everyValue prints every value of every table of a DuckDB file.
func (s *site) everyValue(path string) []byte {
	s.t.Helper()
	db, err := sql.Open("duckdb", path+"?access_mode=read_only")
	require.NoError(s.t, err)
	defer db.Close()
	var tables, columns string
	require.NoError(s.t, db.QueryRow(`select string_agg('select cast(t as varchar) as row from "' || schema_name || '"."' || table_name || '" as t', ' union all '),
    coalesce(string_agg(table_name), '') from duckdb_tables() where not internal`).Scan(&tables, &columns))
	rows, err := db.Query(tables)
	require.NoError(s.t, err)
	defer rows.Close()
	var out bytes.Buffer
	for rows.Next() {
		var row string
		require.NoError(s.t, rows.Scan(&row))
		out.WriteString(row + "\n")
	}
	require.NoError(s.t, rows.Err())
	return out.Bytes()
}

func TestForget_leavesNoByteOfTheAddressAndSurvivesTheNextSync(t *testing.T) {
	s := forgetSite(t)
	s.ok("run", "--once")
	threads := s.query("select count(*) || ' ' || count(author_identity_id) from core.thread where starts_with(thread_id, 'files:')")
	require.Equal(t, "2 2", threads)
	posts := s.query("--lake", "select count(*) from raw.discourse__posts")

	decision := s.decision("identity", "merge", "files:crm:c2", "files:board:u2", "--reason", "so says "+leaked, "--actor", leaked)
	s.ok("forget", "nobody@nowhere.example", "--yes", "--reason", "friend of "+leaked)
	var result forgetResult
	require.NoError(t, json.Unmarshal([]byte(s.ok("forget", strings.ToUpper(leaked), "--yes", "--json", "--reason", "letter of "+leaked)), &result))
	require.Equal(t, 2, result.Logins)
	require.NotNil(t, result.Release)
	require.Equal(t, decision+" so says [erased] [erased]", s.query("--lake", "select decision_id || ' ' || reason || ' ' || actor from lake.identity.decision"), "what was decided of others stands")
	require.Positive(t, s.holdsNothing())
	check := func() {
		require.Equal(t, "2 1", s.query("select count(*) || ' ' || count(author_identity_id) from core.thread where starts_with(thread_id, 'files:')"), "her thread is counted still")
		require.Equal(t, "1 0", s.query("select count(*) || ' ' || count(author_identity_id) from core.thread_reply where starts_with(reply_id, 'files:')"))
		require.Equal(t, "0", s.query("select count(*) from core.person_identity where identity_id in ('files:crm:c1', 'files:board:u1')"))
		require.Equal(t, "1", s.query("select count(*) from core.person_identity where identity_id = 'files:board:u2'"))
		require.Equal(t, posts, s.query("--lake", "select count(*) from raw.discourse__posts"))
	}
	check()

	versions := s.query("--lake", "select count(*) from raw.discourse__posts")
	s.ok("sync", "crm", "--full")
	s.ok("sync", "board", "--full")
	s.ok("sync", "forum", "--full")
	require.Equal(t, versions, s.query("--lake", "select count(*) from raw.discourse__posts"), "what was cut is not stored again")
	require.NotEqual(t, "0", s.query("--lake", "select sum(suppressed_count) from ops.run"))
	s.ok("build")
	s.ok("publish")
	check()
	require.Positive(t, s.holdsNothing())
}

// A function's address goes alone, one that nobody knows is suppressed, and what
// is no address is refused.
func TestForget_erasesAnAddressAlone(t *testing.T) {
	s := forgetSite(t)
	s.fails(exitUsage, "is no e-mail address", "forget", "quirina", "--yes")
	s.fails(exitUsage, "--yes", "forget", "support@other.example")
	for _, name := range []string{"crm", "board"} {
		s.ok("sync", name)
	}
	require.Contains(t, s.ok("forget", "nobody@nowhere.example", "--yes"), "nothing was found; the address is suppressed from now on")

	require.Contains(t, s.asked("forget", "bob@other.example"), "Erase bob@other.example, with 2 log-ins and 3 records, for good? [y/N] rollcall: nothing was deleted")
	require.Contains(t, s.asked("forget", "support@other.example"), "Erase support@other.example alone (it is no one person's address but a function's)")

	out := s.ok("forget", "Support+x@other.example", "--yes")
	require.Contains(t, out, "nothing was found", "a tag may be somebody else's where the provider is not known")
	out = s.ok("forget", "Support@other.example", "--yes")
	require.Contains(t, out, "erased the address alone: it is no one person's address but a function's")
	require.NotContains(t, string(s.everyValue(s.path("data/lake.duckdb"))), "support@other")
	contact := "select data from raw.files__identity where key = 'contacts:c3' order by version desc limit 1"
	require.Contains(t, s.query("--lake", contact), `"[erased]"`)
	s.ok("sync", "crm", "--full")
	require.Equal(t, "1", s.query("--lake", "select count(*) from raw.files__identity where key = 'contacts:c3'"))
	require.Equal(t, "4", s.query("--lake", "select count(*) from lake.identity.person_identity where source_instance = 'crm' and unlinked_at is null"))

}

// Without the key nobody knows who was erased.
func TestForget_stopsEverythingWithoutTheKey(t *testing.T) {
	s := forgetSite(t)
	for _, name := range []string{"crm", "board"} {
		s.ok("sync", name)
	}
	s.ok("build")
	key := s.path("data/keys/ids.key")
	kept := s.read("data/keys/ids.key")
	require.NoError(t, os.Remove(key))
	s.ok("sync", "crm")
	s.fails(exitInternal, "ids.key is missing: restore it from a backup", "build")
	require.Contains(t, s.run("doctor").stdout, "ids.key is missing: restore it from a backup")

	require.NoError(t, os.WriteFile(key, []byte(kept), 0o600))
	s.ok("forget", leaked, "--yes")
	rows := s.query("--lake", "select count(*) from raw.files__identity")
	s.lines("contacts", `{"id":"c9","email":"`+leaked+`","name":"Quirina Zyxwvut"}`, `{"id":"c10","email":"zoe@other.example","name":"Zoe"}`)
	for wrong, message := range map[string]string{"": "ids.key is empty", strings.Repeat("0", 64): "is not the key by which ids were hashed", "missing": "ids.key is missing"} {
		require.NoError(t, os.WriteFile(key, []byte(wrong), 0o600))
		commands := [][]string{{"sync"}}
		if wrong == "missing" {
			require.NoError(t, os.Remove(key))
			commands = append(commands, [][]string{{"sync", "crm", "--full"}, {"build"}, {"publish"}, {"doctor"}, {"run", "--once"}, {"run"}, {"status"}, {"forget", "zoe@other.example", "--yes"}}...)
		}
		for _, command := range commands {
			s.fails(exitInternal, message, command...)
		}
	}
	require.NoError(t, os.WriteFile(key, []byte(kept), 0o600))
	require.Equal(t, rows, s.query("--lake", "select count(*) from raw.files__identity"), "nothing was stored meanwhile")
	s.ok("sync", "crm")
	require.NotContains(t, string(s.everyValue(s.path("data/lake.duckdb"))), "Quirina")
}

// asked is what a command asks on a terminal, where the answer is no.
func (s *site) asked(args ...string) string {
	s.t.Helper()
	var asked strings.Builder
	a := &app{stdin: strings.NewReader("n\n"), stdout: io.Discard, stderr: &asked, now: time.Now, after: time.After, asks: true, getenv: func(name string) (string, bool) {
		for _, setting := range s.env {
			if value, found := strings.CutPrefix(setting, name+"="); found {
				return value, true
			}
		}
		return "", false
	}}
	require.Equal(s.t, exitUsage, a.run(s.t.Context(), append([]string{"--config", s.path("rollcall.hcl")}, args...)))
	return asked.String()
}

// Killed at any moment, an erasure is known to be unfinished, and finished by
// what would publish.
func TestForget_killedIsFinishedLater(t *testing.T) {
	s := forgetSite(t)
	s.ok("sync", "crm")
	s.ok("sync", "board")
	s.ok("build")
	s.ok("publish")
	for _, file := range []string{"data/published/releases/.unfinished-*", "data/lake.duckdb.compact"} {
		s.killAt(file, "forget", leaked, "--yes")
		require.Contains(t, s.ok("status"), "not finished", file)
	}
	require.Contains(t, s.run("doctor").stdout, "asked for and not finished")
	s.ok("publish")
	require.Positive(t, s.holdsNothing())
	require.NotContains(t, s.ok("status"), "not finished")
	require.Equal(t, "1", s.query("select count(author_identity_id) from core.thread"))
}

// killAt starts a command and kills it as soon as a file is there.
func (s *site) killAt(pattern string, args ...string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	require.NoError(s.t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		if found, _ := filepath.Glob(s.path(pattern)); len(found) > 0 {
			require.NoError(s.t, cmd.Process.Kill())
			<-ended
			return
		}
		select {
		case err := <-ended:
			s.t.Fatalf("%v ended before %s was there: %v", args, pattern, err)
		case <-time.After(time.Millisecond):
		}
	}
}

func TestForget_throughTheDaemon(t *testing.T) {
	s := forgetSite(t)
	s.ok("run", "--once")
	d := s.start()
	out := s.ok("forget", leaked, "--yes")
	require.Contains(t, out, "done; syncs do not bring it back")
	s.ok("sync", "crm", "--full")
	s.ok("backup", s.path("copy"))
	require.Contains(t, s.run("forget", leaked, "--yes").stderr, "not reached: "+s.path("copy"))
	require.NotEmpty(t, s.ok("query", "--lake", "select count(*) from raw.files__identity"))
	d.stop()
	require.Positive(t, s.holdsNothing())
}

func TestRestore_doesNotBringBackWhoWasErased(t *testing.T) {
	s := forgetSite(t)
	s.ok("sync", "crm")
	s.ok("backup", s.path("young")) // before any id was hashed
	s.ok("sync", "board")
	s.ok("build")
	s.ok("backup", s.path("old"))
	s.ok("forget", leaked, "--yes")
	for _, backup := range []string{"old", "young"} {
		require.Contains(t, s.ok("restore", s.path(backup)), "1 erasure since that backup")
		require.Contains(t, s.ok("status"), "1 erasure not finished", backup)
		s.ok("sync")
		s.ok("build")
		s.ok("publish")
		require.NotContains(t, s.ok("status"), "not finished")
		kept, err := filepath.Glob(s.path("data/backups/*"))
		require.NoError(t, err)
		for _, path := range kept { // which no erasure reaches
			if !strings.Contains(path, "before-restore") {
				continue
			}
			require.NoError(t, os.Rename(path, s.path("kept-"+filepath.Base(path))))
		}
		require.Positive(t, s.holdsNothing(), backup)
	}
}
