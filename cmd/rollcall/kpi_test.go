package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
)

// explainable finds a whole month of a KPI in what `kpi show` says.
func (s *site) explainable(id string) string {
	s.t.Helper()
	month := s.query("select max(strftime(period_start, '%Y-%m')) from kpi.value where kpi_id = '" + id + "' and grain = 'month' and segment_type = 'all' and not is_partial")
	require.Len(s.t, month, len("2026-02"))
	return month
}

// The commands give the same with a daemon as without one.
func TestKPI_worksBesideADaemonAndWithout(t *testing.T) {
	newSite(t, head).fails(exitInternal, "nothing was built yet: run `rollcall build` first", "kpi", "list")
	s := builtSite(t, "")
	month := s.explainable("unanswered_question_rate")
	commands := [][]string{
		{"kpi", "list"}, {"kpi", "list", "--json"}, {"kpi", "show", "community_mau"}, {"kpi", "show", "community_mau", "--json"},
		{"kpi", "explain", "unanswered_question_rate", "--period", month, "--rows", "--limit", "5"},
		{"kpi", "explain", "unanswered_question_rate", "--period", month, "--segment", "community=discourse:forum", "--json"},
	}
	var alone []string
	for _, args := range commands {
		alone = append(alone, s.ok(args...))
	}
	d := s.start()
	d.await("published") // its first build, so that both ways see a build that stays
	for i, args := range commands {
		require.Equal(t, withoutBuild(t, alone[i]), withoutBuild(t, s.ok(args...)), args)
	}
	s.kpiUsageErrors(month)
	d.stop()
	s.kpiUsageErrors(month)
}

// withoutBuild leaves out what differs between two builds of the same.
func withoutBuild(t *testing.T, text string) string {
	t.Helper()
	var kept []string
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "build") && !strings.Contains(line, "computed_at") {
			kept = append(kept, line)
		}
	}
	require.NotEmpty(t, kept)
	return strings.Join(kept, "")
}

func (s *site) kpiUsageErrors(month string) {
	s.t.Helper()
	for _, c := range []struct {
		message string
		args    []string
	}{
		{"community_mau, ", []string{"kpi", "show", "comunity_mau"}},
		{"there are: week, month, quarter", []string{"kpi", "explain", "unanswered_question_rate", "--period", month + "-05"}},
		{"write 2026-02-05, 2026-W06, 2026-02, 2026-Q1", []string{"kpi", "explain", "community_mau", "--period", "February"}},
		{"; there are: discourse:forum", []string{"kpi", "explain", "community_mau", "--period", month, "--segment", "community=forum"}},
		{"there are: community", []string{"kpi", "explain", "community_mau", "--period", month, "--segment", "comunity=forum"}},
		{"TYPE=VALUE", []string{"kpi", "explain", "community_mau", "--period", month, "--segment", "community"}},
		{"--period is missing", []string{"kpi", "explain", "community_mau"}},
		{`did you mean "explain"`, []string{"kpi", "explian"}},
	} {
		s.fails(exitUsage, c.message, c.args...)
	}
}

func TestKPI_listSaysWhichSourceIsMissing(t *testing.T) {
	s := newSite(t, head)
	s.ok("run", "--once")
	var list []transforms.KPISummary
	require.NoError(t, json.Unmarshal([]byte(s.ok("kpi", "list", "--json")), &list))
	require.NotEmpty(t, list)
	for _, kpi := range list {
		require.Equal(t, "not_configured", kpi.Status, kpi.ID)
		require.NotEmpty(t, kpi.Missing, kpi.ID)
	}
	require.Contains(t, s.ok("kpi", "list"), "not_configured: no thread: no configured community source has it")
	require.Contains(t, s.ok("kpi", "show", "community_mau"), "missing:      no thread: no configured community source has it")
	require.Equal(t, "0", s.query("select count(*) from kpi.value"))
}
