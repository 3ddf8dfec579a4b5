package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/identity"
)

// peopleConfig reads a CRM, a biller and a survey tool from files.
const peopleConfig = `data_dir = "data"
privacy { identity_matching = "legitimate_interest" }

connector "files" "crm" {
  kinds       = ["crm"]
  email_trust = "staff"
  file "contacts" {
    path    = "crm.csv"
    stream  = "identity"
    mapping = { source_user_id = "id", display_name = "name", email = "email" }
  }
  file "companies" {
    path    = "companies.csv"
    stream  = "org"
    mapping = { org_id = "id", name = "name", domain = "domain" }
  }
}
connector "files" "billing" {
  kinds       = ["billing"]
  email_trust = "staff"
  file "customers" {
    path    = "billing.csv"
    stream  = "identity"
    mapping = { source_user_id = "id", display_name = "name", email = "email" }
  }
  file "accounts" {
    path    = "accounts.csv"
    stream  = "org"
    mapping = { org_id = "id", name = "name", domain = "domain" }
  }
}
connector "files" "survey" {
  kinds       = ["survey"]
  email_trust = "self"
  file "respondents" {
    path    = "survey.csv"
    stream  = "identity"
    mapping = { source_user_id = "id", display_name = "name", email = "email" }
  }
}
`

// Ann is at CRM and biller under one address; two respondents say of themselves
// that they have Bob's, whom nobody else vouches for.
func newPeopleSite(t *testing.T) *site {
	s := newSite(t, peopleConfig)
	for name, text := range map[string]string{
		"crm.csv":       "id,name,email\n1,Ann Archer,ann@acme-werke.dev\n2,Zoe Zuber,zoe@zettwerk.dev\n",
		"billing.csv":   "id,name,email\nb1,A. Archer,Ann@Acme-Werke.dev\n",
		"survey.csv":    "id,name,email\ns1,Bob Bell,bob@bellworks.dev\ns2,Bob Bell,bob@bellworks.dev\n",
		"companies.csv": "id,name,domain\n10,Acme,acme-werke.dev\n11,Zett,zettwerk.dev\n",
		"accounts.csv":  "id,name,domain\n20,Zett Holding,zett-holding.dev\n21,Acme,acme.dev\n",
	} {
		require.NoError(t, os.WriteFile(s.path(name), []byte(text), 0o600))
	}
	s.fails(exitInternal, "nothing was built yet", "identity", "stats")
	s.ok("sync")
	s.ok("build")
	return s
}

func (s *site) person(who string) shownPerson {
	s.t.Helper()
	var people []shownPerson
	require.NoError(s.t, json.Unmarshal([]byte(s.ok("identity", "show", who, "--json")), &people))
	require.Len(s.t, people, 1)
	return people[0]
}

func TestIdentity_worksBesideADaemonAndWithout(t *testing.T) {
	s := newPeopleSite(t)
	s.looks()
	s.misses()
	s.decides()
	d := s.start()
	s.looks()
	s.fails(exitUsage, "did you mean files:crm:2?", "identity", "show", "crm:2")
	s.decides()
	d.stop()
}

func (s *site) looks() {
	t := s.t
	t.Helper()
	ann := s.person("ann@acme-werke.dev")
	require.Equal(t, []string{"files:billing:b1", "files:crm:1"}, loginIDs(ann.Human))
	require.Equal(t, ann.ID, s.person("files:crm:1").ID)
	require.Equal(t, ann.ID, s.person(ann.ID).ID)
	require.Contains(t, s.ok("identity", "show", "files:crm:1"), "T2")
	today := time.Now().UTC()
	require.Contains(t, s.ok("identity", "show", "files:crm:1", "--as-of", today.Format(time.DateOnly)), "as of:        "+today.AddDate(0, 0, 1).Format(time.DateOnly)+" 00:00Z")

	why := s.ok("identity", "why", "files:billing:b1", "files:crm:1")
	require.Contains(t, why, "files:billing:b1 and files:crm:1 are linked by T2 through email ann@acme-werke.dev; entered by staff in files:billing:identity:")
	require.Contains(t, s.ok("identity", "why-not", "files:survey:s1", "files:survey:s2"), "nobody but the logins says that the address is theirs")
	require.Contains(t, s.ok("identity", "why-not", "files:crm:1", "files:crm:2"), "share no address, subject or statement")

	stats := s.ok("identity", "stats")
	require.Contains(t, stats, "of them 1 with log-ins at two instances or more")
	require.Contains(t, s.ok("identity", "review"), "self_asserted, similar bob@bellworks.dev")
	require.Contains(t, s.ok("account", "show", "acme-werke.dev"), "Acme")
	require.Contains(t, s.ok("account", "review"), "files:billing:org:21\tAcme\tfiles:crm:org:10\tAcme\tname")
}

func (s *site) misses() {
	t := s.t
	t.Helper()
	for _, c := range []struct {
		message string
		args    []string
	}{
		{"nobody@nowhere.dev is no identity id, person id or address that is known", []string{"identity", "show", "nobody@nowhere.dev"}},
		{"did you mean files:crm:2?", []string{"identity", "show", "crm:2"}},
		{"did you mean files:crm:2?", []string{"identity", "why", "Zoe Zuber", "files:crm:1"}},
		{"bob@bellworks.dev is an address of 2 people: name one of", []string{"identity", "merge", "bob@bellworks.dev", "files:crm:2", "--reason", "x"}},
		{"are two people", []string{"identity", "why", "files:crm:1", "files:crm:2"}},
		{"are one person", []string{"identity", "why-not", "files:crm:1", "files:billing:b1"}},
		{"are one log-in, files:crm:2", []string{"identity", "merge", "zoe@zettwerk.dev", "files:crm:2", "--reason", "x"}},
		{"--reason is missing", []string{"identity", "merge", "files:crm:1", "files:crm:2"}},
		{"--from is missing", []string{"identity", "split", "files:crm:1", "--reason", "x"}},
		{"files:crm:2 is no log-in or address of", []string{"identity", "split", "files:crm:2", "--from", "files:crm:1", "--reason", "x"}},
		{"all log-ins of", []string{"identity", "split", "files:crm:2", "--from", "files:crm:2", "--reason", "x"}},
		{`there is no decision "none"; none stands`, []string{"identity", "undo", "none", "--reason", "x"}},
		{"must be a day as 2026-06-30, or a build", []string{"identity", "show", "files:crm:1", "--as-of", "yesterday"}},
		{"--as-of 2999-01-01 lies in the future: today is " + time.Now().UTC().Format("2006-"), []string{"identity", "show", "files:crm:1", "--as-of", "2999-01-01"}},
		{"had no log-in that was known at", []string{"identity", "show", "files:crm:1", "--as-of", "2001-01-01"}},
		{"Nobody Inc is no org id, account id, domain or name", []string{"account", "merge", "Nobody Inc", "Acme", "--reason", "x"}},
		{"Acme names 2 companies: name one of", []string{"account", "merge", "Acme", "Zett", "--reason", "x"}},
		{"are one account", []string{"account", "merge", "acme-werke.dev", "files:crm:org:10", "--reason", "x"}},
		{"all entries of", []string{"account", "split", "files:crm:org:10", "--from", "acme-werke.dev", "--reason", "x"}},
	} {
		s.fails(exitUsage, c.message, c.args...)
	}
}

// decides leaves nothing decided.
func (s *site) decides() {
	t := s.t
	t.Helper()
	merge := s.decision("identity", "merge", "files:crm:2", "files:survey:s1", "--reason", "met her", "--actor", "mia")
	require.Equal(t, merge, s.decision("identity", "merge", "files:survey:s1", "files:crm:2", "--reason", "sure"), "it is decided once")
	both := s.person("files:crm:2")
	require.Equal(t, []string{"files:crm:2", "files:survey:s1"}, loginIDs(both.Human))
	require.Contains(t, s.ok("identity", "why", "files:crm:2", "files:survey:s1"), "by decision "+merge+" of mia: met her")
	s.fails(exitUsage, "decision "+merge+" of ", "identity", "split", "files:survey:s1", "--from", "files:crm:2", "--reason", "no")
	s.ok("sync")
	s.ok("build")
	require.Len(t, s.person("files:crm:2").Logins, 2, "a decision survives syncs")
	require.Contains(t, s.ok("identity", "show", "files:crm:2"), "by mia on ")
	s.ok("identity", "undo", merge, "--reason", "was another one")
	require.Contains(t, []string{s.person("files:crm:2").ID, s.person("files:survey:s1").ID}, both.ID, "one of both keeps the id")
	require.Len(t, s.person("files:crm:2").Logins, 1)

	split := s.decision("identity", "split", "files:billing:b1", "--from", "ann@acme-werke.dev", "--reason", "a namesake")
	require.Len(t, s.person("files:crm:1").Logins, 1)
	require.Contains(t, s.ok("identity", "why-not", "files:crm:1", "files:billing:b1"), "a namesake")
	s.fails(exitUsage, "decision "+split+" of ", "identity", "merge", "files:crm:1", "files:billing:b1", "--reason", "no")
	s.ok("identity", "undo", split, "--reason", "one after all")
	require.Len(t, s.person("files:crm:1").Logins, 2)

	company := s.decision("account", "merge", "Zett", "Zett Holding", "--reason", "one owner")
	s.ok("build")
	require.Contains(t, s.ok("account", "show", "Zett"), "files:billing:org:20, files:crm:org:11")
	s.fails(exitUsage, "decision "+company+" of ", "account", "split", "files:billing:org:20", "--from", "Zett", "--reason", "no")
	s.ok("identity", "undo", company, "--reason", "two after all")
	s.ok("build")
	require.NotContains(t, s.ok("account", "show", "Zett"), "files:billing:org:20")
}

func (s *site) decision(args ...string) string {
	s.t.Helper()
	id := strings.Fields(s.ok(args...))[1]
	require.Len(s.t, id, len("0190163d-8694-739b-aea5-966c26f8ad91"))
	return id
}

// A survey tool without numbers for people knows them by their addresses, of
// which ids are hashed; a contact names such a respondent all the same.
func TestIdentity_followsAReferenceToALoginThatAnAddressNames(t *testing.T) {
	s := newSite(t, strings.Replace(peopleConfig, `  file "companies" {`, `  file "respondents" {
    path    = "answered.csv"
    stream  = "identity_evidence"
    key     = ["contact"]
    mapping = { identity_id = "contact", id_type = "=reference", namespace = "=files:survey", value = "respondent" }
  }
  file "companies" {`, 1))
	for name, text := range map[string]string{
		"crm.csv": "id,name,email\n1,Ann Archer,ann@acme-werke.dev\n", "survey.csv": "id,name,email\nAnn@home.dev,,\n",
		"answered.csv": "contact,respondent\n1,ann@home.dev\n",
		"billing.csv":  "id,name,email\n", "companies.csv": "id,name,domain\n", "accounts.csv": "id,name,domain\n",
	} {
		require.NoError(t, os.WriteFile(s.path(name), []byte(text), 0o600))
	}
	s.ok("sync")
	s.ok("build")
	logins := loginIDs(s.person("files:crm:1").Human)
	require.Len(t, logins, 2)
	require.Contains(t, logins[1], "files:survey:[address]~")
	require.NotContains(t, s.query("--lake", "select string_agg(value) from staging.identity_evidence"), "@")
}

// A decision joins nobody who refused to be linked, and says so.
func TestIdentityMerge_saysThatConsentKeepsThemTwo(t *testing.T) {
	s := newSite(t, strings.Replace(peopleConfig, `  file "companies" {`, `  file "answers" {
    path    = "answers.csv"
    stream  = "consent"
    mapping = { identity_id = "contact", purpose = "=identity_matching", status = "answer" }
  }
  file "companies" {`, 1))
	for name, text := range map[string]string{
		"crm.csv": "id,name,email\n1,Ann Archer,ann@acme-werke.dev\n2,Zoe Zuber,zoe@zettwerk.dev\n", "answers.csv": "contact,answer\n2,refused\n",
		"survey.csv": "id,name,email\n", "billing.csv": "id,name,email\n", "companies.csv": "id,name,domain\n", "accounts.csv": "id,name,domain\n",
	} {
		require.NoError(t, os.WriteFile(s.path(name), []byte(text), 0o600))
	}
	s.ok("sync")
	s.ok("build")
	out := s.run("identity", "merge", "files:crm:1", "files:crm:2", "--reason", "one desk")
	require.Zero(t, out.code)
	require.Contains(t, out.stderr, "they stay two people, and become one when nothing keeps them apart any more: rollcall identity why-not files:crm:1 files:crm:2")
	require.Contains(t, s.ok("identity", "why-not", "files:crm:1", "files:crm:2"), "has not agreed")
}

func TestIdentityReview_goesThroughASpreadsheet(t *testing.T) {
	s := newPeopleSite(t)
	require.NoError(t, os.WriteFile(s.path("review.csv"), nil, 0o644), "an earlier one, open to others")
	s.ok("identity", "review", "--export", s.path("review.csv"))
	sheet := s.read("review.csv")
	require.Contains(t, sheet, "\"self_asserted, similar\",files:survey:s1,files:survey:s2,Bob Bell,Bob Bell,bob@bellworks.dev,bob@bellworks.dev,bob@bellworks.dev")
	info, err := os.Stat(s.path("review.csv"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "it holds addresses")

	bad := "decision;identity_id;other_identity_id\nperhaps;files:survey:s1;files:survey:s2\nsame;files:crm:1;files:crm:1\nsame;files:survey:s1;files:survey:s2\n" +
		"same;files:crm:1;files:crm:99\nnot_same;files:survey:s1;files:survey:s2\n\"same;files:crm:1;files:crm:2\n"
	require.NoError(t, os.WriteFile(s.path("bad.csv"), []byte(bad), 0o600))
	out := s.fails(exitUsage, `line 2: decision is "perhaps", must be same, not_same or empty`, "identity", "review", "--import", s.path("bad.csv"))
	for _, fault := range []string{"line 3: identity_id and other_identity_id must name two log-ins", "line 5: files:crm:99 is no log-in that is known", "line 6: it is against line 4", "line 7: extraneous or missing"} {
		require.Contains(t, out.stderr, fault)
	}
	require.Contains(t, out.stderr, "nothing was changed: 5 bad rows")
	require.Len(t, s.person("files:survey:s1").Logins, 1, "a bad row changes nothing")

	answered := "\ufeffdecision;identity_id;other_identity_id\r\nsame;files:survey:s1;files:survey:s2\r\n;files:crm:1;files:crm:2\r\n"
	require.NoError(t, os.WriteFile(s.path("answered.csv"), []byte(answered), 0o600))
	require.Equal(t, "1 decision\n", s.ok("identity", "review", "--import", s.path("answered.csv")))
	require.Equal(t, "0 decisions\n", s.ok("identity", "review", "--import", s.path("answered.csv")), "what was decided is not decided again")
	require.Equal(t, []string{"files:survey:s1", "files:survey:s2"}, loginIDs(s.person("files:survey:s1").Human))
	require.Contains(t, s.run("identity", "review").stderr, "nothing to decide")
}

func TestReadSheet_undoesWhatKeepsSpreadsheetsFromComputing(t *testing.T) {
	var out strings.Builder
	list := []identity.Candidate{{A: "=cmd()", B: "-b", Rule: "similar", Left: identity.HumanLogin{Names: "+Ann"}}}
	require.NoError(t, identity.WriteSheet(&out, list))
	require.Contains(t, out.String(), "'=cmd(),'-b,'+Ann")
	head, row, _ := strings.Cut(out.String(), "\n")
	answers, err := identity.ReadSheet([]byte(head + "\nnot_same" + row))
	require.NoError(t, err)
	require.Equal(t, []identity.Answer{{Line: 2, Verb: "not_same", A: "=cmd()", B: "-b"}}, answers)
}
