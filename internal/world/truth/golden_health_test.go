package truth_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"rollcall/internal/world"
)

// crowd names n people.
func crowd(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint(prefix, i)
	}
	return names
}

func TestCompute_countsMembers(t *testing.T) {
	s := newTale(t)
	s.joins("5 Jan", "a", "b", "c", "left", "bot", "staff")
	s.holds(world.RoleBot, "bot")
	s.holds(world.RoleStaff, "staff")
	s.tell(world.Event{At: s.at("10 Feb"), Kind: world.LoginGone, Login: s.login("left")})
	f := s.truth("1 Jun")
	f.is("community_members_total", time.January, 4)
	f.is("community_members_total", time.February, 3)
}

func TestCompute_countsFirstJoinsByLocalDate(t *testing.T) {
	s := newTale(t)
	s.w.Communities = append(s.w.Communities, world.Community{Source: world.Lab})
	s.joins("3 Feb", "a")
	s.joins("28 Feb 23:30", "b") // 1 March in Berlin
	s.joins("10 Jan", "c")
	lab := s.loginAt(world.Lab, "c")
	s.tell(world.Event{At: s.at("9 Feb"), Kind: world.LoginMade, Login: lab})
	s.agrees(s.login("c"), lab)
	f := s.truth("1 Jun")
	f.is("community_new_members", time.February, 1)
	f.is("community_new_members", time.March, 1)
	f.is("community_new_members", time.March, 1, "community", "discourse:forum")
	f.is("community_members_total", time.March, 3)
	f.is("community_members_total", time.March, 1, "community", "discourse:lab")
}

func TestCompute_keepsLoginsApartWithoutConsent(t *testing.T) {
	s := newTale(t)
	s.w.Communities = append(s.w.Communities, world.Community{Source: world.Lab})
	s.joins("10 Jan", "c")
	lab := s.loginAt(world.Lab, "c")
	s.tell(world.Event{At: s.at("9 Feb"), Kind: world.LoginMade, Login: lab})
	s.agrees(s.login("c"))
	s.truth("1 Jun").is("community_new_members", time.February, 1)
	s.agrees(lab)
	s.truth("1 Jun").is("community_new_members", time.February, 0)
	s.tell(world.Event{At: s.at("2 Feb"), Kind: world.ConsentSaid, Login: lab, Detail: uint8(world.Withdrawn)})
	s.truth("1 Jun").is("community_new_members", time.February, 1)
}

func TestCompute_countsTheActive(t *testing.T) {
	s := newTale(t)
	s.holds(world.RoleStaff, "staff")
	s.holds(world.RoleBot, "bot")
	s.visits("5 Feb", "m1", "m1", "m2", "bot", "bot", "staff")
	s.visits("6 Feb", "m1")
	f := s.truth("1 Jun")
	f.is("community_dau", time.March, 0)
	f.is("community_mau", time.February, 2)
	f.is("community_mau", time.February, 2, "engagement_level", "lurker")
	f.is("community_dau", time.February, 3./24) // known from the fifth on
}

func TestCompute_rollsThirtyDays(t *testing.T) {
	s := newTale(t)
	s.visits("2 Feb", crowd("m", 100)[30:]...)
	s.visits("27 Feb", crowd("m", 30)...)
	s.visits("1 Mar", crowd("m", 10)...)
	s.visits("2 Mar", crowd("m", 20)...)
	s.visits("3 Mar", append(crowd("new", 20), crowd("m", 10)...)...)
	s.truth("4 Mar").is("community_stickiness_dau_mau", time.March, (.1+.2+.25)/3)
}

func TestCompute_countsCalendarMonthsApart(t *testing.T) {
	s := newTale(t)
	s.visits("1 Jan", "a")
	s.visits("30 Jan", "a")
	s.visits("15 Jan", "b")
	s.visits("10 Feb", "c")
	f := s.truth("1 Jun")
	f.is("community_mau", time.January, 2)
	f.is("community_mau", time.February, 1)
}

func TestCompute_activatesNewMembersInTheirWindow(t *testing.T) {
	s := newTale(t)
	s.joins("2 Feb 10:00", crowd("n", 5)...)
	s.opens("a", "n0", "3 Feb 10:00", talk)
	s.opens("b", "n1", "16 Feb 09:00", talk)
	s.opens("c", "n2", "16 Feb 10:00", talk) // exactly 14 days
	s.replies("a", "n3", "4 Feb")            // an act, and not a meaningful one
	s.opens("e", "n4", "5 Feb 10:00", talk)
	f := s.truth("1 Jun")
	f.is("new_member_activation_rate", time.February, 0.6)
	f.is("new_member_first_action_rate", time.February, 0.8)
	f.is("new_member_activation_rate", time.February, 0.4, "window_days", "7")
	f.is("new_member_activation_rate", time.February, 0.8, "window_days", "30")
}

func TestCompute_sharesContributorsAndEngaged(t *testing.T) {
	s := newTale(t)
	s.holds(world.RoleStaff, "host")
	s.joins("2 Jan", crowd("m", 500)...)
	s.visits("5 Feb", crowd("m", 200)...)
	post := s.opens("x", "host", "5 Feb", talk)
	for _, name := range crowd("m", 30) {
		s.replies("x", name, "5 Feb")
	}
	s.likes(post, "6 Feb", crowd("m", 45)[30:]...)
	f := s.truth("1 Jun")
	f.is("contributor_rate", time.February, 0.15)
	f.is("contributor_lurker_ratio", time.February, 0.176471)
	f.is("contributor_rate_registered", time.February, 0.06)
	f.is("community_engagement_rate", time.February, 0.09)
	f.is("engaged_share_of_active", time.February, 0.225)
	f.is("engaged_members", time.February, 45)
}

func TestCompute_doesNotKnowLurkersBesideARepository(t *testing.T) {
	s := newTale(t)
	s.w.Communities = append(s.w.Communities, world.Community{Source: world.GitHub, ID: 7})
	s.visits("5 Feb", "a", "b")
	s.opens("x", "c", "5 Feb", talk)
	f := s.truth("1 Jun")
	f.is("community_mau", time.February, 1)
	for _, kpi := range []string{"contributor_rate", "contributor_lurker_ratio", "engaged_share_of_active", "content_save_rate"} {
		if _, ok := f.value(kpi, time.February); ok || !slices.Contains(f.NotConfigured, kpi) {
			t.Error(kpi, "should not be configured")
		}
	}
}

func TestCompute_followsCohorts(t *testing.T) {
	s := newTale(t)
	s.joins("10 Jan", crowd("m", 40)...)
	for i, name := range crowd("m", 24) {
		s.opens(fmt.Sprint("hello", i), name, "11 Jan", talk)
	}
	s.visits("12 Feb", crowd("m", 12)...)
	s.visits("12 Mar", crowd("m", 9)...)
	s.visits("12 Apr", crowd("m", 9)...)
	f := s.truth("2 May")
	f.is("member_retention_rate", time.January, 0.3)
	f.is("member_retention_rate", time.January, 0.225, "k", "3")
	f.is("member_retention_rate_activated", time.January, 0.5)
	if _, ok := s.truth("20 Feb").value("member_retention_rate", time.January); ok {
		t.Error("February is not over")
	}
}

func TestCompute_comparesWithTheMonthBefore(t *testing.T) {
	s := newTale(t)
	s.visits("5 Jan", "a", "b", "c", "d")
	s.visits("5 Feb", "b", "c", "e")
	f := s.truth("1 Jun")
	f.is("returning_active_member_rate", time.February, 0.5)
	f.is("returning_share_of_active", time.February, 2./3)
}

func TestCompute_countsFlags(t *testing.T) {
	s := newTale(t)
	var posts []world.PostID
	for i, name := range crowd("m", 400) {
		posts = append(posts, s.opens(fmt.Sprint(i), name, "5 Feb", talk))
	}
	for i, post := range posts[:10] {
		s.does(world.Flagged, "watcher", "6 Feb 10:00", post)
		s.does(world.Flagged, "other", "6 Feb 11:00", post)
		outcome := world.Rejected
		if i < 6 {
			outcome = world.Upheld
			s.does(world.Removed, "watcher", "7 Feb", post)
		}
		if at := []string{"6 Feb 11:00", "6 Feb 13:00", "6 Feb 18:00"}[i%3]; i < 9 {
			s.tell(world.Event{At: s.at(at), Kind: world.FlagJudged, Login: s.login("mod"), Object: int32(post), Detail: uint8(outcome)})
		}
	}
	f := s.truth("1 Jun")
	f.is("flagged_content_rate", time.February, 0.015)
	f.is("flag_rate_all", time.February, 0.025)
	f.is("moderation_response_time_median_hours", time.February, 3)
}

func TestCompute_findsWhoHasGoneQuiet(t *testing.T) {
	s := newTale(t)
	// May ends the 120 days from 1 February on; its quiet ones begin on the 2nd.
	s.joins("2 Jan", crowd("m", 12)...)
	s.visits("3 Feb", crowd("m", 10)...)
	s.visits("1 May 12:00", crowd("m", 10)...)
	s.visits("1 May 12:00", "m10") // one day is no habit
	s.visits("2 May 12:00", crowd("m", 6)...)
	s.truth("1 Jun").is("at_risk_member_share", time.May, 0.4)
}
