package main

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/demoforum"
	"rollcall/internal/warehouse"
	rollcallsql "rollcall/sql"
)

// leaked is the address that a test puts wherever a source may carry text.
const leaked = "Quirina.Zyxwvut@leak-7f3a.example"

// formsOf are the ways in which an address could stand in a file, by name.
func formsOf(address string) map[string][]byte {
	forms := map[string][]byte{}
	for name, text := range map[string]string{"": address, "lower case ": strings.ToLower(address), "upper case ": strings.ToUpper(address)} {
		plain := []byte(text)
		reversed := slices.Clone(plain)
		slices.Reverse(reversed)
		forms[name+"plain"], forms[name+"reversed"] = plain, reversed
		forms[name+"hex"], forms[name+"HEX"] = []byte(hex.EncodeToString(plain)), []byte(strings.ToUpper(hex.EncodeToString(plain)))
		forms[name+"url"] = []byte(url.QueryEscape(text))
		// Inside a longer text the same bytes have one of three base64 forms.
		for shift := range 3 {
			encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, shift), plain...))
			forms[fmt.Sprint(name, "base64 ", shift)] = []byte(encoded[2*shift : len(encoded)-3])
		}
		md5Sum, sha1Sum, sha256Sum := md5.Sum(plain), sha1.Sum(plain), sha256.Sum256(plain)
		for hash, sum := range map[string][]byte{"md5": md5Sum[:], "sha1": sha1Sum[:], "sha256": sha256Sum[:]} {
			forms[name+hash], forms[name+"hex of "+hash] = sum, []byte(hex.EncodeToString(sum))
			forms[name+"base64 of "+hash] = []byte(base64.StdEncoding.EncodeToString(sum))
		}
	}
	local, domain, _ := strings.Cut(strings.ToLower(address), "@")
	forms["local part"], forms["domain"] = []byte(local), []byte(domain)
	return forms
}

// findForms names every form that a content holds.
func findForms(content []byte) (names []string) {
	folded := bytes.ToLower(content)
	for name, form := range formsOf(leaked) {
		found := bytes.Contains(content, form)
		if slices.Contains([]string{"plain", "reversed", "local part", "domain"}, name) {
			found = bytes.Contains(folded, bytes.ToLower(form))
		}
		if found {
			names = append(names, name)
		}
	}
	return names
}

func (s *site) holdsNoForm(where string, content []byte) {
	s.t.Helper()
	for _, name := range findForms(content) {
		s.t.Errorf("%s holds the address: %s", where, name)
	}
}

// searchPublished reads every byte of every published file, and, since both
// formats compress, every value of every table in them.
func (s *site) searchPublished() (tables int) {
	s.t.Helper()
	dir, err := filepath.EvalSymlinks(s.path("data/published"))
	require.NoError(s.t, err)
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		require.NoError(s.t, err)
		s.holdsNoForm(path, content)
		if strings.HasSuffix(path, ".parquet") {
			s.holdsNoForm("values of "+path, s.values("", "select * from read_parquet("+warehouse.Literal(path)+")"))
			tables++
		}
		return nil
	})
	require.NoError(s.t, err)
	file := filepath.Join(dir, "rollcall.duckdb")
	names := strings.Split(strings.TrimSpace(string(s.values(file, "select schema_name || '.' || table_name from duckdb_tables() where not internal"))), "\n")
	for _, name := range names {
		s.holdsNoForm("table "+name, s.values(file, "select * from "+name))
		tables++
	}
	s.holdsNoForm("comments", s.values(file, "select comment from duckdb_columns() union all select comment from duckdb_tables() union all select sql from duckdb_views()"))
	return tables
}

// values prints every value of a select.
func (s *site) values(file, query string) []byte {
	s.t.Helper()
	source := file
	if file != "" {
		source += "?access_mode=read_only"
	}
	db, err := sql.Open("duckdb", source)
	require.NoError(s.t, err)
	defer db.Close()
	rows, err := db.Query(query)
	require.NoError(s.t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(s.t, err)
	var out bytes.Buffer
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		require.NoError(s.t, rows.Scan(into...))
		for _, v := range values {
			fmt.Fprintln(&out, v)
		}
	}
	require.NoError(s.t, rows.Err())
	return out.Bytes()
}

// leakyRows writes one file per shape of staging: rows in which every text
// holds the address, beside ids, times and numbers that let them through to
// the marts, and returns the connector's file blocks.
func (s *site) leakyRows() string {
	s.t.Helper()
	shapes, err := fs.Glob(rollcallsql.FS, "staging/*.sql")
	require.NoError(s.t, err)
	db, err := sql.Open("duckdb", "")
	require.NoError(s.t, err)
	defer db.Close()
	var blocks strings.Builder
	for _, path := range shapes {
		shape := strings.TrimSuffix(filepath.Base(path), ".sql")
		text, err := fs.ReadFile(rollcallsql.FS, path)
		require.NoError(s.t, err)
		rows, err := db.Query("describe " + string(text))
		require.NoError(s.t, err, path)
		columns := map[string]string{}
		for rows.Next() {
			var name, typ string
			var rest [4]any
			require.NoError(s.t, rows.Scan(&name, &typ, &rest[0], &rest[1], &rest[2], &rest[3]))
			columns[name] = typ
		}
		require.NoError(s.t, rows.Err())
		var lines strings.Builder
		for i := range 6 {
			line, err := json.Marshal(leakyRow(columns, i))
			require.NoError(s.t, err)
			lines.Write(append(line, '\n'))
		}
		require.NoError(s.t, os.WriteFile(s.path(shape+".jsonl"), []byte(lines.String()), 0o600))
		fmt.Fprintf(&blocks, "  file %q {\n    path      = %q\n    stream    = %q\n    canonical = true\n    settle    = \"0s\"\n  }\n", shape, s.path(shape+".jsonl"), shape)
	}
	return blocks.String()
}

// leakyRow is the i-th row of a shape: half of them hold known words where the
// models expect some, so that they are not left out.
func leakyRow(columns map[string]string, i int) map[string]any {
	words := map[string]string{
		"event_type": "reaction", "source": "files", "source_instance": "export", "join_channel": "invite", "role": "member",
		"action": "approved", "kind": "webinar", "survey_kind": "csat", "object_type": "thread",
	}
	row := map[string]any{}
	key := fmt.Sprint(i)
	if i == 5 {
		key = leaked // as where a source knows people and things by an address
	}
	for name, typ := range columns {
		id := strings.TrimSuffix(strings.TrimSuffix(name, "_id"), "_identity")
		switch {
		case name == "record", name == "first_seen_at", name == "deleted_at", strings.HasSuffix(name, "left_at"), strings.HasSuffix(name, "until_at"):
		case typ == "TIMESTAMP":
			row[name] = fmt.Sprintf("2026-02-%02dT10:00:00Z", i+1)
		case typ == "DATE":
			row[name] = fmt.Sprintf("2026-02-%02d", i+1)
		case typ == "BIGINT":
			row[name] = 3
		case typ == "DOUBLE":
			row[name] = 4
		case typ == "BOOLEAN":
			row[name] = strings.HasPrefix(name, "is_complete") || strings.HasPrefix(name, "is_solvable")
		case name == "community_id":
			row[name] = "files:export"
		case strings.HasSuffix(name, "identity_id"):
			row[name] = "files:export:" + key
		case strings.HasSuffix(name, "_id"):
			row[name] = fmt.Sprintf("files:export:%s:%s", id, key)
		case words[name] != "" && i%2 == 0:
			row[name] = words[name]
		case name == "email":
			row[name] = leaked
		default:
			row[name] = "ask " + leaked + " about it"
		}
	}
	return row
}

// leakyForum serves a forum with the address in posts, titles, names, tags and
// a category, and returns its connector's block.
func (s *site) leakyForum() string {
	forum := demoforum.New(demoforum.Options{Seed: 5, End: time.Now().UTC().Truncate(24 * time.Hour), Months: 3, Members: 20})
	for _, p := range forum.Posts {
		p.Text += " mail me: " + leaked
		p.Topic.Title = "who is " + leaked
		p.Topic.Tags = []string{leaked, "help"}
		p.Topic.Category.Name = "for " + leaked
	}
	for _, u := range forum.Users {
		u.Name, u.Username = "I am "+leaked, fmt.Sprint(leaked, u.ID)
	}
	server := httptest.NewServer(forum.Handler(testKey))
	s.t.Cleanup(server.Close)
	return strings.ReplaceAll(strings.TrimPrefix(forumConfig, head), "%FORUM%", server.URL)
}

// An address in a post, a title, a user name, a category, a tag, a survey's
// answer, the name of an event, an id or any other text reaches no byte of what
// is published. What the id held is one person and one thing still.
func TestPublish_holdsNoFormOfAnAddress(t *testing.T) {
	s := newSite(t, head)
	s.write(head + `
connector "files" "export" {
  kinds       = ["community", "survey", "product"]
  email_trust = "self"
  key_secret  = env("FORUM_KEY")
` + s.leakyRows() + "}\n" + s.leakyForum())
	s.ok("run", "--once")
	require.NotEqual(t, "0", s.query("--lake", "select count(*) from lake.staging.identity where contains(email, '@leak-7f3a.example')"))
	require.NotEqual(t, "0", s.query("--lake", "select count(*) from lake.staging.thread where contains(title, '@leak-7f3a.example')"))
	require.Equal(t, "ask [address] about it", s.query("select distinct category from core.thread where thread_id like 'files:%'"))
	for _, table := range []string{"core.thread", "core.thread_reply", "core.survey_response", "core.community_event", "mart.activity"} {
		require.NotEqual(t, "0", s.query("select count(*) from "+table), table)
	}
	require.NotEqual(t, "0", s.query("--lake", "select count(*) from raw.discourse__posts where contains(data, '@leak-7f3a.example')"))
	require.NotEqual(t, "0", s.query("select count(*) from core.thread where starts_with(thread_id, 'discourse:')"))
	const hashed = "'^files:export:(thread:)?\\[address\\]~[0-9a-f]{32}$'"
	require.Equal(t, "1", s.query("select count(*) from core.thread as t inner join core.person_identity as i on i.identity_id = t.author_identity_id where regexp_matches(t.thread_id, "+hashed+") and regexp_matches(i.identity_id, "+hashed+")"))
	require.Equal(t, "0", s.query("select count(*) from checks.result where check_id = 'no_address_in_marts' and failing_rows > 0"))
	require.Greater(t, s.searchPublished(), 40)

	before := s.query("select string_agg(person_id, ',' order by person_id) from core.person_identity")
	s.ok("build", "--full")
	s.ok("publish")
	require.Equal(t, before, s.query("select string_agg(person_id, ',' order by person_id) from core.person_identity"))
	require.NoError(t, os.Remove(s.path("data/keys/ids.key")))
	s.fails(exitInternal, "ids.key is missing", "build")
}

// A release without people holds the address no more than one with them.
func TestPublish_withoutPeopleHoldsNoFormOfAnAddress(t *testing.T) {
	s := newSite(t, head)
	s.write(head + "publish { person_level = false }\n" + `
connector "files" "export" {
  kinds       = ["community", "survey", "product"]
  email_trust = "self"
  key_secret  = env("FORUM_KEY")
` + s.leakyRows() + "}\n")
	s.ok("run", "--once")
	require.Equal(t, "0", s.query("select count(*) from information_schema.tables where table_schema in ('core', 'mart')"))
	require.Greater(t, s.searchPublished(), 10)
}

func TestFindForms_findsThemAll(t *testing.T) {
	for name, form := range formsOf(leaked) {
		require.Contains(t, findForms(slices.Concat([]byte("before "), form, []byte(" after"))), name)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte("write to " + leaked + " about it"))
	require.NotEmpty(t, findForms([]byte(encoded)))
	require.Empty(t, findForms([]byte("an address of another, quirina@example.com")))
}
