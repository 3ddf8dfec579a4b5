package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDemo_saysHowTheCommunityDoes(t *testing.T) {
	s := newSite(t, head)
	out := s.run("demo", "--keep", "demo")
	require.Zero(t, out.code, out.stderr)
	for _, want := range []string{
		"log-ins are", "companies\n", demoPurpose, "Unanswered question rate", "Accepted solution rate", "Member retention by cohort", "Member satisfaction",
		"pts", "questions asked in", "rollcall.duckdb", "kpi list",
	} {
		require.Contains(t, out.stdout, want)
	}
	require.NotContains(t, out.stderr, "forbidden")
	s.fails(exitUsage, "exists already", "demo", "--keep", "demo")
	require.Contains(t, s.ok("status", "--config", "demo/rollcall.hcl"), "posts")
	s.readmeQueries("demo/rollcall.hcl")
}

func TestDemo_makesTheSameCompanyOfASeed(t *testing.T) {
	s := newSite(t, head)
	report := func(dir string) (r demoReport) {
		require.NoError(t, json.Unmarshal([]byte(s.ok("demo", "--json", "--scale", "0.1", "--keep", dir)), &r))
		r.Dir, r.Config = "", ""
		return r
	}
	first := report("a")
	require.Less(t, first.People, first.Logins)
	require.Less(t, first.Companies, first.Orgs)
	require.Equal(t, first, report("b"))
	s.fails(exitUsage, "at least 0.05", "demo", "--scale", "0.01")
}
