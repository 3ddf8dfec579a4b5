package sql_test

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	rollcallsql "rollcall/sql"
)

// neededBy says for every KPI of the two community families without which
// shapes and capabilities (marked by a leading !) it knows nothing. It stands
// here beside the files' own headers so that neither changes unnoticed.
func neededBy() map[string]string {
	const (
		written   = "thread thread_reply"
		accepted  = "thread answer !accept"
		voted     = "thread thread_reply community_event !helpful_votes"
		attended  = "community_gathering event_attendance !attendance"
		visited   = written + " !visits"
		flagged   = written + " moderation_action"
		joined    = written + " community_member"
		surveyed  = "survey survey_question survey_response"
		ofEvents  = surveyed + " community_gathering"
		ofMembers = surveyed + " community_member"
	)
	return map[string]string{
		"at_risk_member_share":                      written,
		"community_dau":                             written,
		"community_engagement_rate":                 joined,
		"community_mau":                             written,
		"community_mau_meaningful":                  written,
		"community_members_total":                   "community_member",
		"community_new_members":                     "community_member",
		"community_post_volume":                     written,
		"community_stickiness_dau_mau":              written,
		"community_wau":                             written,
		"contributor_lurker_ratio":                  visited,
		"contributor_rate":                          visited,
		"contributor_rate_registered":               joined,
		"engaged_members":                           written,
		"engaged_share_of_active":                   visited,
		"first_response_time_censored_median_hours": written,
		"first_response_time_mean_hours":            written,
		"first_response_time_median_hours":          written,
		"first_response_within_24h_rate":            written,
		"flag_rate_all":                             flagged,
		"flagged_content_rate":                      flagged,
		"member_retention_rate":                     joined,
		"member_retention_rate_activated":           joined,
		"moderation_response_time_median_hours":     flagged,
		"new_member_activation_rate":                joined,
		"new_member_first_action_rate":              joined,
		"returning_active_member_rate":              written,
		"returning_share_of_active":                 written,
		"unanswered_question_backlog":               written,
		"unanswered_question_rate":                  written,

		"accepted_solution_count":         accepted,
		"accepted_solution_rate":          accepted,
		"accepted_solution_rate_answered": accepted + " thread_reply",
		"content_save_rate":               "community_event content_view_daily !member_views",
		"event_attendees":                 attended,
		"event_participation_rate":        attended,
		"event_satisfaction_score":        ofEvents,
		"event_satisfaction_top2":         ofEvents,
		"event_walk_in_count":             attended,
		"helpful_vote_rate":               voted,
		"helpful_votes_per_reply":         voted,
		"meaningful_act_share":            written,
		"meaningful_engagement_rate":      written,
		"member_satisfaction_share":       ofMembers,
		"peer_response_share":             written,
		"repeat_participation_rate":       written,
		"research_participation_rate":     written + " !research",
		"thread_depth_mean":               written,
		"thread_depth_median":             written,
		"thread_participants_mean":        written,
		"training_engagement_rate":        "product_event !training",
	}
}

// everything fills each shape that one of the KPIs needs.
func everything(f *fixture) {
	people := crowd("p", 12)
	f.tells(line{"exposes_visits": true, "exposes_views": true, "supports_accept": true})
	f.joins("1 Jan", people...)
	f.visits("10 Mar", people...)
	f.question("Q", "p1", "2 Mar 10:00")
	answer := f.reply("Q", "p2", "2 Mar 12:00")
	f.accepted("Q", answer, "3 Mar")
	f.votes(answer, "like", "3 Mar", "p3")
	f.does("bookmark", "p4", "3 Mar", line{"content_id": answer})
	f.does("research_test", "p5", "3 Mar")
	f.flag(answer, "4 Mar", "5 Mar", "upheld")
	f.views(f.id("thread", "Q"), "2026-03-05", "member", 40)
	f.gathering("E", "10 Mar 18:00")
	f.register("E", "1 Mar", people...)
	f.come("E", "10 Mar 18:00", 60, "p6")
	f.gathering("R", "10 Mar 18:00", line{"kind": "research"})
	f.come("R", "10 Mar 18:00", 60, "p6")
	f.survey("rating", scale{min: 1, max: 5, kind: "event", aboutGathering: "E"})
	f.survey("useful", scale{min: 1, max: 5, kind: "community_sat"})
	for _, who := range people {
		f.answers("rating", who, "11 Mar", 4)
		f.answers("useful", who, "11 Mar", 4)
	}
	f.uses("export", "12 Mar", people)
	f.uses("lesson_opened", "12 Mar", people[:3])
}

// ways are what may be missing: a shape that no source fills, or, marked by !,
// something that the sources there are do not tell.
func ways() map[string]func(f *fixture) {
	all := map[string]func(f *fixture){
		"!visits": func(f *fixture) { f.lines["community"][0]["exposes_visits"] = false },
		"!attendance": func(f *fixture) {
			for _, gathering := range f.lines["community_gathering"] {
				gathering["reports_attendance"] = false
			}
		},
		"!member_views": func(f *fixture) {
			f.lines["community"][0]["exposes_views"] = false
			f.lines["content_view_daily"][0]["viewer_class"] = "anonymous"
		},
		"!accept": func(f *fixture) {
			f.lines["community"][0]["supports_accept"] = false
			f.lines["thread"][0]["is_solvable"] = nil
		},
		"!helpful_votes": func(f *fixture) { f.forget("reaction") },
		"!research": func(f *fixture) {
			f.forget("research_test")
			f.lines["community_gathering"][1]["kind"] = "webinar"
		},
	}
	for _, needs := range neededBy() {
		for _, name := range strings.Fields(needs) {
			if !strings.HasPrefix(name, "!") {
				all[name] = func(f *fixture) { delete(f.lines, name) }
			}
		}
	}
	return all
}

// forget leaves out all acts of one type.
func (f *fixture) forget(act string) {
	f.lines["community_event"] = slices.DeleteFunc(f.lines["community_event"], func(l line) bool { return l["event_type"] == act })
}

// sites puts ways together that no KPI needs two of: so one site shows each of
// them by KPIs of its own, and a handful of builds shows all. Acts and
// visits of gatherings stay apart: research is told by either of them.
func sites(ways []string) [][]string {
	var sites [][]string
	meet := func(a, b string) bool {
		if b == "community_event" && (a == "community_gathering" || a == "event_attendance") {
			return true
		}
		for _, needs := range neededBy() {
			if words := strings.Fields(needs); slices.Contains(words, a) && slices.Contains(words, b) {
				return true
			}
		}
		return false
	}
	for _, way := range ways {
		at := slices.IndexFunc(sites, func(site []string) bool {
			return !slices.ContainsFunc(site, func(other string) bool { return meet(way, other) })
		})
		if at < 0 {
			sites, at = append(sites, nil), len(sites)
		}
		sites[at] = append(sites[at], way)
	}
	return sites
}

// A KPI whose source is missing is not configured: it has no row, never a zero,
// and says what is missing. All others go on.
func TestKPIs_areNotConfiguredWithoutTheirSource(t *testing.T) {
	ids := map[string]bool{}
	for id := range neededBy() {
		ids[id] = true
	}
	require.ElementsMatch(t, communityKPIs(t), slices.Collect(maps.Keys(ids)), "neededBy names every KPI of the two families")
	ways := ways()
	ways["!training"] = func(*fixture) {} // which a site without its rules does not tell
	sites := append(sites(slices.Sorted(maps.Keys(ways))), nil)
	for _, without := range sites {
		t.Run("without "+strings.Join(without, " "), func(t *testing.T) {
			f := newFixture(t)
			everything(f)
			rules := training
			for _, way := range without {
				ways[way](f)
				if way == "!training" {
					rules = ""
				}
			}
			s := buildSite(t, f, rules, ids)
			for id, needs := range neededBy() {
				s.checkConfigured(t, id, strings.Fields(needs), without)
			}
		})
	}
}

// checkConfigured expects a KPI to be computed unless it needs something that is
// missing.
func (s *site) checkConfigured(t *testing.T, id string, needs, without []string) {
	t.Helper()
	status, missing := s.dictionary(t, id)
	at := slices.IndexFunc(needs, func(need string) bool { return slices.Contains(without, need) })
	if at < 0 {
		require.NotEqual(t, "not_configured", status, "%s: %s", id, missing)
		return
	}
	require.Equal(t, "not_configured", status, id)
	require.Zero(t, s.count(t, "select count(*) from marts.kpi.value where kpi_id = ?", id), "%s has rows", id)
	require.NotEmpty(t, missing, id)
	if !slices.ContainsFunc(needs, func(need string) bool { return strings.HasPrefix(need, "!") }) {
		require.Contains(t, missing, needs[at], id)
	}
}

// communityKPIs are the ids of the families health and engagement_quality.
func communityKPIs(t *testing.T) (ids []string) {
	t.Helper()
	for _, family := range []string{"health", "engagement_quality"} {
		found, err := fs.Glob(rollcallsql.FS, "kpi/"+family+"/*.sql")
		require.NoError(t, err)
		for _, file := range found {
			ids = append(ids, strings.TrimSuffix(path.Base(file), ".sql"))
		}
	}
	return ids
}
