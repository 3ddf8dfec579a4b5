package truth_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world"
	"rollcall/internal/world/truth"
)

func TestCompute_countsWhoCame(t *testing.T) {
	s := newTale(t)
	s.holds(world.RoleStaff, "staff")
	s.holdsGathering("webinar", "10 Feb 16:00")
	s.registers(world.Registered, "1 Feb", crowd("r", 50)...)
	s.registers(world.Registered, "1 Feb", "staff")
	s.registers(world.Unregistered, "9 Feb", crowd("r", 50)[45:]...)
	s.registers(world.Unregistered, "11 Feb", "r0") // too late to count
	s.comes(40, crowd("r", 24)...)
	s.comes(4, "r24", "r25")
	s.comes(6, "r24") // ten minutes in two visits
	s.comes(20, "walk-in", "another", "staff")
	f := s.truth("1 Jun")
	f.is("event_participation_rate", time.February, 25./45)
	f.is("event_participation_rate", time.February, 25./45, "event_series", "Hour")
	f.is("event_attendees", time.February, 27)
	f.is("event_walk_in_count", time.February, 2)
}

func TestCompute_leavesOutEventsCalledOff(t *testing.T) {
	s := newTale(t)
	s.holdsGathering("webinar", "10 Feb 16:00")
	s.registers(world.Registered, "1 Feb", "a")
	s.tell(world.Event{At: s.at("8 Feb"), Kind: world.GatheringCalledOff, Login: world.None, Object: 0})
	s.truth("1 Jun").is("event_participation_rate", time.February, math.NaN())
}

func TestCompute_seesRepetitionByWeeks(t *testing.T) {
	s := newTale(t)
	post := s.opens("x", "host", "1 Jan", talk)
	for i, name := range crowd("m", 10) {
		s.replies("x", name, "3 Feb")
		s.replies("x", name, "5 Feb") // the same week
		if i < 4 {
			s.likes(post, "10 Feb", name)
		}
		s.visits("20 Feb", name) // no participation
	}
	s.truth("1 Jun").is("repeat_participation_rate", time.February, 0.4)
}

func TestCompute_clipsWeeksToTheMonth(t *testing.T) {
	s := newTale(t)
	s.opens("x", "a", "26 Feb", talk)
	s.opens("y", "a", "1 Mar", talk) // a Sunday: of the same week
	s.opens("z", "a", "2 Mar", talk)
	f := s.truth("1 Jun")
	f.is("repeat_participation_rate", time.February, 0)
	f.is("repeat_participation_rate", time.March, 1)
}

func TestCompute_tellsWhatIsMeaningful(t *testing.T) {
	s := newTale(t)
	s.visits("5 Feb", crowd("m", 200)...)
	s.holds(world.RoleStaff, "host")
	opening := s.opens("x", "host", "5 Feb", talk)
	for i, name := range crowd("m", 24) {
		s.opens(fmt.Sprint(i), name, "5 Feb", talk)
	}
	for i := range 36 {
		name := fmt.Sprint("m", i%24)
		s.opens(fmt.Sprint("more", i), name, "6 Feb", talk)
	}
	for i, name := range crowd("m", 200) {
		if i < 120 {
			s.likes(opening, "7 Feb", name)
		} else {
			s.replies("x", name, "7 Feb")
		}
	}
	for _, name := range crowd("m", 40) {
		s.replies("x", name, "8 Feb")
	}
	f := s.truth("1 Jun")
	f.is("meaningful_engagement_rate", time.February, 0.12)
	f.is("community_mau_meaningful", time.February, 24)
	f.is("meaningful_act_share", time.February, 0.2)
}

func TestCompute_gradesByTheTextThatStands(t *testing.T) {
	s := newTale(t)
	post := s.opens("x", "a", "5 Feb", talk)
	s.tell(world.Event{At: s.at("9 Feb"), Kind: world.Edited, Login: s.login("a"), Object: int32(post), Amount: 79})
	f := s.truth("1 Jun")
	f.is("meaningful_act_share", time.February, 0)
	f.is("community_post_volume", time.February, 1)
}

func TestCompute_countsHelpfulVotesThatStandAndCameInTime(t *testing.T) {
	s := newTale(t)
	s.opens("x", "host", "5 Feb", talk)
	early, late, taken := s.replies("x", "a", "5 Feb 12:00"), s.replies("x", "b", "5 Feb 12:00"), s.replies("x", "c", "5 Feb 12:00")
	s.likes(early, "19 Feb 11:59", "v")
	s.likes(late, "19 Feb 12:00", "v")
	s.likes(taken, "6 Feb", "v")
	s.does(world.Unreacted, "v", "7 Feb", taken)
	f := s.truth("1 Jun")
	f.is("helpful_vote_rate", time.February, 1./3)
	f.is("community_mau_meaningful", time.February, 2) // host's thread and the early reply
}

func TestCompute_averagesRatings(t *testing.T) {
	s := newTale(t)
	s.holdsGathering("webinar", "10 Feb 16:00")
	s.registers(world.Registered, "1 Feb", "a", "b", "c", "d", "absent")
	s.comes(30, "a", "b", "c", "d")
	survey := s.asks("event", s.gathering)
	s.answers(survey, "a", "11 Feb", 1)
	s.answers(survey, "a", "12 Feb", 5) // the last one counts
	s.answers(survey, "b", "11 Feb", 4)
	s.answers(survey, "c", "11 Feb", 4)
	s.answers(survey, "d", "11 Feb", 2)
	s.answers(survey, "absent", "11 Feb", 1)
	s.answers(survey, "late", "24 Feb 17:00", 1)
	f := s.truth("1 Jun")
	f.is("event_satisfaction_score", time.February, 3.75)
	f.is("event_satisfaction_score", time.February, 3.75, "event_series", "Hour")
	f.is("event_satisfaction_top2", time.February, 0.75)
}

func TestCompute_sharesSatisfiedMembers(t *testing.T) {
	s := newTale(t)
	s.joins("2 Jan", crowd("m", 40)...)
	survey := s.asks("community_sat", world.None)
	for i, name := range crowd("m", 40) {
		score := int8(4) // (4-1)*3 >= 2*(5-1)
		if i >= 30 {
			score = 3
		}
		s.answers(survey, name, "5 Feb", score)
	}
	s.answers(survey, "stranger", "5 Feb", 5)
	f := s.truth("1 Jun")
	f.is("member_satisfaction_share", time.February, 0.75)
	f.is("member_satisfaction_share", time.February, 0.75, "survey_mode", "relationship")
}

func TestCompute_turnsScalesRound(t *testing.T) {
	s := newTale(t)
	s.joins("2 Jan", "a", "b")
	survey := s.asks("community_sat", world.None)
	s.w.Questions[0] = world.Question{Min: 1, Max: 7, HigherIsBetter: false}
	s.answers(survey, "a", "5 Feb", 3) // 5 of 7 from the other end
	s.answers(survey, "b", "5 Feb", 4)
	s.truth("1 Jun").is("member_satisfaction_share", time.February, 0.5)
}

func TestCompute_countsTrainingAndResearch(t *testing.T) {
	s := newTale(t)
	training, plain := -1, -1
	for i, e := range world.ProductEvents() {
		switch {
		case e.IsTraining:
			training = i
		case e.Feature != "":
			plain = i
		}
	}
	for i, name := range crowd("u", 240) {
		s.tell(world.Event{At: s.at("5 Feb"), Kind: world.Used, Login: s.loginAt(world.Product, name), Detail: uint8(plain)})
		if i < 36 {
			s.tell(world.Event{At: s.at("6 Feb"), Kind: world.Used, Login: s.loginAt(world.Product, name), Detail: uint8(training)})
		}
	}
	s.visits("5 Feb", crowd("m", 200)...)
	s.holdsGathering("research", "10 Feb 16:00")
	s.registers(world.Registered, "1 Feb", crowd("m", 50)...)
	s.comes(30, crowd("m", 6)...)
	f := s.truth("1 Jun")
	f.is("training_engagement_rate", time.February, 0.15)
	f.is("research_participation_rate", time.February, 0.03)
}

func TestComputeRead_datesAcceptancesByTheLookThatShowsThem(t *testing.T) {
	s := newTale(t)
	s.opens("old", "a", "2 Jan", help)
	s.does(world.Accepted, "a", "3 Jan", s.replies("old", "b", "3 Jan"))
	s.opens("new", "a", "2 Feb", help)
	s.does(world.Accepted, "a", "3 Feb", s.replies("new", "b", "3 Feb"))
	s.opens("late", "a", "2 Feb", help)
	s.does(world.Accepted, "a", "12 Feb", s.replies("late", "b", "3 Feb"))
	s.truth("1 Jun")
	look := func(days ...string) truth.Reading {
		var r truth.Reading
		for _, day := range days {
			r.Looks = append(r.Looks, s.at(day).Time())
		}
		return r
	}
	f := found{t, truth.ComputeRead(s.w, s.at("1 Jun").Time(), look("1 Feb", "10 Feb", "20 Feb", "1 Jun"))}
	f.is("accepted_solution_rate", time.January, math.NaN())
	f.is("accepted_solution_rate", time.February, 0.5)
	f.is("accepted_solution_count", time.February, 2)
	f.is("accepted_solution_count", time.January, 0)
	f = found{t, truth.ComputeRead(s.w, s.at("1 Jun").Time(), look("1 Jun"))}
	f.is("accepted_solution_rate", time.February, math.NaN())
	require.NotEmpty(t, f.Gaps)
}

func TestCompute_countsConsentUntilItIsWithdrawn(t *testing.T) {
	s := newTale(t)
	names := crowd("m", 1000)
	s.joins("5 Jan", names...)
	for _, name := range names[:800] {
		s.agrees(s.login(name))
	}
	s.tell(world.Event{At: s.at("5 Mar"), Kind: world.ConsentSaid, Login: s.login("m0"), Detail: uint8(world.Withdrawn)})
	f := s.truth("1 Jun")
	f.is("consent_coverage_rate", time.February, 0.8)
	f.is("consent_coverage_rate", time.March, 0.799)
}
