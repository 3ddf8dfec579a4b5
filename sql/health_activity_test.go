package sql_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world/truth"
)

func TestHealth_activeMembers(t *testing.T) {
	checkGoldens(t, "", []golden{
		{
			name: "a day counts its people, without bots and staff",
			given: func(f *fixture) {
				f.covers("2025-01-01", "2 Sep 11:00")
				f.staff("staff")
				f.bots("bot")
				f.question("T", "m1", "2025-02-05 08:00")
				for who, posts := range map[string]int{"m1": 2, "m2": 1, "bot": 9, "staff": 2} {
					for range posts {
						f.reply("T", who, "2025-02-05 09:00")
					}
				}
			},
			want: []want{
				is("community_dau", "2025-02-05", 2).n(2),
				is("community_dau", "2025-02-06", 0),
				is("community_dau", "2025-W06", 2.0/7).n(2),
				is("community_dau", "2025-02", 2.0/28).n(2),
			},
		},
		{
			name: "a person in two communities is one active member of the day",
			given: func(f *fixture) {
				for _, community := range []string{"main", "second"} {
					f.in(community).talk("T", "host", "2025-04-01 08:00")
					for _, who := range crowd("m", 5) {
						f.in(community).reply("T", who, "2025-04-02 10:00")
					}
				}
			},
			want: []want{
				is("community_dau", "2025-04-02", 5).n(5),
				is("community_dau", "2025-04-02", 5).in("community", "forum:second").n(5),
				is("community_mau", "2025-04", 6).n(6),
				is("community_mau", "2025-04", 6).in("community", "forum:second").n(6),
			},
		},
		{
			name: "a week counts its people once, from Monday to Sunday",
			given: func(f *fixture) {
				f.talk("T", "b", "2025-06-02 00:00")
				f.reply("T", "a", "2025-06-02 12:00")
				f.reply("T", "b", "2025-06-04 12:00")
				f.reply("T", "c", "2025-06-04 12:00")
				f.reply("T", "c", "2025-06-08 23:59:59")
				f.reply("T", "d", "2025-06-09 00:00")
				f.reply("T", "e", "2025-06-09 00:00")
			},
			want: []want{
				is("community_wau", "2025-W23", 3).n(3),
				is("community_wau", "2025-W24", 2).n(2),
			},
		},
		{
			name: "a month is the calendar's, 30 days roll",
			given: func(f *fixture) {
				f.talk("T1", "a", "1 Jan 10:00")
				f.talk("T2", "b", "15 Jan 10:00")
				f.talk("T3", "a", "30 Jan 10:00")
				f.talk("T4", "c", "10 Feb 10:00")
			},
			want: []want{
				is("community_mau", "2026-01", 2).n(2),
				is("community_mau", "2026-02", 1).n(1),
				is("community_mau", "2026-01-30", 2).n(2),
				is("community_mau", "2026-01-31", 2),
				is("community_mau", "2026-02-13", 3),
				is("community_mau", "2026-02-14", 2),
				is("community_mau", "2026-W07", 2),
				is("community_mau", "2026-Q1", 1),
			},
		},
		{
			name: "returning: of {a,b,c,d} {b,c} are back beside e",
			given: func(f *fixture) {
				for _, who := range []string{"a", "b", "c", "d"} {
					f.talk("before"+who, who, "5 Apr")
				}
				for _, who := range []string{"b", "c", "e"} {
					f.talk("now"+who, who, "5 May")
				}
			},
			want: []want{
				is("returning_active_member_rate", "2026-05", 0.5).of(2, 4).n(4),
				is("returning_share_of_active", "2026-05", 2.0/3).of(2, 3).n(3),
				is("returning_active_member_rate", "2026-06", 0).of(0, 3),
				isNull("returning_active_member_rate", "2026-07").status("zero_denominator"),
				isNull("returning_share_of_active", "2026-06").status("zero_denominator"),
				isNull("returning_active_member_rate", "2025-02").status("zero_denominator"),
				is("returning_active_member_rate", "2026-W15", 0).of(0, 4),
			},
		},
		{
			name:  "who merely visits is unknown",
			given: func(*fixture) {},
			want: []want{
				isNotConfigured("contributor_rate", "visit"),
				isNotConfigured("contributor_lurker_ratio", "visit"),
				isNotConfigured("engaged_share_of_active", "visit"),
			},
		},
	})
}

// Joining is an act of tier 0: where visits count, it makes active.
func TestHealth_joiningMakesActive(t *testing.T) {
	s := checkGoldens(t, "", []golden{{
		name: "each membership is joined once, imports and what the software joined are no act",
		given: func(f *fixture) {
			f.covers("1 Jan", "2 Sep 11:00")
			f.exposesVisits()
			f.staff("staff")
			f.joins("5 Feb 20:00", append(crowd("m", 6), "told", "enrolled", "staff")...)
			f.joined("import", "5 Feb", line{"join_channel": "import"})
			f.does("join", "told", "6 Feb 01:00") // of the same membership, by the source's own log
			f.does("join", "enrolled", "5 Feb 20:00", line{"is_automated": true})
			f.joins("20 Feb", "told") // again
		},
		want: []want{
			is("community_dau", "2026-02-05", 6).n(6),
			is("community_dau", "2026-02-06", 1),
			is("community_dau", "2026-02-20", 1),
			is("community_mau", "2026-02", 7).n(7),
			is("community_mau", "2026-02", 7).in("engagement_level", "lurker"),
			is("community_engagement_rate", "2026-02", 0).of(0, 9),
		},
	}, {
		name: "a flag or bookmark counts while what it is on stands, not where that was gone before it was read",
		given: func(f *fixture) {
			f.talk("T", "author", "4 May 08:00")
			f.does("flag", "early", "6 May 09:00", line{"content_id": f.id("thread", "T")})
			f.does("flag", "late", "6 May 09:00", line{"content_id": f.id("thread", "never read")})
			f.does("bookmark", "saver", "6 May 09:00", line{"content_id": f.id("thread", "never read")})
		},
		want: []want{
			is("community_dau", "2026-05-04", 1),
			is("community_dau", "2026-05-06", 1),
		},
	}})
	require.Equal(t, 8, s.count(t, "select count(*) from marts.mart.activity where event_type = 'join' and tier = 0"))

	checkGoldens(t, "", []golden{{
		name: "where nobody tells of visits, who only joined is not active",
		given: func(f *fixture) {
			f.covers("1 Jan", "2 Sep 11:00")
			f.joins("5 Feb", "a", "b")
			f.talk("T", "a", "6 Feb")
		},
		want: []want{is("community_mau", "2026-02", 1)},
	}})
}

func TestHealth_contributorsAndLurkers(t *testing.T) {
	checkGoldens(t, "", []golden{{
		name: "200 of 500, then 1000 members are active, 30 write, 45 contribute, 24 meaningfully",
		given: func(f *fixture) {
			f.covers("2025-12-01", "2 Sep 11:00")
			f.exposesVisits()
			f.staff("staff")
			members := crowd("m", 1000)
			f.joins("1 Jan", members[:500]...)
			f.joins("1 Mar", members[500:]...)
			for _, month := range []string{"Feb", "Mar"} {
				f.visits("3 "+month, members[:200]...)
				f.talk("T"+month, "staff", "3 "+month)
				writers, fans := members[:30], members[30:45]
				for i, who := range writers {
					reply := f.reply("T"+month, who, "4 "+month)
					if i < 24 {
						f.does("reaction", fans[i%15], "5 "+month, line{"reaction": "like", "content_id": reply, "target_identity_id": f.login(who)})
					}
				}
			}
			// The software's own doings are no activity.
			for _, who := range members[200:220] {
				f.does("system", who, "6 Feb")
			}
		},
		want: []want{
			is("contributor_rate", "2026-02", 0.15).of(30, 200).n(200).between(0.107136, 0.206056).status("ok"),
			is("contributor_lurker_ratio", "2026-02", 30.0/170).of(30, 170).status("ok"),
			is("contributor_rate_registered", "2026-03", 0.03).of(30, 1000).n(1000).status("ok"),
			is("community_engagement_rate", "2026-02", 0.09).of(45, 500).n(500).status("ok"),
			is("engaged_share_of_active", "2026-02", 0.225).of(45, 200).n(200),
			is("engaged_members", "2026-02", 45).n(45),
			is("community_mau", "2026-02", 200).n(200),
			is("community_mau_meaningful", "2026-02", 24).n(24),
		},
	}, {
		name: "nobody writes: 0 of 10, not NULL",
		given: func(f *fixture) {
			f.visits("5 May", crowd("m", 10)...)
		},
		want: []want{
			is("contributor_rate", "2026-05", 0).of(0, 10).status("low_n"),
			is("contributor_lurker_ratio", "2026-05", 0).of(0, 10),
			is("community_engagement_rate", "2026-05", 0).of(0, 1000),
		},
	}, {
		name: "everybody active writes: no lurker to divide by",
		given: func(f *fixture) {
			for _, who := range crowd("m", 3) {
				f.talk("T"+who, who, "5 Jun")
			}
		},
		want: []want{
			is("contributor_rate", "2026-06", 1).of(3, 3),
			isNull("contributor_lurker_ratio", "2026-06").of(3, 0).status("zero_denominator"),
		},
	}, {
		name: "who is no member does not raise the share of members",
		given: func(f *fixture) {
			f.joined("left", "1 Jul", line{"left_at": f.at("20 Jul")})
			f.talk("T1", "guest", "5 Jul")
			f.talk("T2", "left", "5 Jul")
		},
		want: []want{
			is("contributor_rate_registered", "2026-07", 0).of(0, 1000),
			is("community_engagement_rate", "2026-07", 0).of(0, 1000),
			is("engaged_members", "2026-07", 2).n(2),
		},
	}})
}

func TestHealth_stickiness(t *testing.T) {
	checkGoldens(t, "", []golden{{
		name: "DAU 10, 20, 30 of MAU 100, 100, 120 in the days of this week so far",
		given: func(f *fixture) {
			f.covers("1 Feb", "2 Sep 11:00")
			f.exposesVisits()
			members := crowd("m", 120)
			f.visits("20 Aug", members[10:100]...)
			f.visits("31 Aug", members[:10]...)
			f.visits("1 Sep", members[:20]...)
			f.visits("2 Sep", members[90:120]...)
		},
		want: []want{
			is("community_stickiness_dau_mau", "2026-W36", 0.55/3).of(20, 320.0/3).status("ok"),
		},
	}, {
		name: "days without anybody active in 30 days are skipped, days without a visitor are not",
		given: func(f *fixture) {
			f.visits("8 Mar", crowd("m", 20)...)
		},
		want: []want{
			isNull("community_stickiness_dau_mau", "2026-W09").status("zero_denominator"),
			isNull("community_stickiness_dau_mau", "2026-06"),
			is("community_stickiness_dau_mau", "2026-W10", 1).of(20, 20),
			is("community_stickiness_dau_mau", "2026-W11", 0).of(0, 20),
			is("community_stickiness_dau_mau", "2026-03", 1.0/24).of(20.0/24, 20),
		},
	}})
}

// A file of threads tells of the time from its first to its last: who visited
// before that is known, and who else may have is not.
func TestHealth_stickinessLeavesUncoveredDaysOut(t *testing.T) {
	s := checkGoldens(t, "", []golden{{
		name: "visits on days of which nobody knows what was written",
		given: func(f *fixture) {
			f.covers("10 Mar", "2 Sep 11:00")
			f.exposesVisits()
			f.visits("5 Mar", crowd("m", 20)...)
			f.visits("20 Mar", crowd("m", 20)...)
		},
		want: []want{
			is("community_stickiness_dau_mau", "2026-03", 1.0/22).of(20.0/22, 20),
			is("community_stickiness_dau_mau", "2026-W11", 0).of(0, 20),
			is("community_stickiness_dau_mau", "2026-04", 0).of(0, 20),
			isAbsent("community_stickiness_dau_mau", "2026-W10"),
		},
	}})
	for month, isPartial := range map[string]bool{"2026-03-01": true, "2026-04-01": false} {
		require.Equal(t, isPartial, s.published(t)[truth.Cell{KPI: "community_stickiness_dau_mau", Period: month, SegmentType: "all", SegmentValue: "all"}].IsPartial, month)
	}
}

func TestHealth_membersGoingQuiet(t *testing.T) {
	checkGoldens(t, "", []golden{{
		name: "of 10 regulars 4 are silent since",
		given: func(f *fixture) {
			f.covers("2025-12-01", "2 Sep 11:00")
			active := func(who string, days ...string) {
				for _, day := range days {
					f.talk(who+day, who, day)
				}
			}
			for _, who := range crowd("silent", 4) {
				active(who, "1 Jan", "31 Mar")
			}
			for _, who := range crowd("loyal", 6) {
				active(who, "1 Feb", "2 Feb", "1 Apr")
			}
			active("once", "1 Feb 10:00", "1 Feb 11:00")  // one day is no habit
			active("earlier", "2025-12-30", "2025-12-31") // before the 120 days
			active("new", "10 Feb", "11 Feb")             // joined within the 30 days
			f.joins("1 Apr", "new")
			f.joined("silent1", "1 Jan", line{"left_at": f.at("10 Apr")}) // leavers stay
		},
		want: []want{
			is("at_risk_member_share", "2026-04", 0.4).of(4, 10).n(10).status("low_n"),
		},
	}, {
		name:  "a quarter ends with its last month",
		given: func(*fixture) {},
		want: []want{
			is("at_risk_member_share", "2026-03", 1).of(7, 7),
			is("at_risk_member_share", "2026-Q1", 1).of(7, 7),
			isNull("at_risk_member_share", "2026-08").status("zero_denominator"),
		},
	}})
}
