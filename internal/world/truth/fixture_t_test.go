package truth_test

import (
	"math"
	"testing"
	"time"

	"rollcall/internal/world"
)

// fixtureT is the catalogue's fixture of threads (§10). s1 is staff and b1 a
// bot; T5 is a discussion, all else questions.
func fixtureT(t *testing.T) *tale {
	s := newTale(t)
	s.holds(world.RoleStaff, "s1")
	s.holds(world.RoleBot, "b1")
	s.opens("T1", "m1", "2 Feb 10:00", help)
	s.replies("T1", "b1", "2 Feb 10:01")
	s.replies("T1", "m1", "2 Feb 10:30")
	t1 := s.replies("T1", "m2", "2 Feb 12:00")
	s.opens("T2", "m3", "3 Feb 09:00", help)
	t2 := s.replies("T2", "s1", "3 Feb 10:00")
	s.replies("T2", "m3", "3 Feb 10:20")
	s.replies("T2", "s1", "3 Feb 11:00")
	s.opens("T3", "m4", "4 Feb 08:00", help)
	s.opens("T4", "m5", "5 Feb 00:00", help)
	t4 := s.replies("T4", "m2", "7 Feb 00:00")
	s.opens("T5", "m2", "6 Feb 12:00", talk)
	s.replies("T5", "m6", "6 Feb 13:00")
	s.opens("T6", "s1", "6 Feb 12:00", help)
	s.replies("T6", "m2", "6 Feb 12:30")
	s.likes(t1, "3 Feb", "m1", "m3", "m4", "m2", "b1") // its author's and a bot's are none
	s.likes(t2, "3 Feb", "m3")
	s.likes(t4, "8 Feb", "m5", "m1")
	s.does(world.Accepted, "m1", "2 Feb 13:00", t1)
	s.does(world.Accepted, "m5", "8 Feb", t4)
	return s
}

func TestCompute_givesTheValuesOfFixtureT(t *testing.T) {
	f := fixtureT(t).truth("1 Jun")
	for kpi, want := range map[string]float64{
		"first_response_time_median_hours":          2,
		"first_response_time_mean_hours":            17,
		"first_response_time_censored_median_hours": 25,
		"first_response_within_24h_rate":            0.5,
		"unanswered_question_rate":                  0.25,
		"unanswered_question_backlog":               1,
		"accepted_solution_rate":                    0.5,
		"accepted_solution_rate_answered":           2. / 3,
		"accepted_solution_count":                   2,
		"peer_response_share":                       2. / 3,
		"thread_depth_mean":                         1.4,
		"thread_depth_median":                       1,
		"thread_participants_mean":                  1.8,
		"helpful_vote_rate":                         0.5,
		"helpful_votes_per_reply":                   1.25,
		"community_post_volume":                     11,
	} {
		f.is(kpi, time.February, want)
	}
	f.is("unanswered_question_backlog", time.March, 1)
	f.is("thread_depth_mean", time.February, 1, "thread_kind", "discussion")
	f.is("unanswered_question_rate", time.March, math.NaN())
	f.is("community_post_volume", time.March, 0)
}

func TestCompute_takesRemovedContentOutOfThePast(t *testing.T) {
	s := fixtureT(t)
	s.does(world.Removed, "m4", "1 May", 8)  // T3 itself
	s.does(world.Removed, "m2", "1 May", 10) // the only answer to T4
	f := s.truth("1 Jun")
	f.is("unanswered_question_rate", time.February, 1./3)
	f.is("accepted_solution_rate", time.February, 1./3)
	f.is("community_post_volume", time.February, 9)
	s.truth("1 Apr").is("community_post_volume", time.February, 11)
}

func TestCompute_closesWindowsHalfOpen(t *testing.T) {
	s := newTale(t)
	s.opens("Q1", "a", "2 Feb 00:00", help)
	s.replies("Q1", "b", "8 Feb 23:59:59")
	s.opens("Q2", "a", "2 Feb 00:00", help)
	s.does(world.Accepted, "a", "16 Feb 00:00", s.replies("Q2", "b", "9 Feb 00:00"))
	s.opens("Q3", "a", "2 Feb 00:00", help)
	s.does(world.Accepted, "a", "15 Feb 23:59:59", s.replies("Q3", "b", "3 Feb 00:00"))
	f := s.truth("1 Jun")
	f.is("unanswered_question_rate", time.February, 1./3)
	f.is("first_response_within_24h_rate", time.February, 1./3) // at most 24 hours, the catalogue says
	f.is("accepted_solution_rate", time.February, 1./3)
	f.is("accepted_solution_count", time.February, 2)
}

func TestCompute_countsAnAcceptanceThatStandsOnce(t *testing.T) {
	s := newTale(t)
	s.opens("Q", "a", "2 Feb", help)
	first, second := s.replies("Q", "b", "3 Feb"), s.replies("Q", "c", "4 Feb")
	s.does(world.Accepted, "a", "5 Feb", first)
	s.does(world.Unaccepted, "a", "6 Feb", first)
	s.truth("7 Feb").is("accepted_solution_rate", time.February, 0)
	s.does(world.Accepted, "a", "1 Mar", second)
	f := s.truth("1 Jun")
	f.is("accepted_solution_rate", time.February, 0)
	f.is("accepted_solution_count", time.February, 0)
	f.is("accepted_solution_count", time.March, 1)
}

func TestCompute_takesTheRoleAtTheTimeOfTheAct(t *testing.T) {
	s := newTale(t)
	s.opens("Q1", "a", "2 Feb", help)
	s.replies("Q1", "turncoat", "2 Feb 01:00")
	s.opens("Q2", "a", "2 Mar", help)
	s.replies("Q2", "turncoat", "2 Mar 01:00")
	s.tell(world.Event{At: s.at("15 Feb"), Kind: world.RoleGiven, Login: s.login("turncoat"), Detail: uint8(world.RoleModerator)})
	f := s.truth("1 Jun")
	f.is("peer_response_share", time.February, 1)
	f.is("peer_response_share", time.March, 0)
	f.is("community_post_volume", time.February, 2)
	f.is("community_post_volume", time.March, 1)
}

func TestCompute_takesNoReplyAtTheQuestionsOwnMomentForAnAnswer(t *testing.T) {
	s := newTale(t)
	s.opens("Q", "a", "2 Feb 10:00", help)
	s.replies("Q", "b", "2 Feb 10:00") // imported
	s.truth("1 Jun").is("unanswered_question_rate", time.February, 1)
}

func TestCompute_leavesOutTestAccountsAndTheCompanysOwn(t *testing.T) {
	s := newTale(t)
	s.opens("Q", "a", "2 Feb 10:00", help)
	for _, stranger := range []struct {
		name string
		kind world.PersonKind
	}{{"tester", world.Test}, {"colleague", world.Staff}} {
		s.w.People[s.w.Logins[s.login(stranger.name)].Person].Kind = stranger.kind
	}
	s.replies("Q", "tester", "2 Feb 11:00")
	s.replies("Q", "colleague", "2 Feb 12:00")
	f := s.truth("1 Jun")
	f.is("community_post_volume", time.February, 1)
	f.is("first_response_time_median_hours", time.February, 2)
	f.is("thread_depth_mean", time.February, 1)
}
