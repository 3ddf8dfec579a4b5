package config

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func communityOptions() LoadOptions {
	opts := testOptions()
	opts.Dictionary = func() Dictionary {
		return Dictionary{Roles: []string{"community_manager", "cs_lead"}, KPIs: []KPI{
			{ID: "accepted", Leading: true, Outcome: true},
			{ID: "accepted_count", Leading: true, VariantOf: "accepted"},
			{ID: "churn", Outcome: true},
			{ID: "depth", Leading: true},
			{ID: "events", Leading: true},
			{ID: "members", Leading: true, Vanity: true},
			{ID: "minutes"},
			{ID: "retention", Outcome: true},
			{ID: "satisfaction", Outcome: true},
			{ID: "saves", Leading: true},
			{ID: "unanswered", Leading: true, Outcome: true},
		}}
	}
	return opts
}

func TestParse_readsWhatTheCommunityIsFor(t *testing.T) {
	cfg, err := Parse("/etc/rollcall/rollcall.hcl", []byte(head+`
community {
  purpose = " Customers answer each other before they need us. "
  primary = ["unanswered", "depth", "churn", "accepted"]
  owners  = { community_manager = "Ana Kovač" }
}`), communityOptions())
	require.NoError(t, err)
	require.Equal(t, Community{
		Purpose: "Customers answer each other before they need us.", Primary: []string{"unanswered", "depth", "churn", "accepted"},
		Owners: map[string]string{"community_manager": "Ana Kovač"},
	}, cfg.Community)
	cfg, err = Parse("/etc/rollcall/rollcall.hcl", []byte(head), communityOptions())
	require.NoError(t, err)
	require.Zero(t, cfg.Community)
}

// Of two activities and two outcomes half are outcomes; three leading KPIs and
// one lagging are both kinds.
func TestParse_holdsPrimaryKPIsToTheirRule(t *testing.T) {
	block := func(primary string) string {
		return "community {\n purpose = \"Help.\"\n primary = " + primary + "\n}"
	}
	cases := map[string]struct {
		src  string
		want []string
		line int
	}{
		"unknown setting": {"community { porpose = \"x\" }", []string{`Did you mean "purpose"?`}, 5},
		"no purpose":      {"community { primary = [\"depth\"] }", []string{"Missing purpose", "one sentence"}, 5},
		"no primary":      {"community { purpose = \"Help.\" }", []string{"Missing primary", "kpi list"}, 5},
		"two lines":       {"community { purpose = \"a\\nb\" }", []string{"one sentence on one line"}, 5},
		"address":         {"community { purpose = \"Ask ana@acme.com\" }", []string{"without an address"}, 5},
		"two":             {block(`["accepted", "churn"]`), []string{"are 3 to 5, these are 2"}, 7},
		"six":             {block(`["accepted", "churn", "depth", "retention", "satisfaction", "unanswered"]`), []string{"are 3 to 5, these are 6"}, 7},
		"unknown":         {block("[\"accepted\",\n \"chrun\", \"depth\"]"), []string{`no KPI "chrun"`, `Did you mean "churn"?`}, 8},
		"far off":         {block(`["accepted", "churn", "number_of_dragons"]`), []string{`no KPI "number_of_dragons"`, "Nearest are: "}, 7},
		"twice":           {block(`["accepted", "churn", "accepted"]`), []string{"accepted is named twice"}, 7},
		"vanity":          {block(`["accepted", "churn", "members"]`), []string{"members says how much there is", "Others are: depth, events, minutes, retention, satisfaction, saves and 1 more"}, 7},
		"no lagging":      {block(`["accepted", "depth", "unanswered"]`), []string{"must be lagging", "Lagging are: churn, minutes, retention, satisfaction."}, 7},
		"no leading":      {block(`["churn", "retention", "satisfaction"]`), []string{"must be leading", "Leading are: accepted, depth, events, saves, unanswered."}, 7},
		"activity":        {block(`["churn", "depth", "events"]`), []string{"2 of 3 only count activity: depth, events", "Outcomes are: accepted, retention, satisfaction, unanswered."}, 7},
		"list":            {block(`3`), []string{"primary in block community must be a list of strings"}, 7},
		"role":            {"community { owners = { community_manger = \"Ana\" } }", []string{`owned by a role "community_manger"`, `Did you mean "community_manager"?`}, 5},
		"owner's address": {"community { owners = { cs_lead = \"ana@acme.com\" } }", []string{"Write the name of who is cs_lead", "no address"}, 5},
		"owners list":     {"community { owners = [\"Ana\"] }", []string{`{ community_manager = "Ana" }`}, 5},
		"second block":    {"community {}\ncommunity {}", []string{"already a block community at line 5"}, 6},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("/etc/rollcall/rollcall.hcl", []byte(head+c.src), communityOptions())
			var found *Diagnostics
			require.ErrorAs(t, err, &found)
			require.True(t, found.has(c.line, c.want), "want line %d with %q in\n%s", c.line, c.want, err)
		})
	}
	for _, primary := range []string{`["depth", "churn", "accepted", "events"]`, `["accepted", "unanswered", "retention"]`, `["depth", "events", "churn", "retention", "satisfaction"]`} {
		_, err := Parse("/etc/rollcall/rollcall.hcl", []byte(head+block(primary)), communityOptions())
		require.NoError(t, err, primary)
	}
}

// has reports whether a diagnostic of that line holds all the texts.
func (d *Diagnostics) has(line int, texts []string) bool {
	for _, diag := range d.List() {
		if diag.Line == line && containsAll(strings.Join([]string{diag.Summary, diag.Detail}, ": "), texts) {
			return true
		}
	}
	return false
}
