package sql_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHealth_members(t *testing.T) {
	checkGoldens(t, "", []golden{{
		name: "6 joined, 1 left, 1 bot, 1 staff",
		given: func(f *fixture) {
			f.covers("1 Jan", "2 Sep 11:00")
			f.staff("staff")
			f.bots("bot")
			f.joins("5 Jan", "a", "b", "c", "staff", "bot")
			f.joined("gone", "5 Jan", line{"left_at": f.at("10 Feb")})
		},
		want: []want{
			is("community_members_total", "2026-02", 3).n(3),
			is("community_members_total", "2026-01", 4),
			is("community_members_total", "2026-02-09", 4),
			is("community_members_total", "2026-02-10", 3),
			is("community_members_total", "2026-01-04", 0),
		},
	}})
}

func TestHealth_membersOfTwoCommunities(t *testing.T) {
	checkGoldens(t, "", []golden{{
		name: "six people in both count once, and once in each; who is suspended from the start is not counted",
		given: func(f *fixture) {
			f.joins("5 Jan", crowd("m", 6)...)
			f.in("second").joins("5 Feb", crowd("m", 6)...)
			f.in("second").joined("barred", "5 Feb", line{"is_suspended": true, "suspended_at": f.at("5 Feb")})
		},
		want: []want{
			is("community_members_total", "2026-01", 6),
			is("community_members_total", "2026-02", 6).n(6),
			is("community_members_total", "2026-02", 6).in("community", "forum:main"),
			is("community_members_total", "2026-02", 6).in("community", "forum:second"),
			is("community_new_members", "2026-02", 1),
		},
	}})
}

// A suspension ends or pauses the membership and leaves what was before it.
func TestHealth_suspendedMembers(t *testing.T) {
	s := checkGoldens(t, "", []golden{{
		name: "suspended for good, for a while, over, lifted, and by one of two logins",
		given: func(f *fixture) {
			f.covers("1 Jan", "2 Sep 11:00")
			f.joins("5 Jan", "m", "twice")
			f.joined("for good", "5 Jan", line{"is_suspended": true, "suspended_at": f.at("10 Mar 08:00")})
			f.joined("a while", "5 Jan", line{"is_suspended": true, "suspended_at": f.at("10 Mar"), "suspended_until": f.at("10 May")})
			f.joined("over", "5 Jan", line{"is_suspended": false, "suspended_at": f.at("10 Mar"), "suspended_until": f.at("10 Apr")})
			f.joined("lifted", "5 Jan", line{"is_suspended": false, "suspended_at": f.at("10 Mar")})
			f.joined("left", "5 Jan", line{"left_at": f.at("20 Apr"), "suspended_at": f.at("10 Mar"), "suspended_until": f.at("10 Apr")})
			f.joined("twice", "5 Jan", line{"is_suspended": true, "suspended_at": f.at("10 Mar")})
			f.joined("flag", "5 Jan", line{"is_suspended": true, "source_updated_at": f.at("10 Jun")})
		},
		want: []want{
			is("community_members_total", "2026-02", 8),
			is("community_members_total", "2026-03-09", 8),
			is("community_members_total", "2026-03-10", 4), // m, twice, lifted, flag
			is("community_members_total", "2026-04-10", 6),
			is("community_members_total", "2026-04", 5),
			is("community_members_total", "2026-05", 6),
			is("community_members_total", "2026-06", 5),
			is("community_new_members", "2026-01", 8),
		},
	}})
	require.Zero(t, s.count(t, "select count(*) from marts.mart.membership where from_on >= until_on"))
}

// A flag without a date says that somebody is suspended since somebody saw it.
func TestHealth_suspendedSinceTheFlagWasSeen(t *testing.T) {
	f := newFixture(t)
	f.joined("flag", "5 Jan", line{"is_suspended": true})
	f.joins("5 Jan", crowd("m", 3)...)
	s := openSite(t, f, "")
	s.sync(t, f, time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))
	s.build(t, map[string]bool{"community_members_total": true})
	is("community_members_total", "2026-03-09", 4).check(t, s)
	is("community_members_total", "2026-03-10", 3).check(t, s)
}

// Where a source does not say who left, a membership ends with the first full
// listing that lacks it.
func TestHealth_memberOfNoListing(t *testing.T) {
	f := newFixture(t)
	f.listings["community_member"] = true
	f.joins("5 Jan", "gone")
	f.joins("5 Jan", crowd("m", 9)...)
	s := openSite(t, f, "")
	s.sync(t, f, time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC))
	f.lines["community_member"] = f.lines["community_member"][1:]
	s.sync(t, f, time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC))
	s.build(t, map[string]bool{"community_members_total": true})
	is("community_members_total", "2026-03-09", 10).check(t, s)
	is("community_members_total", "2026-03-10", 9).check(t, s)
	is("community_members_total", "2026-02", 10).check(t, s)
}

func TestHealth_newMembers(t *testing.T) {
	checkGoldens(t, `time_zone = "Europe/Berlin"`, []golden{{
		name: "first joins by local date",
		given: func(f *fixture) {
			f.joins("3 Feb 08:00", "a")
			f.joins("28 Feb 23:30", "b") // 1 March in Berlin
			f.joins("2025-11-01 00:00", "c")
			f.joins("9 Feb", "c") // again
			f.in("second").joins("10 Feb", "c")
			f.joined("import", "10 Feb", line{"join_channel": "import"})
		},
		want: []want{
			is("community_new_members", "2026-02", 1).n(1),
			is("community_new_members", "2026-03", 1),
			is("community_new_members", "2025-11", 1),
			is("community_new_members", "2025-12", 0),
			is("community_new_members", "2026-03-01", 1),
		},
	}})
}

func TestHealth_activation(t *testing.T) {
	checkGoldens(t, "", []golden{{
		name: "5 joiners: after 1 d, 13 d 23 h, exactly 14 d, never, 3 d",
		given: func(f *fixture) {
			f.joins("1 Mar 10:00", crowd("m", 5)...)
			f.does("feedback", "m1", "2 Mar 10:00")
			f.does("feedback", "m2", "15 Mar 09:00")
			f.does("feedback", "m3", "15 Mar 10:00")
			f.does("feedback", "m5", "4 Mar 10:00")
		},
		want: []want{
			is("new_member_activation_rate", "2026-03", 0.6).of(3, 5).n(5).between(0.230724, 0.882379).status("low_n"),
			is("new_member_activation_rate", "2026-03", 0.4).in("window_days", "7").of(2, 5),
			is("new_member_activation_rate", "2026-03", 0.8).in("window_days", "30").of(4, 5),
			isAbsent("new_member_activation_rate", "2026-03").in("window_days", "14"),
			is("new_member_activation_rate", "2026-W09", 0.6).of(3, 5),
		},
	}, {
		name: "what was done before joining does not count, what follows does; imports are left out",
		given: func(f *fixture) {
			f.joins("1 May 10:00", "early", "both")
			f.joined("import", "1 May 10:00", line{"join_channel": "import"})
			f.does("feedback", "early", "1 May 09:59")
			f.does("feedback", "both", "1 May 09:59")
			f.does("feedback", "both", "5 May")
			f.does("feedback", "import", "5 May")
		},
		want: []want{
			is("new_member_activation_rate", "2026-05", 0.5).of(1, 2).n(2),
		},
	}, {
		name: "of 5 joiners 4 write or attend, one only reacts",
		given: func(f *fixture) {
			f.joins("1 Jun", crowd("m", 5)...)
			f.talk("T", "m1", "2 Jun")
			f.reply("T", "m2", "3 Jun")
			f.reply("T", "m3", "4 Jun")
			f.gathering("G", "5 Jun 10:00", line{"ends_at": f.at("5 Jun 11:00")})
			f.attendance("G", "m4", line{"registered_at": f.at("1 Jun"), "first_joined_at": f.at("5 Jun 10:00"), "minutes_attended": 60, "checked_in": true})
			f.does("reaction", "m5", "5 Jun", line{"reaction": "like", "content_id": f.id("thread", "T")})
		},
		want: []want{
			is("new_member_first_action_rate", "2026-06", 0.8).of(4, 5).n(5),
		},
	}})
}

func TestHealth_retention(t *testing.T) {
	s := checkGoldens(t, "", []golden{{
		name: "of 40 who joined in January 12 are active in February, 9 in March, 8 in April",
		given: func(f *fixture) {
			members := crowd("m", 40)
			f.joins("20 Jan", members[:35]...)
			for _, who := range members[35:] { // leavers stay in the base
				f.joined(who, "20 Jan", line{"left_at": f.at("1 Feb")})
			}
			for _, who := range members[:24] {
				f.does("feedback", who, "25 Jan")
			}
			active := func(month string, people []string) {
				for i, who := range people {
					f.talk(fmt.Sprint(month, i), who, "10 "+month)
				}
			}
			active("Feb", members[:12])
			active("Mar", members[3:12])
			active("Apr", members[10:18])
		},
		want: []want{
			is("member_retention_rate", "2026-01", 0.3).of(12, 40).n(40).status("ok"),
			is("member_retention_rate", "2026-01", 0.2).in("k", "3").of(8, 40),
			is("member_retention_rate", "2026-Q1", 0.3).of(12, 40),
			is("member_retention_rate_activated", "2026-01", 0.5).of(12, 24).n(24).status("ok"),
			is("member_retention_rate_activated", "2026-01", 8.0/24).in("k", "3").of(8, 24),
		},
	}, {
		name: "a month that is not over retains nobody yet",
		given: func(f *fixture) {
			f.covers("1 Jan", "2 Sep 11:00")
			f.joins("20 Aug", crowd("m", 10)...)
			f.joins("20 Jul", crowd("j", 4)...)
		},
		want: []want{
			isNull("member_retention_rate", "2026-08"),
			is("member_retention_rate", "2026-07", 0).of(0, 4),
		},
	}})
	require.Equal(t, 9, s.count(t, `select retained from marts.kpi.cohort_retention
where segment_type = 'all' and period_index = 2 and cohort_period = date '2026-01-01'`), "0.225 of the cohort in its second month")
}
