package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/internal/config"
	"rollcall/sync"
)

func TestRollcall_tellsItsExitCodesApart(t *testing.T) {
	s := newSite(t, forumConfig)
	none := newSite(t, `data_dir = "data"`)
	for _, c := range []struct {
		site    *site
		code    int
		message string
		args    []string
	}{
		{s, 2, `did you mean "sync"?`, []string{"snyc"}},
		{s, 2, "unknown flag", []string{"sync", "--fulll"}},
		{s, 2, `did you mean "forum"?`, []string{"sync", "form"}},
		{s, 2, `did you mean "posts"?`, []string{"sync", "--stream", "post"}},
		{s, 2, "neither a day", []string{"sync", "--since", "yesterday"}},
		{s, 2, "lies in the future", []string{"sync", "--since", "2999-01-01"}},
		{s, 2, "give one of them", []string{"sync", "--full", "--since", "90d"}},
		{s, 2, "accepts 1 arg", []string{"backup"}},
		{s, 1, "nothing is published yet", []string{"query"}},
		{s, 2, `did you mean "describe"?`, []string{"connectors", "descrbe"}},
		{s, 2, `did you mean "discourse"?`, []string{"connectors", "describe", "discorse"}},
		{s, 2, `did you mean "github"?`, []string{"init", "gihub"}},
		{s, 2, "is configured at rollcall.hcl:4", []string{"purge", "forum", "--yes"}},
		{s, 2, "no terminal to ask on", []string{"init", "github", "--config", "new.hcl"}},
		{s, 2, `did you mean "opt_in"?`, []string{"init", "github", "--config", "new.hcl", "--identity-matching", "optin"}},
		{s, 2, "exists already", []string{"init", "github", "--config", "rollcall.hcl", "--identity-matching", "opt_in"}},
		{none, 3, "Missing privacy", []string{"validate"}},
		{none, 3, "Missing privacy", []string{"sync"}},
		{s, 3, "rollcall init", []string{"validate", "--config", "nowhere.hcl"}},
		{s, 1, "nothing is published yet", []string{"query", "select 1"}},
	} {
		c.site.fails(c.code, c.message, c.args...)
	}
}

func TestRollcall_reportsErrorsAsJSON(t *testing.T) {
	s := newSite(t, `data_dir = "data"`)
	out := s.fails(exitConfig, "", "sync", "--json")
	var failure struct {
		Error       string
		Exit        int
		Diagnostics []config.Diagnostic
	}
	require.NoError(t, json.Unmarshal([]byte(out.stderr), &failure), out.stderr)
	require.Equal(t, exitConfig, failure.Exit)
	require.Equal(t, "Missing privacy", failure.Diagnostics[0].Summary)

	out = s.run("validate", "--json")
	var validation validateResult
	require.NoError(t, json.Unmarshal([]byte(out.stdout), &validation))
	require.False(t, validation.Valid)
	require.Len(t, validation.Diagnostics, 1)
}

func TestInit_writesAConfigThatLoads(t *testing.T) {
	for _, typ := range bundledTypes() {
		t.Run(typ, func(t *testing.T) {
			s := newSite(t, head)
			s.ok("init", typ, typ, "--config", "new.hcl", "--identity-matching", "legitimate_interest")
			src, err := os.ReadFile(s.path("new.hcl"))
			require.NoError(t, err)
			cfg, err := config.Parse(s.path("new.hcl"), src, config.LoadOptions{
				Types:  bundledTypes(),
				Spec:   func(typ string, _ []string, _ string) (connectors.Spec, error) { return bundledSpec(typ) },
				Getenv: func(string) (string, bool) { return "x", true },
			})
			require.NoError(t, err)
			require.Equal(t, "legitimate_interest", cfg.Privacy.IdentityMatching)
			require.Len(t, cfg.Connectors, 2)
			require.Equal(t, typ+"-2", cfg.Connectors[1].Name)
		})
	}
}

func TestConfigExample_loads(t *testing.T) {
	cfg, err := config.Load("../../config.example.hcl", config.LoadOptions{
		Types:  bundledTypes(),
		Spec:   func(typ string, _ []string, _ string) (connectors.Spec, error) { return bundledSpec(typ) },
		Getenv: func(string) (string, bool) { return "x", true },
	})
	require.NoError(t, err)
	shown := map[string]bool{}
	for _, c := range cfg.Connectors {
		shown[c.Type] = true
	}
	for _, typ := range bundledTypes() {
		require.True(t, shown[typ], "config.example.hcl shows no %s", typ)
	}
}

func TestConnectors_areListedAndDescribed(t *testing.T) {
	s := newSite(t, forumConfig)
	for _, typ := range bundledTypes() {
		require.Contains(t, s.ok("connectors", "list"), typ)
		require.Contains(t, s.ok("connectors", "describe", typ), "Streams")
		var spec connectors.Spec
		require.NoError(t, json.Unmarshal([]byte(s.ok("connectors", "describe", typ, "--json")), &spec))
		require.Equal(t, typ, spec.Type)
		require.NoError(t, spec.Validate())
	}
	s.fails(exitSource, "", "connectors", "describe", "acme", "--command", "/bin/false")
}

func TestTable_keepsARowOnItsLine(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		table := newTable("A", "B")
		table.add("one\ttwo\nthree", "\x1b[2Jü")
		var out strings.Builder
		require.NoError(t, table.print(&out, terminal))
		require.Equal(t, 2, strings.Count(out.String(), "\n"))
		require.Contains(t, out.String(), `one\ttwo\nthree`)
		require.Contains(t, out.String(), `\x1b[2Jü`)
	}
}

func TestPlainEnd_namesAFinishOnlyOfWhatGoesOn(t *testing.T) {
	o := sync.Outcome{Instance: "forum", Stream: "posts", Status: sync.StatusOK, Records: 2692, EstimatedFinish: time.Date(2026, 3, 4, 5, 6, 0, 0, time.UTC)}
	require.Equal(t, "forum/posts: ok, 2,692 records, 0 new", plainEnd(o))
	o.Status = sync.StatusPaused
	require.Equal(t, "forum/posts: paused, 2,692 records, 0 new: done about 2026-03-04 05:06Z", plainEnd(o))
}

func TestParseSince_readsDaysAndSpans(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	now := time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)
	day, err := parseSince("2026-06-01", now, zone)
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 5, 31, 22, 0, 0, 0, time.UTC), day.UTC())
	span, err := parseSince("90d", now, zone)
	require.NoError(t, err)
	require.Equal(t, now.AddDate(0, 0, -90), span)
	for _, text := range []string{"-90d", "0d", "2026-02-30", "90", "d"} {
		_, err := parseSince(text, now, zone)
		require.Equal(t, exitUsage, codeOf(err), text)
	}
}

func TestCheckSkew_allowsForTheTimeOfTheAnswer(t *testing.T) {
	started := time.Date(2026, 6, 30, 12, 0, 0, 0, time.UTC)
	for offset, status := range map[time.Duration]string{0: "ok", 5 * time.Second: "ok", -20 * time.Second: "ok", 2 * time.Minute: "warn", -time.Minute: "warn"} {
		var result doctorResult
		checkSkew(&result, "forum", connectors.Access{ServerTime: started.Add(offset)}, started, started.Add(2*time.Second))
		require.Equal(t, status, result.Findings[0].Status, offset)
	}
}
