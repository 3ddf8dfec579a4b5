package main

import (
	"encoding/json"
	"io/fs"
	"net/http/httptest"
	"os"
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
func (s *site) holdsNothing() (values int) {
	s.t.Helper()
	err := filepath.WalkDir(s.path("data"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		require.NoError(s.t, err)
		s.holdsNoForm(path, content)
		switch filepath.Ext(path) {
		case ".parquet":
			values += s.searchValues(path, "", "read_parquet('"+path+"')")
		case ".duckdb":
			tables := strings.Fields(string(s.values(path, `select '"' || schema_name || '"."' || table_name || '"' from duckdb_tables() where not internal`)))
			for _, table := range tables {
				values += s.searchValues(path, path, table)
			}
		}
		return nil
	})
	require.NoError(s.t, err)
	return values
}

func (s *site) searchValues(where, file, table string) int {
	s.t.Helper()
	content := s.values(file, "select * from "+table)
	s.holdsNoForm(where+" "+table, content)
	require.NotContains(s.t, strings.ToLower(string(content)), "quirina", "%s %s", where, table)
	return len(content)
}

func TestForget_leavesNoByteOfTheAddressAndSurvivesTheNextSync(t *testing.T) {
	s := forgetSite(t)
	s.ok("run", "--once")
	threads := s.query("select count(*) || ' ' || count(author_identity_id) from core.thread where starts_with(thread_id, 'files:')")
	require.Equal(t, "2 2", threads)
	posts := s.query("--lake", "select count(*) from raw.discourse__posts")

	var result forgetResult
	require.NoError(t, json.Unmarshal([]byte(s.ok("forget", strings.ToUpper(leaked), "--yes", "--json", "--reason", "letter of "+leaked)), &result))
	require.Equal(t, 2, result.Logins)
	require.NotNil(t, result.Release)
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
