package config

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestParse_readsWhatActsAndThreadsMean(t *testing.T) {
	cfg, err := Parse("/etc/rollcall/rollcall.hcl", []byte(head+`
parameters = { activation_window_days = 30, top_scale_share = 0.75, question_default = false }
engagement_rule "reaction" {
  source   = "discourse"
  reaction = " Like "
  tier     = 2
  helpful  = true
  from     = "2026-01-01"
}
engagement_rule "thread" {
  tier      = 3
  min_chars = 500
}
product_event "lesson_opened" {
  feature    = "academy"
  key_action = true
  training   = true
  from       = "2026-03-01"
}
product_event "lesson_opened" { login = true }
exclude {
  identities    = ["discourse:forum:17", "files:crm:a:b"]
  staff_domains = ["Acme.com", "@acme.co.uk"]
  test_domains  = ["example.com"]
}
questions {
  categories = ["Support"]
  default    = false
}
questions "github" { tags = ["Help wanted"] }
`), testOptions())
	require.NoError(t, err)
	day := func(month time.Month) time.Time { return time.Date(2026, month, 1, 0, 0, 0, 0, time.UTC) }
	no := false
	require.Equal(t, map[string]string{"activation_window_days": "30", "top_scale_share": "0.75", "question_default": "false"}, cfg.Parameters)
	require.Equal(t, []EngagementRule{
		{EventType: "reaction", Source: "discourse", Reaction: "like", Tier: 2, Helpful: true, From: day(time.January)},
		{EventType: "thread", MinChars: 500, Tier: 3},
	}, cfg.EngagementRules)
	require.Equal(t, []ProductEvent{
		{Name: "lesson_opened", Feature: "academy", KeyAction: true, Training: true, From: day(time.March)},
		{Name: "lesson_opened", Login: true},
	}, cfg.ProductEvents)
	require.Equal(t, Exclude{
		Identities: []string{"discourse:forum:17", "files:crm:a:b"}, StaffDomains: []string{"acme.com", "acme.co.uk"}, TestDomains: []string{"example.com"},
	}, cfg.Exclude)
	require.Equal(t, []Questions{{Categories: []string{"support"}, Default: &no}, {Source: "github", Tags: []string{"help wanted"}}}, cfg.Questions)
}

func TestParse_namesWhatIsWrongWithRules(t *testing.T) {
	cases := map[string]struct {
		src  string
		want []string
		line int
	}{
		"parameters block":   {`parameters { x = 1 }`, []string{"parameters is an attribute"}, 5},
		"parameters list":    {`parameters = [1]`, []string{"parameters in the top level must be a map"}, 5},
		"parameter list":     {`parameters = { quiet_days = [1] }`, []string{"Parameter quiet_days must be a number"}, 5},
		"type of act":        {`engagement_rule "reacton" { tier = 1 }`, []string{`no type of act "reacton"`, `Did you mean "reaction"?`}, 5},
		"rule without label": {`engagement_rule { tier = 1 }`, []string{`engagement_rule "name" { … }`}, 5},
		"no tier":            {`engagement_rule "reaction" {}`, []string{"Missing tier"}, 5},
		"tier":               {`engagement_rule "reaction" { tier = 4 }`, []string{"A tier is -1", "3 (high)"}, 5},
		"fractional tier":    {`engagement_rule "reaction" { tier = 1.5 }`, []string{"tier in engagement_rule \"reaction\" must be a whole number"}, 5},
		"chars":              {"engagement_rule \"reply\" {\n tier = 1\n min_chars = -1\n}", []string{"between 0 and 1000000"}, 7},
		"from":               {"engagement_rule \"reply\" {\n tier = 1\n from = \"1 May\"\n}", []string{`"1 May" is no date`, "2026-01-31"}, 7},
		"source":             {"engagement_rule \"reply\" {\n tier = 1\n source = \"discorse\"\n}", []string{`Did you mean "discourse"?`}, 7},
		"same rule":          {"engagement_rule \"reply\" { tier = 1 }\nengagement_rule \"reply\" { tier = 2 }", []string{"rule at line 5"}, 6},
		"same product event": {"product_event \"x\" { login = true }\nproduct_event \"x\" { training = true }", []string{"block at line 5"}, 6},
		"event flag":         {`product_event "x" { login = "yes" }`, []string{"must be true or false"}, 5},
		"identity":           {`exclude { identities = ["17"] }`, []string{`"17" is no login`, "discourse:forum:17"}, 5},
		"domain":             {`exclude { staff_domains = ["a@acme.com"] }`, []string{`"a@acme.com" is no domain`}, 5},
		"bare domain":        {`exclude { test_domains = ["acme"] }`, []string{`"acme" is no domain`}, 5},
		"questions of whom":  {`questions "discorse" {}`, []string{`Did you mean "discourse"?`}, 5},
		"questions twice":    {"questions {}\nquestions {}", []string{"already such a block at line 5"}, 6},
		"question name":      {`questions { categorys = ["x"] }`, []string{`Did you mean "categories"?`}, 5},
		"empty tag":          {`questions { tags = [" "] }`, []string{"empty name"}, 5},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("/etc/rollcall/rollcall.hcl", []byte(head+c.src), testOptions())
			var found *Diagnostics
			require.ErrorAs(t, err, &found)
			for _, diag := range found.List() {
				if diag.Line == c.line && containsAll(diag.Summary+": "+diag.Detail, c.want) {
					return
				}
			}
			require.Failf(t, "no such diagnostic", "want line %d with %q in\n%s", c.line, c.want, err)
		})
	}
}
