package main

import (
	"encoding/json"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/internal/config"
	"rollcall/sql"
	"rollcall/transforms"
)

const communityBlock = `
community {
  purpose = "Customers answer each other before they need us."
  primary = ["unanswered_question_rate", "accepted_solution_rate", "member_retention_rate", "member_satisfaction_share"]
  owners  = { community_manager = "Ana Kovač" }
}
`

func TestValidate_holdsPrimaryKPIsToTheirRule(t *testing.T) {
	s := newSite(t, head+communityBlock)
	require.Empty(t, s.run("validate").stderr)
	s.write(head)
	out := s.run("validate")
	require.Zero(t, out.code)
	require.Contains(t, out.stderr, "warning: no KPI is primary: a block community")
	s.write(head + strings.NewReplacer("member_satisfaction_share", "comunity_mau", "Ana Kovač", "ana@acme.com").Replace(communityBlock))
	require.Contains(t, s.fails(exitConfig, `Did you mean "community_mau"?`, "validate").stderr, "rollcall.hcl line 6")
	s.write(head + strings.Replace(communityBlock, "member_satisfaction_share", "community_members_total", 1))
	s.fails(exitConfig, "Vanity KPI", "validate")
	s.write(head + strings.Replace(communityBlock, "member_satisfaction_share", "contributor_rate", 1))
	require.Contains(t, s.fails(exitConfig, "No lagging KPI", "validate").stderr, "Lagging are: event_satisfaction_score")
}

func TestKPIList_showsThePrimaryOnesInOrder(t *testing.T) {
	s := builtSite(t, communityBlock)
	s.ok("build")
	s.ok("publish")
	var list []transforms.KPISummary
	require.NoError(t, json.Unmarshal([]byte(s.ok("kpi", "list", "--primary", "--json")), &list))
	var ids []string
	for _, k := range list {
		require.True(t, k.IsPrimary)
		ids = append(ids, k.ID)
	}
	require.Equal(t, []string{"unanswered_question_rate", "accepted_solution_rate", "member_retention_rate", "member_satisfaction_share"}, ids)
	show := s.ok("kpi", "show", "unanswered_question_rate")
	require.Contains(t, show, "owner:        community_manager (Ana Kovač)")
	require.Contains(t, show, "primary:      yes")
	require.Equal(t, "4", s.query("select count(*) from kpi.dictionary where is_primary"))
	s.write(strings.Replace(s.read("rollcall.hcl"), communityBlock, "", 1))
	require.Contains(t, s.run("kpi", "list", "--primary").stderr, "no KPI is primary")
}

// The files of all KPIs have headers, and `init` proposes what validate takes.
func TestInit_proposesACommunityThatIsValid(t *testing.T) {
	s := newSite(t, head)
	s.ok("init", "github", "--config", "new.hcl", "--identity-matching", "opt_in")
	text := s.read("new.hcl")
	from := strings.Index(text, "# community {")
	until := from + strings.Index(text[from:], "# }") + len("# }")
	s.write(head + strings.ReplaceAll("\n"+text[from:until], "\n# ", "\n"))
	require.Empty(t, s.run("validate").stderr)
	files, err := fs.Glob(sql.FS, "kpi/*/*.sql")
	require.NoError(t, err)
	require.Len(t, transforms.Dictionary(sql.FS).KPIs, len(files))
	_, err = config.Load("../../config.example.hcl", config.LoadOptions{
		Types: bundledTypes(), Getenv: func(string) (string, bool) { return "x", true },
		Spec:       func(typ string, _ []string, _ string) (connectors.Spec, error) { return bundledSpec(typ) },
		Dictionary: func() config.Dictionary { return transforms.Dictionary(sql.FS) },
	})
	require.NoError(t, err)
}
