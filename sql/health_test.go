package sql_test

import "testing"

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

func TestHealth_threads(t *testing.T) {
	checkGoldens(t, "", []golden{
		{
			name:  "fixture T",
			given: fixtureT,
			want: []want{
				is("first_response_time_median_hours", "2026-02", 2).n(3).status("low_n"),
				is("unanswered_question_rate", "2026-02", 0.25).of(1, 4).n(4).between(0.045587, 0.699358).status("low_n"),
				is("community_post_volume", "2026-02", 11).n(6),
			},
		},
	})
}
