package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

const secretText = "s3cr3t-0f-th3-f0rum"

// testSpec has a setting of every type.
func testSpec(typ string, _ []string, _ string) (connectors.Spec, error) {
	spec := connectors.Spec{
		Type: typ, Kinds: []connectors.Kind{connectors.KindCommunity}, EmailTrust: connectors.TrustVerified,
		Settings: []connectors.Setting{
			{Name: "url", Type: connectors.TypeString, Required: true, Help: "the forum's address"},
			{Name: "api_key", Type: connectors.TypeString, Secret: true, Help: "an admin key"},
			{Name: "headers", Type: connectors.TypeStringMap, Secret: true},
			{Name: "page_size", Type: connectors.TypeInt, Default: "100"},
			{Name: "share", Type: connectors.TypeFloat},
			{Name: "private", Type: connectors.TypeBool, Default: "false"},
			{Name: "timeout", Type: connectors.TypeDuration, Default: "30s"},
			{Name: "categories", Type: connectors.TypeStringList},
			{Name: "mapping", Type: connectors.TypeBlockMap, Block: []connectors.Setting{
				{Name: "glob", Type: connectors.TypeString, Required: true, Help: "which files"},
				{Name: "token", Type: connectors.TypeString, Secret: true},
				{Name: "of", Type: connectors.TypeStream},
			}},
		},
		Streams: []connectors.Stream{{Name: "posts"}, {Name: "users"}},
		Buckets: []connectors.Bucket{{Name: "api", Limit: 60, Per: time.Minute}},
	}
	if typ == "files" {
		spec.Kinds, spec.EmailTrust = nil, ""
	}
	return spec, nil
}

func testOptions() LoadOptions {
	return LoadOptions{
		Types: []string{"discourse", "github", "files"},
		Spec:  testSpec,
		Getenv: func(name string) (string, bool) {
			text, ok := map[string]string{"KEY": secretText + "\n", "EMPTY": " ", "N": "7", "URL": "https://x.example"}[name]
			return text, ok
		},
		MemoryBytes: 8 << 30,
	}
}

const head = `data_dir = "data"
time_zone = "Europe/Berlin"
currency = "EUR"
privacy { identity_matching = "opt_in" }
`

func TestParse_readsEverySetting(t *testing.T) {
	cfg, err := Parse("/etc/rollcall/rollcall.hcl", []byte(head+`
fiscal_year_start = "April"
publish {
  keep = 5
  parquet = ["mart.person", "core.thread"]
}
log {
  level = "debug"
  format = "json"
}
memory { sync = "192MB" }
metrics {}
connector "discourse" "forum" {
  url        = "https://forum.example.com"
  api_key    = env("KEY")
  headers    = { Cookie = "a=${env("KEY")}" }
  page_size  = env("N")
  categories = ["a", "b"]
  schedule   = "0 6 * * *"
  kinds      = ["community", "helpdesk"]
  email_trust = "self"
  moved_from = "old"
  max_delete_share = 0.5
  stall_timeout = "90s"
  memory_limit = "1GiB"
  census_every = "2d"
  mapping "m1" {
    glob  = "*.csv"
    token = env("KEY")
    of    = "posts"
  }
  stream "users" {
    schedule = "@daily"
    enabled  = false
  }
  rate "api" {
    limit = 30
    per   = "1m"
  }
}
`), testOptions())
	require.NoError(t, err)
	require.Equal(t, "/etc/rollcall/data", cfg.DataDir)
	require.Equal(t, time.April, cfg.FiscalYearStart)
	require.Equal(t, Publish{PersonLevel: true, Keep: 5, Parquet: []string{"core.thread", "mart.person"}}, cfg.Publish)
	require.Equal(t, "192MB", cfg.Memory.Sync)
	require.Equal(t, "127.0.0.1:9464", cfg.Metrics.Listen)
	c, ok := cfg.Connector("forum")
	require.True(t, ok)
	require.JSONEq(t, `{"url":"https://forum.example.com","api_key":"`+secretText+`","headers":{"Cookie":"a=`+secretText+`"},"page_size":7,
		"private":false,"timeout":"30s","categories":["a","b"],"mapping":{"m1":{"glob":"*.csv","of":"posts","token":"`+secretText+`"}}}`, string(c.Settings))
	require.ElementsMatch(t, []string{secretText, "a=" + secretText, secretText}, c.Secrets)
	require.Equal(t, connectors.TrustSelf, c.EmailTrust)
	require.Len(t, c.Kinds, 2)
	require.Equal(t, Rate{Limit: 30, Per: time.Minute}, c.Rates["api"])
	require.False(t, c.Streams["users"].Enabled)
	require.Equal(t, []string{"posts"}, c.Named)
	require.EqualValues(t, 1<<30, c.MemoryLimit)
	require.Equal(t, 48*time.Hour, c.CensusEvery)
	require.Equal(t, "rollcall.hcl:17", c.DefRange)

	from := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, time.Date(2026, 6, 1, 4, 0, 0, 0, time.UTC), c.Schedule.Next(from).UTC(), "six in the morning in Berlin")
	require.Equal(t, time.Date(2026, 6, 1, 22, 0, 0, 0, time.UTC), c.Streams["users"].Schedule.Next(from).UTC(), "midnight in Berlin")
}

func TestParse_readsOnlyTheStreamsThatSettingsName(t *testing.T) {
	parse := func(settings string) (Connector, error) {
		cfg, err := Parse("rollcall.hcl", []byte(head+"connector \"discourse\" \"forum\" {\n  url = \"https://forum.example.com\"\n"+settings+"\n}\n"), testOptions())
		if err != nil {
			return Connector{}, err
		}
		c, _ := cfg.Connector("forum")
		return c, nil
	}
	c, err := parse("mapping \"a\" {\n glob = \"a\"\n of = \"users\"\n}\nmapping \"b\" {\n glob = \"b\"\n of = \"users\"\n}")
	require.NoError(t, err)
	require.Equal(t, []string{"users"}, c.Named)
	require.True(t, c.Reads("users"))
	require.False(t, c.Reads("posts"))

	c, err = parse("")
	require.NoError(t, err)
	require.False(t, c.Reads("posts"), "no block names it")

	_, err = parse("mapping \"a\" {\n glob = \"a\"\n of = \"post\"\n}")
	require.ErrorContains(t, err, "names the stream \"post\", which discourse does not have")
	require.ErrorContains(t, err, "rollcall.hcl line 5")

	require.True(t, Connector{}.Reads("anything"), "a connector without such settings reads all it has")
	require.False(t, Connector{Streams: map[string]Stream{"posts": {}}}.Reads("posts"), "switched off")
}

func TestParse_namesWhatIsWrong(t *testing.T) {
	forum := func(lines string) string {
		return head + "connector \"discourse\" \"forum\" {\n  url = \"https://x\"\n" + lines + "\n}\n"
	}
	cases := map[string]struct {
		src  string
		want []string // in one diagnostic's text
		line int
	}{
		"no privacy":         {`data_dir = "d"`, []string{"privacy", "no default"}, 1},
		"basis unknown":      {"data_dir = \"d\"\nprivacy { identity_matching = \"optin\" }", []string{`Did you mean "opt_in"?`}, 2},
		"basis missing":      {"data_dir = \"d\"\nprivacy {\n}", []string{"Missing identity_matching"}, 2},
		"no data_dir":        {`privacy { identity_matching = "opt_in" }`, []string{"Missing data_dir"}, 1},
		"zone":               {strings.Replace(head, "Berlin", "Berlim", 1), []string{`Did you mean "Europe/Berlin"?`}, 2},
		"local zone":         {strings.Replace(head, "Europe/Berlin", "Local", 1), []string{"Unknown time zone"}, 2},
		"currency":           {strings.Replace(head, "EUR", "EURO", 1), []string{"ISO 4217", `Did you mean "EUR"?`}, 3},
		"unknown top name":   {head + `curency = "EUR"`, []string{`no setting "curency"`, `Did you mean "currency"?`}, 5},
		"unknown block":      {head + `connectors "x" "y" {}`, []string{`Did you mean "connector"?`}, 5},
		"block as attribute": {head + `publish = true`, []string{"publish is a block"}, 5},
		"parquet table":      {head + `publish { parquet = ["kpi.value"] }`, []string{`"kpi.value" is no table of core or mart`}, 5},
		"parquet people":     {head + "publish {\n person_level = false\n parquet = [\"core.thread\"]\n}", []string{"no table of core or mart is published"}, 7},
		"fiscal year":        {head + `fiscal_year_start = 13`, []string{"1 to 12"}, 5},
		"unknown type":       {head + `connector "discorse" "f" {}`, []string{`Did you mean "discourse"?`}, 5},
		"bad name":           {head + `connector "discourse" "Forum!" { url = "x" }`, []string{"a-z, 0-9"}, 5},
		"duplicate name":     {head + "connector \"discourse\" \"f\" { url = \"x\" }\nconnector \"github\" \"f\" { url = \"x\" }", []string{"already a connector named \"f\" at line 5"}, 6},
		"missing setting":    {head + `connector "discourse" "f" {}`, []string{"Missing url", "the forum's address", "api_key, headers, page_size"}, 5},
		"null setting":       {head + `connector "discourse" "f" { url = null }`, []string{"Missing url"}, 5},
		"unknown setting":    {forum("  apikey = env(\"KEY\")"), []string{`Did you mean "api_key"?`, "Known are: url, api_key"}, 7},
		"mistyped":           {forum("  page_size = \"many\""), []string{"page_size must be a whole number"}, 7},
		"number for string":  {forum("  categories = [1]"), []string{"a list of strings"}, 7},
		"fraction":           {forum("  page_size = 1.5"), []string{"a whole number"}, 7},
		"bad duration":       {forum("  timeout = \"soon\""), []string{"a duration"}, 7},
		"literal secret":     {forum("  api_key = \"" + secretText + "\""), []string{"Secret written into the file", `api_key = env("NAME")`}, 7},
		"unset env":          {forum("  api_key = env(\"NOPE\")"), []string{"NOPE is not set"}, 7},
		"empty env":          {forum("  api_key = env(\"EMPTY\")"), []string{"EMPTY is empty"}, 7},
		"missing file":       {forum("  api_key = file(\"nope\")"), []string{"/etc/rollcall/nope: no such file"}, 7},
		"schedule":           {forum("  schedule = \"@dayly\""), []string{"no schedule", `Did you mean "@daily"?`}, 7},
		"schedule never":     {forum("  schedule = \"0 0 31 2 *\""), []string{"no such day"}, 7},
		"schedule zone":      {forum("  schedule = \"TZ=0\""), []string{"takes its zone from time_zone"}, 7},
		"stream":             {forum("  stream \"user\" {}"), []string{`no stream "user"`, `Did you mean "users"?`}, 7},
		"stream attribute":   {forum("  stream \"users\" {\n  enable = false\n}"), []string{`Did you mean "enabled"?`}, 8},
		"kind":               {forum("  kinds = [\"comunity\"]"), []string{`Did you mean "community"?`}, 7},
		"trust":              {forum("  email_trust = \"verifed\""), []string{`Did you mean "verified"?`}, 7},
		"bucket":             {forum("  rate \"app\" {\n limit = 1\n per = \"1m\"\n}"), []string{`Did you mean "api"?`}, 7},
		"rate incomplete":    {forum("  rate \"api\" {\n limit = 1\n}"), []string{"Missing per"}, 7},
		"share":              {forum("  max_delete_share = 2"), []string{"between 0 and 1"}, 7},
		"moved_from itself":  {forum("  moved_from = \"forum\""), []string{"earlier name"}, 7},
		"nested unknown":     {forum("  mapping \"m\" {\n    glob = \"x\"\n    globb = \"y\"\n  }"), []string{`Did you mean "glob"?`}, 9},
		"nested missing":     {forum("  mapping \"m\" {\n  }"), []string{"Missing glob", "which files"}, 7},
		"files needs kinds":  {head + "connector \"files\" \"f\" {\n  url = \"x\"\n}", []string{"Missing kinds", "Known are: community, crm"}, 5},
		"files needs trust":  {head + "connector \"files\" \"f\" {\n  url = \"x\"\n}", []string{"Missing email_trust"}, 5},
		"checksum":           {forum("  checksum = \"abc\""), []string{"64 hexadecimal digits"}, 7},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("/etc/rollcall/rollcall.hcl", []byte(c.src), testOptions())
			var found *Diagnostics
			require.ErrorAs(t, err, &found)
			for _, diag := range found.List() {
				text := diag.Summary + ": " + diag.Detail
				if diag.Line == c.line && containsAll(text, c.want) {
					return
				}
			}
			require.Failf(t, "no such diagnostic", "want line %d with %q in\n%s", c.line, c.want, err)
		})
	}
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

func TestParse_reportsAllFaultsAtOnce(t *testing.T) {
	_, err := Parse("/x/rollcall.hcl", []byte(`
time_zone = "Nowhere/Land"
currency  = "XYQ"
connector "discourse" "forum" {
  page_size = "many"
  schedule  = "sometimes"
  stream "nope" {}
}
`), testOptions())
	for _, want := range []string{"Missing data_dir", "Missing privacy", "Unknown time zone", "Unknown currency", "Missing url",
		"page_size must be", "Invalid schedule", "Unknown stream", "on /x/rollcall.hcl line 2"} {
		require.ErrorContains(t, err, want)
	}
}

func TestParse_neverShowsASecret(t *testing.T) {
	for name, line := range map[string]string{
		"literal":            `api_key = "` + secretText + `"`,
		"misspelt name":      `apikye = "` + secretText + `"`,
		"unquoted":           `api_key = ` + strings.ReplaceAll(secretText, "-", "_"),
		"unterminated":       `api_key = "` + secretText,
		"no equals":          `api_key "` + secretText + `"`,
		"no name":            `"` + secretText + `"`,
		"in a list":          `api_key = ["` + secretText + `"]`,
		"in a template":      `api_key = "${"` + secretText + `"}"`,
		"heredoc":            "api_key = <<EOT\n" + secretText + "\nEOT",
		"trailing comment":   `url = 1 # ` + secretText,
		"wrong type of env":  `page_size = env("KEY")`,
		"template of env":    `timeout = "${env("KEY")}"`,
		"env where no env":   `schedule = env("KEY")`,
		"colon":              `api_key: "` + secretText + `"`,
		"nested block":       "mapping \"m\" {\n token = \"" + secretText + "\"\n}",
		"unknown block":      "auth {\n password = \"" + secretText + "\"\n}",
		"conditional":        `api_key = true ? "` + secretText + `" : 1`,
		"host word as value": `kinds = ["community", api_key = "` + secretText + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			src := head + "connector \"discourse\" \"forum\" {\n  " + line + "\n}\n"
			_, err := Parse("/x/rollcall.hcl", []byte(src), testOptions())
			require.Error(t, err)
			text := err.Error()
			for _, diag := range err.(*Diagnostics).List() {
				text += diag.Summary + diag.Detail
			}
			require.NotContains(t, text, secretText)
			require.NotContains(t, text, strings.ReplaceAll(secretText, "-", "_"))
		})
	}
}

func TestParse_showsHarmlessLines(t *testing.T) {
	_, err := Parse("/x/rollcall.hcl", []byte(strings.Replace(head, "Berlin", "Berlim", 1)), testOptions())
	require.ErrorContains(t, err, `time_zone = "Europe/Berlim"`)
}

func TestLoad_readsSecretFilesBesideTheConfig(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "rollcall.hcl")
	src := head + "connector \"discourse\" \"forum\" {\n  url = \"https://x\"\n  api_key = file(\"key\")\n}\n"
	require.NoError(t, os.WriteFile(path, []byte(src), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "key"), []byte(secretText+"\n"), 0o644))
	var warnings []string
	opts := testOptions()
	opts.Warn = func(message string) { warnings = append(warnings, message) }
	cfg, err := Load(path, opts)
	require.NoError(t, err)
	require.Equal(t, []string{secretText}, cfg.Connectors[0].Secrets)
	require.Len(t, warnings, 1)
	require.Contains(t, warnings[0], "chmod 600")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "key"), []byte(" \n"), 0o600))
	_, err = Load(path, opts)
	require.ErrorContains(t, err, "key is empty")
}

func TestLoad_saysHowToGetAConfig(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.hcl"), testOptions())
	require.ErrorContains(t, err, "rollcall init")
}

func TestParse_survivesDeepNesting(t *testing.T) {
	for _, src := range []string{"a = " + strings.Repeat("(", 200_000), "a = " + strings.Repeat("!", 200_000) + "true", strings.Repeat("a {\n", 5_000)} {
		_, err := Parse("/x/rollcall.hcl", []byte(src), testOptions())
		require.Error(t, err)
	}
}

func TestMachineMemory_takesTheTightestLimit(t *testing.T) {
	files := map[string]string{"/proc/meminfo": "MemFree: 1 kB\nMemTotal: 8388608 kB\n", "/sys/fs/cgroup/memory.max": "1073741824\n"}
	read := func(path string) ([]byte, error) {
		if text, ok := files[path]; ok {
			return []byte(text), nil
		}
		return nil, os.ErrNotExist
	}
	require.EqualValues(t, 1<<30, machineMemory(read))
	files["/sys/fs/cgroup/memory.max"] = "max\n"
	require.EqualValues(t, 8<<30, machineMemory(read))
	files = nil
	require.EqualValues(t, 2<<30, machineMemory(read))
}

func TestDefaultMemory_leavesRoomForTheProcess(t *testing.T) {
	for _, total := range []int64{256 << 20, 512 << 20, 1 << 30, 8 << 30, 64 << 30} {
		m := defaultMemory(total)
		sync, err := ParseSize(m.Sync)
		require.NoError(t, err)
		build, err := ParseSize(m.Build)
		require.NoError(t, err)
		require.GreaterOrEqual(t, sync, int64(128e6))
		require.LessOrEqual(t, sync, int64(256e6))
		require.LessOrEqual(t, build, max(total/2, int64(128e6)))
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(head), "connector")
	f.Add([]byte(head+"connector \"discourse\" \"forum\" {\n  url = \"x\"\n  api_key = env(\"KEY\")\n  stream \"users\" { schedule = \"@daily\" }\n}\n"), "api_key")
	f.Add([]byte("a = <<EOT\n${env(\"KEY\")}\nEOT\n"), "schedule")
	f.Add([]byte("connector \"files\" \"x\" {\n mapping \"a\" {}\n}"), "@every 1h")
	f.Fuzz(func(t *testing.T, src []byte, word string) {
		if len(src) > 1<<16 {
			return
		}
		_, err := Parse("/x/rollcall.hcl", src, testOptions())
		if err != nil {
			require.NotContains(t, err.Error(), secretText)
		}
		if schedule, err := ParseSchedule(word, time.UTC); err == nil {
			from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			require.True(t, schedule.Next(from).After(from))
		}
		_, _ = ParseSize(word)
		_, _ = ParseDuration(word)
		NearMiss(word, []string{"connector", "currency"})
	})
}
