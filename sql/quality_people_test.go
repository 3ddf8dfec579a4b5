package sql_test

import "testing"

// training says which events of the product are key actions and which training.
const training = `
product_event "export" {
  key_action = true
}
product_event "lesson_opened" {
  training = true
}
`

func TestQuality_people(t *testing.T) {
	checkGoldens(t, training, []golden{
		{
			name: "repeated means in two weeks of the month",
			given: func(f *fixture) {
				people := crowd("p", 10)
				for _, who := range people {
					f.does("bookmark", who, "2024-02-06")
				}
				for _, who := range people[:4] {
					f.does("bookmark", who, "2024-02-14")
				}
				f.does("bookmark", "p5", "2024-02-07") // the same week
				f.in("visited").visits("2024-02-14", "p6")           // no act
			},
			want: []want{
				is("repeat_participation_rate", "2024-02", 0.4).of(4, 10).n(10).status("low_n"),
				is("repeat_participation_rate", "2024-Q1", 0).of(0, 10),
			},
		},
		{
			name: "a week across the end of a month counts in each",
			given: func(f *fixture) {
				// 29 April to 5 May 2024 is one ISO week.
				f.does("bookmark", "across", "2024-04-30")
				f.does("bookmark", "across", "2024-05-01")
				f.does("bookmark", "april", "2024-04-23")
				f.does("bookmark", "april", "2024-04-30")
				f.does("bookmark", "may", "2024-05-02")
				f.does("bookmark", "may", "2024-05-14")
			},
			want: []want{
				is("repeat_participation_rate", "2024-04", 0.5).of(1, 2),
				is("repeat_participation_rate", "2024-05", 0.5).of(1, 2),
				is("repeat_participation_rate", "2024-Q2", 1.0/3).of(1, 3),
			},
		},
		{
			name: "24 of 200 active members act meaningfully",
			given: func(f *fixture) {
				people := crowd("p", 200)
				replies := f.chat("C", "2024-07-10", people...)
				for _, r := range replies[:10] {
					f.likes(r, 1, "2024-07-11")
				}
				f.gathering("E", "2024-07-20 18:00")
				f.come("E", "2024-07-20 18:00", 10, people[10:15]...)
				f.come("E", "2024-07-20 18:00", 9, people[50:60]...) // left too early
				for _, who := range people[15:20] {
					f.does("feedback", who, "2024-07-21")
				}
				f.does("referral_share", people[20], "2024-07-21")
				f.talk("long", people[21], "2024-07-21", line{"char_len": 80})
				f.question("longer", people[22], "2024-07-21", line{"char_len": 81})
				f.talk("short", people[60], "2024-07-21", line{"char_len": 79})
				f.accepted("C", replies[23], "2024-07-24")
				f.does("feedback", "visitor", "2024-07-21") // meaningful, but not active
				for _, who := range people[100:150] {
					f.does("bookmark", who, "2024-07-12")
				}
			},
			want: []want{is("meaningful_engagement_rate", "2024-07", 0.12).of(24, 200).n(200).status("ok")},
		},
		{
			name: "a vote makes the reply meaningful at the reply's own day",
			given: func(f *fixture) {
				replies := f.chat("C", "2024-08-31 12:00", "voted", "late", "never")
				f.likes(replies[0], 1, "2024-09-05")
				f.likes(replies[1], 1, "2024-09-14 12:00") // 14 days are over
				f.chat("D", "2024-09-20", "voted")
			},
			want: []want{
				is("meaningful_engagement_rate", "2024-08", 1.0/3).of(1, 3),
				is("meaningful_engagement_rate", "2024-09", 0).of(0, 1),
				is("meaningful_engagement_rate", "2024-W35", 1.0/3),
				is("meaningful_engagement_rate", "2024-Q3", 25.0/203),
			},
		},
		{
			name: "60 of 300 acts are meaningful",
			given: func(f *fixture) {
				for _, who := range crowd("p", 60) {
					f.does("feedback", who, "2024-10-10")
					for range 4 {
						f.does("bookmark", who, "2024-10-11")
					}
				}
				f.in("visited").visits("2024-10-12", crowd("p", 60)...)
				f.does("system", "p1", "2024-10-12")
			},
			want: []want{is("meaningful_act_share", "2024-10", 0.2).of(60, 300).n(60).status("ok")},
		},
		{
			name: "saves per member view",
			given: func(f *fixture) {
				f.staff("s")
				f.bots("bot")
				f.talk("A", "s", "2024-11-01")
				f.talk("B", "s", "2024-11-01")
				save := func(content, at string, people ...string) {
					for _, who := range people {
						f.does("bookmark", who, at, line{"thread_id": f.id("thread", content), "content_id": f.id("thread", content)})
					}
				}
				save("A", "2024-11-05", crowd("p", 10)...)
				save("B", "2024-11-05", crowd("p", 8)...)
				save("B", "2024-11-06", crowd("p", 8)...) // again the same
				save("A", "2024-11-05", "s", "bot")
				f.does("bookmark", "p20", "2024-11-05", line{"content_id": f.id("thread", "A"), "is_removed": true})
				f.views(f.id("thread", "A"), "2024-11-05", "member", 500)
				f.views(f.id("thread", "A"), "2024-11-06", "member", 300)
				f.views(f.id("thread", "B"), "2024-11-06", "member", 400)
				f.views(f.id("thread", "B"), "2024-11-06", "anonymous", 9000)
				f.views(f.id("thread", "B"), "2024-11-06", "bot", 90000)
			},
			want: []want{
				is("content_save_rate", "2024-11", 0.015).of(18, 1200).status("ok"),
				is("content_save_rate", "2024-Q4", 0.015),
			},
		},
		{
			name: "36 of 240 product users train",
			given: func(f *fixture) {
				people := crowd("u", 240)
				f.uses("export", "2025-01-10", people)
				f.uses("lesson_opened", "2025-01-11", people[:30])
				for _, who := range people[30:36] {
					f.does("training_view", who, "2025-01-12")
				}
				f.uses("lesson_opened", "2025-01-11", people[36:60], line{"is_automated": true})
				f.uses("opened_settings", "2025-01-11", people[60:90])
				f.uses("lesson_opened", "2025-01-11", []string{"learner"}) // no key action: not active
			},
			want: []want{
				is("training_engagement_rate", "2025-01", 0.15).of(36, 240).n(240).status("ok"),
				is("training_engagement_rate", "2025-Q1", 0.15),
			},
		},
		{
			name: "6 of 200 active members take part in research",
			given: func(f *fixture) {
				people := crowd("p", 200)
				f.chat("C", "2025-04-10", people...)
				f.does("research_beta", people[0], "2025-04-11")
				f.does("research_interview", people[1], "2025-04-11")
				f.does("research_test", people[2], "2025-04-11")
				f.gathering("R", "2025-04-20 18:00", line{"kind": "research"})
				f.register("R", "2025-04-01", people[:20]...) // invited, most did not come
				f.come("R", "2025-04-20 18:00", 30, people[2:6]...)
				f.gathering("W", "2025-04-21 18:00", line{"kind": "webinar"})
				f.come("W", "2025-04-21 18:00", 30, people[30:60]...)
				f.does("research_beta", "visitor", "2025-04-11") // not active
			},
			want: []want{
				is("research_participation_rate", "2025-04", 0.03).of(6, 200).n(200).status("ok"),
				is("research_participation_rate", "2025-Q2", 0.03),
			},
		},
	})
}

// A rule holds from its day on: what was done before keeps the tier it had.
func TestQuality_rulesTakeEffectOnTheirDay(t *testing.T) {
	rule := `
engagement_rule "bookmark" {
  tier = 2
  from = "2024-11-15"
}
`
	checkGoldens(t, rule, []golden{{
		name: "bookmarks",
		given: func(f *fixture) {
			replies := f.chat("C", "2024-11-10", "a", "b")
			f.does("bookmark", "a", "2024-11-14 23:59:59", line{"content_id": replies[1]})
			f.chat("D", "2024-12-10", "a", "b")
			f.does("bookmark", "b", "2024-12-11", line{"content_id": replies[0]})
		},
		want: []want{
			is("meaningful_act_share", "2024-11", 0).of(0, 3),
			is("meaningful_act_share", "2024-12", 1.0/3).of(1, 3),
			is("meaningful_engagement_rate", "2024-11", 0).of(0, 2),
			is("meaningful_engagement_rate", "2024-12", 0.5).of(1, 2),
		},
	}})
}

func TestQuality_savesWithoutViewsHaveNoRate(t *testing.T) {
	checkGoldens(t, "", []golden{{
		name: "bookmarks and posts",
		given: func(f *fixture) {
			replies := f.chat("C", "2024-11-10", "a", "b")
			f.does("bookmark", "a", "2024-11-14", line{"content_id": replies[1]})
		},
		want: []want{isNotConfigured("content_save_rate", "views")},
	}})
}
