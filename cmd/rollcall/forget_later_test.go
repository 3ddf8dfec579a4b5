package main

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
	"rollcall/transforms/identity"
)

// Whoever was erased may go on writing with a log-in that the source has kept, and
// show the address nowhere: what they write is told by the log-in alone.
func TestForget_keepsOutWhatALogInWritesLater(t *testing.T) {
	s := forgetSite(t)
	s.ok("sync", "crm")
	s.ok("sync", "board")
	s.ok("forget", leaked, "--yes")

	s.lines("users", `{"id":"u1","login":"quirina.again"}`, `{"id":"u2","email":"bob@other.example","login":"bobby"}`)
	s.lines("threads", `{"id":"t1","user":"u1","title":"mine","at":"2026-02-01T10:00:00Z"}`,
		`{"id":"t3","user":"u1","title":"Quirina is back","at":"2026-03-01T10:00:00Z"}`,
		`{"id":"t4","user":"u2","title":"hers is t3","at":"2026-03-02T10:00:00Z"}`)
	s.ok("sync", "board")
	s.ok("build")
	s.ok("publish")
	require.Positive(t, s.holdsNothing())
	const later = "select string_agg(json_extract_string(data, '$.title'), ', ' order by key) from raw.files__thread where contains(key, ':t3') or contains(key, ':t4')"
	require.Equal(t, ", hers is t3", s.query("--lake", later))
	require.Equal(t, "2 1", s.query("select count(*) || ' ' || count(author_identity_id) from core.thread where thread_id in ('files:board:thread:t3', 'files:board:thread:t4')"), "it is counted still")
	require.Equal(t, "0", s.query("select count(*) from core.person_identity where identity_id = 'files:board:u1'"))

	config := s.read("rollcall.hcl")
	s.write(strings.Replace(config, `connector "files" "board" {`, `connector "files" "members" {
  moved_from  = "board"`, 1))
	s.ok("sync", "members", "--full", "--accept-deletes")
	s.ok("build")
	s.ok("publish")
	require.Positive(t, s.holdsNothing(), "the source has another name, and the person stays erased")
	require.Equal(t, ", hers is t3", s.query("--lake", later))
	require.Equal(t, "1", s.query("select count(*) from core.person_identity where starts_with(identity_id, 'files:members:')"))
}

// What a connector brought that was taken out of the configuration is erased as
// well; what in it is personal nobody can say any more.
func TestForget_reachesWhatIsConfiguredNoMore(t *testing.T) {
	s := forgetSite(t)
	s.ok("sync", "crm")
	s.ok("sync", "board")
	s.ok("build")
	_, forum, found := strings.Cut(s.read("rollcall.hcl"), `connector "discourse"`)
	require.True(t, found)
	s.write(strings.Replace(head, "opt_in", "legitimate_interest", 1) + `connector "discourse"` + forum)
	s.ok("forget", leaked, "--yes")
	require.Positive(t, s.holdsNothing())
	const thread = "select data from raw.files__thread where contains(key, ':%s')"
	require.Equal(t, "{}", s.query("--lake", strings.Replace(thread, "%s", "t1", 1)))
	require.Contains(t, s.query("--lake", strings.Replace(thread, "%s", "t2", 1)), "[erased]", "of somebody else's only the address goes")
}

// The fields that name log-ins are read from each connector's own staging SQL.
func TestForget_knowsTheLogInsOfBundledConnectors(t *testing.T) {
	s := newSite(t, forumConfig+`
connector "github" "code" {
  organization = "acme"
  token        = env("FORUM_KEY")
}
`)
	s.ok("build")
	a := &app{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, now: time.Now, configPath: s.path("rollcall.hcl"),
		getenv: func(name string) (string, bool) { return testKey, name == "FORUM_KEY" }}
	t.Chdir(s.dir)
	cfg, err := a.load(t.Context())
	require.NoError(t, err)
	h, err := a.openHost(t.Context(), cfg, "test", a.logger(cfg.Log))
	require.NoError(t, err)
	defer func() { require.NoError(t, h.close()) }()
	models, err := h.models(t.Context())
	require.NoError(t, err)
	_, err = models.AskErasure(t.Context(), transforms.Asking{Bearer: identity.Bearer{Logins: []string{"discourse:forum:17", "github:code:17"}, Mailboxes: []string{"jane@acme.example"}}})
	require.NoError(t, err)
	list, err := models.Suppression(t.Context())
	require.NoError(t, err)
	for _, c := range []struct{ typ, instance, stream, data, want string }{
		{"discourse", "forum", "posts", `{"id":9,"user_id":17,"username":"jane","raw":"me"}`, `{"id":9,"user_id":17,"username":"","raw":""}`},
		{"discourse", "forum", "posts", `{"id":17,"user_id":9,"username":"bob","raw":"he"}`, `{"id":17,"user_id":9,"username":"bob","raw":"he"}`},
		{"discourse", "forum", "topics", `{"id":9,"title":"me","posters":[{"user_id":17},{"user_id":9}]}`, `{"id":9,"title":"","posters":null}`},
		{"discourse", "forum", "topics", `{"id":9,"title":"he","posters":[{"user_id":9},{"user_id":17}]}`, `{"id":9,"title":"he","posters":[{"user_id":9},{"user_id":17}]}`},
		{"discourse", "forum", "users", `{"id":17,"username":"jane"}`, ""},
		{"discourse", "forum", "users", `{"id":9,"username":"bob"}`, `{"id":9,"username":"bob"}`},
		{"github", "code", "issues", `{"id":"I_1","title":"me","author":{"databaseId":17,"login":"jane"}}`, `{"id":"I_1","title":"","author":{"databaseId":17,"login":""}}`},
		{"github", "code", "issues", `{"id":"I_1","title":"he","author":{"databaseId":9,"login":"bob"}}`, `{"id":"I_1","title":"he","author":{"databaseId":9,"login":"bob"}}`},
		{"github", "code", "members", `{"node":{"databaseId":17,"login":"jane"}}`, ""},
	} {
		kept, isKept := list.Keep(c.typ, c.instance, c.stream, "new", []byte(c.data))
		require.Equal(t, c.want != "", isKept, "%s %s", c.stream, c.data)
		require.Equal(t, c.want, string(kept), "%s %s", c.stream, c.data)
	}
}

// A survey tool that knows respondents by their addresses: their ids are hashes,
// and what is left of one names nobody.
func TestForget_leavesNobodyInPlaceOfAHashedLogIn(t *testing.T) {
	s := newSite(t, strings.Replace(head, "opt_in", "legitimate_interest", 1)+`
connector "files" "survey" {
  kinds       = ["survey"]
  email_trust = "staff"
  key_secret  = env("FORUM_KEY")
  file "respondents" {
    path    = "respondents.csv"
    stream  = "identity"
    mapping = { source_user_id = "email", email = "email" }
  }
  file "answers" {
    path    = "answers.csv"
    stream  = "survey_response"
    mapping = { response_id = "id", survey_id = "=nps", question_id = "=q", identity_id = "email", responded_at = "at", text_raw = "text", score_raw = "score" }
  }
}
`)
	write := func(answers ...string) {
		require.NoError(t, os.WriteFile(s.path("respondents.csv"), []byte("email\n"+leaked+"\nbob@other.example\n"), 0o600))
		require.NoError(t, os.WriteFile(s.path("answers.csv"), []byte("id,email,at,score,text\n"+strings.Join(answers, "\n")+"\n"), 0o600))
	}
	const first, other = "1," + leaked + ",2026-02-01T10:00:00Z,9,good", "2,bob@other.example,2026-02-01T11:00:00Z,3,bad"
	write(first, other)
	s.ok("sync")
	s.ok("build")
	s.ok("publish")
	s.ok("forget", leaked, "--yes")
	write(first, other, "3,"+leaked+",2026-03-01T10:00:00Z,9,says Quirina")
	s.ok("sync", "survey", "--full")
	s.ok("build")
	s.ok("publish")
	require.Positive(t, s.holdsNothing())
	require.Equal(t, "3 1", s.query("select count(*) || ' ' || count(identity_id) from core.survey_response"))
	require.Equal(t, "1", s.query("--lake", "select count(*) from lake.identity.person_identity where unlinked_at is null"))
}
