package sql_test

import "testing"

func TestQuality_events(t *testing.T) {
	checkGoldens(t, "", []golden{
		{
			name: "cancelled registrations and walk-ins are no registrants",
			given: func(f *fixture) {
				people := crowd("p", 50)
				f.gathering("E", "2025-11-10 18:00")
				f.register("E", "2025-11-01", people[:45]...)
				for _, who := range people[45:] {
					f.attendance("E", who, line{"registered_at": f.at("2025-11-01"), "cancelled_at": f.at("2025-11-10 17:59:59")})
				}
				f.come("E", "2025-11-10 18:00", 45, people[:25]...)
				f.come("E", "2025-11-10 18:00", 45, "w1", "w2")
			},
			want: []want{
				is("event_participation_rate", "2025-11", 25.0/45).of(25, 45).n(45).status("ok"),
				is("event_attendees", "2025-11", 27).n(27),
				is("event_walk_in_count", "2025-11", 2),
				is("event_participation_rate", "2025-W46", 25.0/45),
				is("event_participation_rate", "2025-Q4", 25.0/45),
			},
		},
		{
			name: "visits add up, hosts and staff are left out",
			given: func(f *fixture) {
				f.staff("s")
				f.gathering("E", "2025-07-10 18:00")
				f.register("E", "2025-07-01", "twice", "short", "ten", "scanned", "absent", "s")
				f.come("E", "2025-07-10 18:00", 6, "twice")
				f.come("E", "2025-07-10 18:30", 5, "twice")
				f.come("E", "2025-07-10 18:00", 9.9, "short")
				f.come("E", "2025-07-10 18:00", 10, "ten")
				f.attendance("E", "scanned", line{"checked_in": true})
				f.come("E", "2025-07-10 18:00", 60, "s")
				f.attendance("E", "h", line{"registered_at": f.at("2025-07-01"), "first_joined_at": f.at("2025-07-10 18:00"), "minutes_attended": 60, "is_host": true})
				// taken back only after the start: still somebody who did not come
				f.attendance("E", "fled", line{"registered_at": f.at("2025-07-01"), "cancelled_at": f.at("2025-07-10 18:00:01")})
			},
			want: []want{
				is("event_participation_rate", "2025-07", 0.5).of(3, 6),
				is("event_attendees", "2025-07", 3),
				is("event_walk_in_count", "2025-07", 0),
			},
		},
		{
			name: "an event counts where its tool says who came, and once it is held",
			given: func(f *fixture) {
				f.gathering("told", "2025-08-10 18:00")
				f.register("told", "2025-08-01", crowd("p", 4)...)
				f.come("told", "2025-08-10 18:00", 30, "p1")
				f.gathering("untold", "2025-08-11 18:00", line{"reports_attendance": false})
				f.register("untold", "2025-08-01", crowd("p", 9)...)
				f.gathering("off", "2025-08-12 18:00", line{"is_cancelled": true})
				f.register("off", "2025-08-01", crowd("p", 9)...)
			},
			want: []want{is("event_participation_rate", "2025-08", 0.25).of(1, 4)},
		},
		{
			name: "series are read apart, a person in both is one attendee",
			given: func(f *fixture) {
				people := crowd("p", 10)
				f.gathering("G", "2025-02-10 18:00", line{"event_series": "getting started"})
				f.register("G", "2025-01-01", people...)
				f.come("G", "2025-02-10 18:00", 30, people[:8]...)
				f.gathering("M", "2025-02-20 18:00", line{"event_series": "meetup"})
				f.register("M", "2025-01-01", people...)
				f.come("M", "2025-02-20 18:00", 30, people[:6]...)
			},
			want: []want{
				is("event_participation_rate", "2025-02", 0.7).of(14, 20),
				is("event_participation_rate", "2025-02", 0.8).in("event_series", "getting started"),
				is("event_participation_rate", "2025-02", 0.6).in("event_series", "meetup"),
				is("event_attendees", "2025-02", 8).n(8),
				is("event_attendees", "2025-02", 6).in("event_series", "meetup"),
			},
		},
		{
			name:  "a month without events has no rate",
			given: func(*fixture) {},
			want: []want{
				isNull("event_participation_rate", "2025-10").status("zero_denominator"),
				is("event_attendees", "2025-10", 0),
			},
		},
	})
}

func TestQuality_eventsOfToolsThatDoNotSayWhoCame(t *testing.T) {
	checkGoldens(t, "", []golden{{
		name: "registrations alone",
		given: func(f *fixture) {
			f.gathering("E", "2025-08-11 18:00", line{"reports_attendance": false})
			f.register("E", "2025-08-01", crowd("p", 9)...)
		},
		want: []want{
			isNotConfigured("event_participation_rate", "attend"),
			isNotConfigured("event_attendees", "attend"),
			isNotConfigured("event_walk_in_count", "attend"),
		},
	}})
}

// thrice gives every score by three people each: fewer than ten are hidden.
func (f *fixture) thrice(survey, at string, scores ...float64) {
	for _, score := range scores {
		for range 3 {
			f.answers(survey, "r"+f.next(), at, score)
		}
	}
}

func TestQuality_surveys(t *testing.T) {
	checkGoldens(t, "", []golden{
		{
			name: "ratings of an event",
			given: func(f *fixture) {
				f.gathering("E", "2025-03-31 18:00", line{"ends_at": f.at("2025-03-31 20:00"), "event_series": "meetup"})
				f.survey("S", scale{min: 1, max: 5, kind: "event", aboutGathering: "E"})
				f.thrice("S", "2025-04-02", 5, 4, 4, 2)
			},
			want: []want{
				is("event_satisfaction_score", "2025-03", 3.75).n(12).status("ok"),
				is("event_satisfaction_score", "2025-03", 3.75).in("event_series", "meetup"),
				is("event_satisfaction_top2", "2025-03", 0.75).of(9, 12).n(12),
				isNull("event_satisfaction_score", "2025-04").status("zero_denominator"), // the day of the event decides
			},
		},
		{
			name: "scales of any length and direction become 1-5",
			given: func(f *fixture) {
				f.gathering("E", "2025-05-10 18:00")
				f.survey("ten", scale{min: 0, max: 10, kind: "event", aboutGathering: "E"})
				f.survey("grades", scale{min: 1, max: 6, lowerIsBetter: true, kind: "event", aboutGathering: "E"})
				f.thrice("ten", "2025-05-11", 10, 0, 7.5) // 5, 1, 4
				f.thrice("grades", "2025-05-11", 1, 6)    // 5, 1
			},
			want: []want{
				is("event_satisfaction_score", "2025-05", 3.2).n(15),
				is("event_satisfaction_top2", "2025-05", 0.6).of(9, 15),
			},
		},
		{
			name: "the last answer within 14 days counts, of those who came",
			given: func(f *fixture) {
				f.staff("s")
				f.gathering("E", "2025-06-01 18:00", line{"ends_at": f.at("2025-06-01 20:00")})
				f.survey("S", scale{min: 1, max: 5, kind: "event", aboutGathering: "E"})
				f.thrice("S", "2025-06-02", 4, 4, 4, 4)
				f.answers("S", "twice", "2025-06-02", 1)
				f.answers("S", "twice", "2025-06-03", 4)
				f.answers("S", "ontime", "2025-06-15 19:59:59", 4)
				f.answers("S", "late", "2025-06-15 20:00:00", 1) // 14 days are over
				f.answers("S", "s", "2025-06-02", 1)
				f.answers("S", "unfinished", "2025-06-02", 1, line{"is_complete": false})
				f.answers("S", "off", "2025-06-02", 99) // not on the scale
				f.register("E", "2025-05-20", "missed", "came")
				f.come("E", "2025-06-01 18:00", 60, "came")
				f.answers("S", "came", "2025-06-02", 4)
				f.answers("S", "missed", "2025-06-02", 1)
				f.attendance("E", "host", line{"is_host": true, "checked_in": true})
				f.answers("S", "host", "2025-06-02", 1)
			},
			want: []want{is("event_satisfaction_score", "2025-06", 4).of(60, 15).n(15)},
		},
		{
			name: "one who rates two events answers twice; fewer than ten people stay hidden",
			given: func(f *fixture) {
				f.gathering("E", "2025-07-01 18:00")
				f.survey("S", scale{min: 1, max: 5, kind: "event", aboutGathering: "E"})
				for i, score := range []float64{5, 4, 4, 2} {
					f.answers("S", crowd("r", 4)[i], "2025-07-02", score)
				}
				f.gathering("F", "2025-08-01 18:00")
				f.gathering("G", "2025-08-02 18:00")
				f.survey("SF", scale{min: 1, max: 5, kind: "event", aboutGathering: "F"})
				f.survey("SG", scale{min: 1, max: 5, kind: "event", aboutGathering: "G"})
				for _, who := range crowd("r", 10) {
					f.answers("SF", who, "2025-08-02", 5)
					f.answers("SG", who, "2025-08-03", 3)
				}
			},
			want: []want{
				isNull("event_satisfaction_score", "2025-07").status("suppressed"),
				is("event_satisfaction_score", "2025-08", 4).of(80, 20).n(10),
			},
		},
		{
			name: "satisfied members",
			given: func(f *fixture) {
				people := crowd("m", 40)
				f.joins("2025-01-01", people...)
				f.survey("S", scale{min: 1, max: 5, kind: "community_sat", mode: "relationship"})
				for i, who := range people {
					f.answers("S", who, "2025-09-10", map[bool]float64{true: 4, false: 3}[i < 30])
				}
			},
			want: []want{
				is("member_satisfaction_share", "2025-09", 0.75).of(30, 40).n(40).status("ok"),
				is("member_satisfaction_share", "2025-Q3", 0.75),
				is("member_satisfaction_share", "2025-09", 0.75).in("survey_mode", "relationship"),
			},
		},
		{
			name: "the top third of any scale counts, two thirds of it included",
			given: func(f *fixture) {
				for i, s := range []scale{{min: 1, max: 4}, {min: 1, max: 7}, {min: 1, max: 10}, {min: 0, max: 3}, {min: 1, max: 4, lowerIsBetter: true}} {
					s.kind = "community_sat"
					name := crowd("S", 9)[i]
					f.survey(name, s)
					top, below := s.min+2*(s.max-s.min)/3, s.min+2*(s.max-s.min)/3-1
					if s.lowerIsBetter {
						top, below = 2, 3
					}
					for _, who := range []string{name + "a", name + "b"} {
						f.joins("2025-01-01", who)
						f.answers(name, who, "2025-10-10", top)
						f.answers(name, who, "2025-10-10", below)
					}
				}
			},
			want: []want{is("member_satisfaction_share", "2025-10", 0.5).of(10, 20).n(10)},
		},
		{
			name: "only members are asked for",
			given: func(f *fixture) {
				f.survey("S", scale{min: 1, max: 5, kind: "community_sat"})
				f.survey("nps", scale{min: 0, max: 10, kind: "nps"})
				members := crowd("m", 10)
				f.joins("2025-01-01", members...)
				for _, who := range members {
					f.answers("S", who, "2025-11-10", 5)
					f.answers("nps", who, "2025-11-10", 0)
				}
				f.answers("S", "stranger", "2025-11-10", 1)
				f.joins("2025-11-11", "later")
				f.answers("S", "later", "2025-11-10", 1)
				f.joined("gone", "2025-01-01", line{"left_at": f.at("2025-11-01")})
				f.answers("S", "gone", "2025-11-10", 1)
			},
			want: []want{is("member_satisfaction_share", "2025-11", 1).of(10, 10)},
		},
	})
}
