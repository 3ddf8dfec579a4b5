package sql_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// fixtureT are the threads of the catalogue's fixture T: s1 is staff, b1 a
// bot, T5 a discussion and all else questions.
func fixtureT(f *fixture) {
	f.staff("s1")
	f.bots("b1")
	f.question("T1", "m1", "2 Feb 10:00")
	f.reply("T1", "b1", "2 Feb 10:01")
	f.reply("T1", "m1", "2 Feb 10:30")
	f.reply("T1", "m2", "2 Feb 12:00")
	f.question("T2", "m3", "3 Feb 09:00")
	f.reply("T2", "s1", "3 Feb 10:00")
	f.reply("T2", "m3", "3 Feb 10:20")
	f.reply("T2", "s1", "3 Feb 11:00")
	f.question("T3", "m4", "4 Feb 08:00")
	f.question("T4", "m5", "5 Feb")
	f.reply("T4", "m2", "7 Feb")
	f.talk("T5", "m2", "6 Feb 12:00")
	f.reply("T5", "m6", "6 Feb 13:00")
	f.question("T6", "s1", "6 Feb 12:00")
	f.reply("T6", "m2", "6 Feb 12:30")
}

func TestHealth_fixtureT(t *testing.T) {
	checkGoldens(t, "", []golden{{
		name: "fixture T",
		given: func(f *fixture) {
			fixtureT(f)
			f.covers("1 Jan", "2 Sep 11:00")
		},
		want: []want{
			is("first_response_time_median_hours", "2026-02", 2).n(3).status("low_n"),
			is("first_response_time_mean_hours", "2026-02", 17).n(3).status("low_n"),
			is("first_response_time_censored_median_hours", "2026-02", 25).n(4),
			is("first_response_within_24h_rate", "2026-02", 0.5).of(2, 4).n(4),
			is("unanswered_question_rate", "2026-02", 0.25).of(1, 4).n(4).between(0.045587, 0.699358).status("low_n"),
			is("unanswered_question_backlog", "2026-02", 1).n(1),
			is("unanswered_question_backlog", "2026-W06", 1),
			is("unanswered_question_backlog", "2026-08", 1),
			is("community_post_volume", "2026-02", 11).n(6),
			is("community_post_volume", "2026-W06", 11),
			is("community_post_volume", "2026-W07", 0),
			is("community_mau", "2026-02", 6).n(6),
		},
	}})
}

func TestHealth_questions(t *testing.T) {
	s := checkGoldens(t, "", []golden{{
		name: "published Wilson interval of 81 of 263",
		given: func(f *fixture) {
			f.covers("2025-01-01", "2 Sep 11:00")
			for i := range 263 {
				q := fmt.Sprint("Q", i)
				f.question(q, fmt.Sprint("asker", i), "2025-02-03 10:00", line{"product_topic": "api"})
				if i >= 81 {
					f.reply(q, "helper", "2025-02-03 12:00")
				}
			}
		},
		want: []want{
			is("unanswered_question_rate", "2025-02", 81.0/263).of(81, 263).n(263).between(0.255289, 0.366210).status("ok"),
			is("unanswered_question_rate", "2025-02", 81.0/263).in("product_topic", "api").n(263),
			is("first_response_time_median_hours", "2025-02", 2).n(182).between(2, 2).status("ok"),
			is("first_response_time_median_hours", "2025-02", 2).in("product_topic", "api"),
			is("unanswered_question_backlog", "2025-02", 81).n(81),
		},
	}, {
		name: "published Wilson interval of 0 of 20, and a community's share without questions",
		given: func(f *fixture) {
			for i := range 20 {
				q := fmt.Sprint("Q", i)
				f.question(q, fmt.Sprint("asker", i), "2025-03-03 10:00")
				f.reply(q, "helper", "2025-03-03 11:00")
			}
		},
		want: []want{
			is("unanswered_question_rate", "2025-03", 0).of(0, 20).between(0, 0.161125).status("ok"),
			isNull("unanswered_question_rate", "2025-04").status("zero_denominator"),
			isNull("first_response_time_median_hours", "2025-04").status("zero_denominator"),
			is("community_post_volume", "2025-04", 0),
		},
	}, {
		name: "whose reply is a first response",
		given: func(f *fixture) {
			f.staff("staff")
			f.bots("bot")
			f.question("Q1", "asker1", "2025-05-05 10:00")
			f.reply("Q1", "asker1", "2025-05-05 11:00")
			f.reply("Q1", "bot", "2025-05-05 11:00")
			f.reply("Q1", "helper", "2025-05-05 11:00", line{"is_system": true})
			f.reply("Q1", "helper", "2025-05-05 11:00", line{"is_removed": true})
			f.reply("Q1", "helper", "2025-05-05 10:00") // an import's: not later than the question
			f.reply("Q1", "staff", "2025-05-05 18:00")
			f.question("Q2", "asker2", "2025-05-05 10:00", line{"is_private": true})
			f.reply("Q2", "helper", "2025-05-05 11:00")
			f.question("Q3", "asker2", "2025-05-05 10:00", line{"is_removed": true})
			f.reply("Q3", "helper", "2025-05-05 11:00")
			f.question("Q4", "staff", "2025-05-05 10:00")
			f.reply("Q4", "helper", "2025-05-05 11:00")
		},
		want: []want{
			is("first_response_time_median_hours", "2025-05", 8).n(1),
			is("unanswered_question_rate", "2025-05", 0).of(0, 1),
			is("first_response_within_24h_rate", "2025-05", 1).of(1, 1),
			// Q1 and what helper wrote there and in Q4; a reply of the same second counts as written.
			is("community_post_volume", "2025-05", 4),
		},
	}, {
		name: "a reply within 168 hours is in time, one after exactly 168 is not; late replies do not improve history",
		given: func(f *fixture) {
			f.question("Q1", "asker1", "2025-07-01 10:00")
			f.reply("Q1", "helper", "2025-07-08 09:59:59")
			f.question("Q2", "asker2", "2025-07-01 10:00")
			f.reply("Q2", "helper", "2025-07-08 10:00:00")
		},
		want: []want{
			is("unanswered_question_rate", "2025-07", 0.5).of(1, 2),
			is("first_response_within_24h_rate", "2025-07", 0).of(0, 2),
			isNull("first_response_time_censored_median_hours", "2025-04"),
		},
	}, {
		name: "half unanswered leaves no median of all questions",
		given: func(f *fixture) {
			for i := range 5 {
				f.question(fmt.Sprint("Q", i), fmt.Sprint("asker", i), "2025-09-01 10:00")
			}
			f.reply("Q0", "helper", "2025-09-01 11:00")
			f.reply("Q1", "helper", "2025-09-01 12:00")
			for i := range 2 {
				f.question(fmt.Sprint("P", i), fmt.Sprint("asker", i), "2025-10-01 10:00")
			}
			f.reply("P0", "helper", "2025-10-01 11:00")
		},
		want: []want{
			isNull("first_response_time_censored_median_hours", "2025-09").n(5),
			isNull("first_response_time_censored_median_hours", "2025-10"),
			is("first_response_time_median_hours", "2025-09", 1.5),
		},
	}, {
		name: "a thread inherits the replies of the one merged into it",
		given: func(f *fixture) {
			f.question("Q1", "asker1", "2025-11-03 10:00", line{"merged_into_thread_id": f.id("thread", "Q2")})
			f.question("Q2", "asker2", "2025-11-03 12:00")
			f.reply("Q1", "helper", "2025-11-03 13:00")
		},
		want: []want{
			is("unanswered_question_rate", "2025-11", 0).of(0, 1),
			is("first_response_time_median_hours", "2025-11", 1).n(1),
		},
	}, {
		name: "removed posts leave the volume, an edit adds none",
		given: func(f *fixture) {
			f.talk("T", "m1", "5 Jan 10:00")
			f.talk("spam", "m2", "5 Jan 10:00", line{"is_removed": true})
			f.reply("spam", "m3", "5 Jan 11:00")
			f.reply("T", "m3", "5 Jan 11:00", line{"is_removed": true})
			for _, edited := range []string{"5 Jan 12:00", "20 Jan 12:00"} {
				f.put("thread_reply", line{"reply_id": f.id("reply", "edited"), "thread_id": f.id("thread", "T"), "community_id": f.here(),
					"author_identity_id": f.login("m4"), "created_at": f.at("5 Jan 12:00"), "source_updated_at": f.at(edited)})
			}
		},
		want: []want{
			is("community_post_volume", "2026-01", 2).n(2),
			is("community_post_volume", "2026-01-05", 2),
		},
	}, {
		name: "small communities are hidden, and the next smallest with a single one",
		given: func(f *fixture) {
			for community, people := range map[string]int{"x": 3, "y": 9, "z": 40} {
				for i := range people {
					f.in(community).talk(fmt.Sprint("T", i), fmt.Sprint(community, i), "3 Mar 10:00")
				}
			}
		},
		want: []want{
			is("community_post_volume", "2026-03", 52).n(52).status("ok"),
			hidden("community_post_volume", "2026-03").in("community", "forum:x").status("suppressed"),
			hidden("community_post_volume", "2026-03").in("community", "forum:y").status("suppressed_complementary"),
			is("community_post_volume", "2026-03", 40).in("community", "forum:z").n(40).status("ok"),
		},
	}})
	require.Equal(t, 1, s.count(t, `select count(*) from marts.kpi.change
where kpi_id = 'community_post_volume' and grain = 'month' and period_start = date '2025-05-01' and segment_type = 'all'
    and compare_to = 'prior_period' and value = 4 and prev_value = 0 and abs_change = 4 and pct_change is null`),
		"a change from 0 has no percentage")
}

func TestHealth_moderation(t *testing.T) {
	checkGoldens(t, "", []golden{{
		name: "400 items, 10 flagged, 6 upheld",
		given: func(f *fixture) {
			for i := range 400 {
				f.talk(fmt.Sprint("T", i), fmt.Sprint("m", i%50), "3 Feb")
			}
			for i := range 10 {
				outcome := "rejected"
				if i < 6 {
					outcome = "upheld"
				}
				f.flag(f.id("thread", fmt.Sprint("T", i)), "4 Feb", "5 Feb", outcome)
			}
			f.flag(f.id("thread", "T0"), "4 Feb", "5 Feb", "upheld") // twice on one item
		},
		want: []want{
			is("flagged_content_rate", "2026-02", 0.015).of(6, 400).n(50).status("ok"),
			is("flag_rate_all", "2026-02", 0.025).of(10, 400).n(50).status("ok"),
		},
	}, {
		name: "decided after 1, 3 and 8 hours, one pending; removed items stay",
		given: func(f *fixture) {
			for i, hour := range []string{"11", "13", "18", ""} {
				name := fmt.Sprint("T", i)
				f.talk(name, fmt.Sprint("m", i), "3 Mar", line{"is_removed": i == 0})
				if hour == "" {
					f.flag(f.id("thread", name), "4 Mar 10:00", "", "pending")
					continue
				}
				f.flag(f.id("thread", name), "4 Mar 10:00", "4 Mar "+hour+":00", "upheld")
			}
		},
		want: []want{
			is("moderation_response_time_median_hours", "2026-03", 3).n(3).status("low_n"),
			is("flagged_content_rate", "2026-03", 0.75).of(3, 4).status("low_n"),
			is("flag_rate_all", "2026-03", 1).of(4, 4),
		},
	}})
}
