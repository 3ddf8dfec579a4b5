package sql_test

import (
	"testing"
	"time"
)

// judgedT is fixture T with its helpful votes and accepted answers.
func judgedT(f *fixture) {
	fixtureT(f)
	replies := map[string]string{}
	for _, r := range f.lines["thread_reply"] {
		replies[r["thread_id"].(string)+" "+r["author_identity_id"].(string)] = r["reply_id"].(string)
	}
	reply := func(thread, author string) string { return replies[f.id("thread", thread)+" "+f.login(author)] }
	f.votes(reply("T1", "m2"), "like", "3 Feb 09:00", "m1", "m3", "m4")
	f.votes(reply("T2", "s1"), "like", "4 Feb 09:00", "m3")
	f.votes(reply("T4", "m2"), "heart", "8 Feb 09:00", "m5", "m6")
	f.accepted("T1", reply("T1", "m2"), "2 Feb 13:00")
	f.accepted("T4", reply("T4", "m2"), "7 Feb 08:00")
}

func TestQuality_threads(t *testing.T) {
	checkGoldens(t, "", []golden{
		{
			name:  "fixture T",
			given: judgedT,
			want: []want{
				is("thread_depth_mean", "2026-02", 1.4).of(7, 5).n(5).status("low_n"),
				is("thread_depth_mean", "2026-W06", 1.4),
				is("thread_depth_mean", "2026-Q1", 1.4),
				is("thread_depth_median", "2026-02", 1),
				is("thread_participants_mean", "2026-02", 1.8),
				is("accepted_solution_rate", "2026-02", 0.5).of(2, 4).n(4).status("low_n"),
				is("accepted_solution_rate_answered", "2026-02", 2.0/3).of(2, 3),
				is("accepted_solution_count", "2026-02", 2),
				is("helpful_vote_rate", "2026-02", 0.5).of(2, 4).n(2),
				is("helpful_votes_per_reply", "2026-02", 1.25),
				is("peer_response_share", "2026-02", 2.0/3).of(2, 3).n(3),
			},
		},
		{
			name: "author replies deepen a thread, bots and the software do not",
			given: func(f *fixture) {
				f.bots("bot")
				f.talk("A", "a1", "2025-03-01 10:00")
				f.reply("A", "a1", "2025-03-01 11:00")
				f.reply("A", "a2", "2025-03-15 09:59:59")
				f.reply("A", "a3", "2025-03-15 10:00:00") // 14 days are over
				f.reply("A", "bot", "2025-03-02")
				f.reply("A", "a4", "2025-03-03", line{"is_system": true})
				f.reply("A", "a5", "2025-03-04", line{"is_removed": true})
			},
			want: []want{
				is("thread_depth_mean", "2025-03", 2),
				is("thread_depth_median", "2025-03", 2),
				is("thread_participants_mean", "2025-03", 2),
			},
		},
		{
			name: "questions and discussions are read apart",
			given: func(f *fixture) {
				each(6, func(n string) {
					f.question("Q"+n, "q"+n, "2024-07-01")
					f.reply("Q"+n, "h", "2024-07-02")
					f.reply("Q"+n, "q"+n, "2024-07-03")
					f.reply("Q"+n, "h", "2024-07-04")
					f.talk("D"+n, "d"+n, "2024-07-01")
					f.reply("D"+n, "h", "2024-07-02")
				})
			},
			want: []want{
				is("thread_depth_mean", "2024-07", 2).n(12).status("ok"),
				is("thread_depth_mean", "2024-07", 3).in("thread_kind", "question").n(6),
				is("thread_depth_mean", "2024-07", 1).in("thread_kind", "discussion").n(6),
				is("thread_depth_median", "2024-07", 3).in("thread_kind", "question"),
				is("thread_participants_mean", "2024-07", 2).in("thread_kind", "discussion"),
			},
		},
		{
			name: "chatter of a channel makes no thread",
			given: func(f *fixture) {
				chat := f.in("chat")
				each(9, func(n string) { chat.reply("channel", "c"+n, "2025-05-02") })
				chat.talk("root", "c1", "2025-05-03")
				chat.reply("root", "c2", "2025-05-03 08:00")
			},
			want: []want{is("thread_depth_mean", "2025-05", 1).of(1, 1)},
		},
		{
			name: "threads of staff and removed threads have no depth",
			given: func(f *fixture) {
				f.staff("s")
				f.talk("S", "s", "2025-05-20")
				f.reply("S", "m", "2025-06-21")
				f.talk("R", "m", "2024-12-20", line{"is_removed": true})
				f.reply("R", "n", "2024-12-21")
			},
			want: []want{
				isNull("thread_depth_mean", "2025-06").status("zero_denominator"),
				isNull("thread_depth_mean", "2024-12").status("zero_denominator"),
			},
		},
	})
}

func TestQuality_solutions(t *testing.T) {
	checkGoldens(t, "", []golden{
		{
			name: "places without acceptance are left out and not scored 0",
			given: func(f *fixture) {
				f.question("A", "a", "2025-06-01", line{"category": "support"})
				f.question("B", "b", "2025-06-02", line{"category": "support"})
				f.accepted("A", f.reply("A", "h", "2025-06-01 10:00"), "2025-06-01 12:00")
				mail := f.in("mail")
				mail.tells(line{"supports_accept": false})
				each(3, func(n string) { mail.thread("M"+n, "m"+n, "2025-06-03") })
			},
			want: []want{
				is("accepted_solution_rate", "2025-06", 0.5).of(1, 2),
				is("accepted_solution_count", "2025-06", 1),
				is("unanswered_question_rate", "2025-06", 0.8).of(4, 5),
			},
		},
		{
			name: "taken back and given again counts once",
			given: func(f *fixture) {
				f.question("again", "a", "2025-07-01")
				first := f.reply("again", "h", "2025-07-02")
				f.accepted("again", first, "2025-07-02 10:00", line{"unaccepted_at": f.at("2025-07-03"), "source_updated_at": f.at("2025-07-03")})
				f.accepted("again", first, "2025-07-05", line{"source_updated_at": f.at("2025-07-05")})
				f.question("other", "b", "2025-07-01")
				f.accepted("other", f.reply("other", "h", "2025-07-02"), "2025-07-02 10:00", line{"unaccepted_at": f.at("2025-07-03")})
				f.accepted("other", f.reply("other", "k", "2025-07-02"), "2025-07-08")
				f.question("withdrawn", "c", "2025-07-01")
				f.accepted("withdrawn", f.reply("withdrawn", "h", "2025-07-02"), "2025-07-02 10:00", line{"unaccepted_at": f.at("2025-07-03")})
				f.question("never", "d", "2025-07-01")
			},
			want: []want{
				is("accepted_solution_rate", "2025-07", 0.5).of(2, 4),
				is("accepted_solution_rate_answered", "2025-07", 2.0/3).of(2, 3),
				is("accepted_solution_count", "2025-07", 2),
			},
		},
		{
			name: "the window is half open and solutions count at their own day",
			given: func(f *fixture) {
				f.question("intime", "a", "2025-08-20 10:00")
				f.accepted("intime", f.reply("intime", "h", "2025-08-21"), "2025-09-03 09:59:59")
				f.question("late", "b", "2025-08-20 10:00")
				f.accepted("late", f.reply("late", "h", "2025-08-21"), "2025-09-03 10:00:00")
			},
			want: []want{
				is("accepted_solution_rate", "2025-08", 0.5).of(1, 2),
				is("accepted_solution_count", "2025-08", 0),
				is("accepted_solution_count", "2025-09", 2),
			},
		},
		{
			name: "an own answer solves and is no help by peers",
			given: func(f *fixture) {
				f.question("own", "a", "2025-10-01")
				f.accepted("own", f.reply("own", "a", "2025-10-02"), "2025-10-02 10:00")
			},
			want: []want{
				is("accepted_solution_rate", "2025-10", 1).of(1, 1),
				is("accepted_solution_rate_answered", "2025-10", 1).of(1, 1),
				isNull("peer_response_share", "2025-10").status("zero_denominator"),
			},
		},
		{
			name: "an acceptance without a date says nothing of what was before the first look",
			given: func(f *fixture) {
				undated := f.in("undated")
				for name, at := range map[string]string{"old": "2025-12-01", "new": "2026-08-21"} {
					undated.question(name, "a-"+name, at, line{"category": "support"})
					undated.accepted(name, undated.reply(name, "h", at+" 10:00"), at, line{"accepted_at": nil})
				}
				undated.question("ignored", "b", "2025-12-01", line{"category": "support"})
				f.question("dated", "a", "2026-01-01")
				f.accepted("dated", f.reply("dated", "h", "2026-01-02"), "2026-01-03")
				undated.question("open", "b", "2026-08-21", line{"category": "support"})
			},
			want: []want{
				isNull("accepted_solution_rate", "2025-12").status("zero_denominator"),
				isNull("accepted_solution_rate_answered", "2025-12").status("zero_denominator"),
				is("accepted_solution_count", "2026-01", 1),
				is("accepted_solution_rate", "2026-08", 0.5).of(1, 2),
				isAbsent("accepted_solution_count", "2026-09"),
			},
		},
		{
			name: "roles are those of the moment of the reply",
			given: func(f *fixture) {
				role := func(who, from, to string) {
					l := line{"identity_id": f.login(who), "role_name": "staff", "valid_from": f.at(from)}
					if to != "" {
						l["valid_to"] = f.at(to)
					}
					f.put("identity_role", l)
				}
				role("hired", "2025-11-10", "")
				role("left", "2025-01-01", "2025-11-10")
				f.question("A", "a", "2025-11-01")
				f.reply("A", "hired", "2025-11-02") // a peer still
				f.question("B", "b", "2025-11-01")
				f.reply("B", "left", "2025-11-02") // staff still
				f.question("C", "c", "2025-11-20")
				f.reply("C", "hired", "2025-11-21")
				f.reply("C", "left", "2025-11-22") // a peer now, but second
				f.question("D", "d", "2025-11-20")
				f.reply("D", "left", "2025-11-21")
			},
			want: []want{is("peer_response_share", "2025-11", 0.5).of(2, 4)},
		},
		{
			name:  "a month without questions has no rate",
			given: func(f *fixture) { f.talk("A", "a", "2025-09-01") },
			want: []want{
				isNull("accepted_solution_rate", "2025-09").status("zero_denominator"),
				isNull("accepted_solution_rate_answered", "2025-09").status("zero_denominator"),
				isNull("peer_response_share", "2025-09").status("zero_denominator"),
			},
		},
	})
}

// What the second look shows accepted and the first did not was accepted between
// them, though no look before showed any acceptance.
func TestQuality_solutionsOfTheSecondLook(t *testing.T) {
	f := newFixture(t)
	f.lines["answer"] = nil
	replies := map[string]string{}
	for name, at := range map[string]string{"old": "1 Jan", "before": "25 Feb", "after": "2 Mar"} {
		f.question(name, "a-"+name, at)
		replies[name] = f.reply(name, "h", at+" 10:00")
	}
	s := openSite(t, f, "")
	s.sync(t, f, time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC))
	for _, name := range []string{"old", "before"} {
		f.accepted(name, replies[name], "1 Jan", line{"accepted_at": nil})
	}
	s.sync(t, f, time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC))
	s.sync(t, f, now)
	s.build(t, map[string]bool{"accepted_solution_rate": true, "accepted_solution_count": true})
	is("accepted_solution_count", "2026-03", 2).check(t, s)
	isNull("accepted_solution_rate", "2026-01").check(t, s)
	is("accepted_solution_rate", "2026-02", 1).of(1, 1).check(t, s)
	is("accepted_solution_rate", "2026-03", 0).of(0, 1).check(t, s)
}

func TestQuality_helpfulVotes(t *testing.T) {
	voted := func(f *fixture) {
		f.bots("bot")
		f.talk("A", "a", "2025-10-01")
		own := f.reply("A", "b", "2025-10-02")
		f.votes(own, "like", "2025-10-03", "b", "bot")
		late := f.reply("A", "c", "2025-10-02 10:00")
		f.votes(late, "like", "2025-10-16 10:00", "v1") // 14 days are over
		intime := f.reply("A", "d", "2025-10-02 10:00")
		f.votes(intime, "like", "2025-10-16 09:59:59", "v1")
		taken := f.reply("A", "e", "2025-10-02 10:00")
		f.does("reaction", "v1", "2025-10-03", line{"reaction": "like", "content_id": taken, "is_removed": true})
		f.votes(f.reply("A", "a", "2025-10-04"), "like", "2025-10-05", "v1") // the author's own thread
	}
	t.Run("own votes and those of bots are ignored", func(t *testing.T) {
		checkGoldens(t, "", []golden{{
			name: "votes", given: voted,
			want: []want{
				is("helpful_vote_rate", "2025-10", 0.25).of(1, 4),
				is("helpful_votes_per_reply", "2025-10", 0.25),
			},
		}})
	})
	t.Run("rules say which reactions are helpful", func(t *testing.T) {
		rules := `
engagement_rule "reaction" {
  reaction = "bulb"
  tier     = 1
  helpful  = true
}
engagement_rule "reaction" {
  reaction = "like"
  tier     = 1
  helpful  = false
}
`
		checkGoldens(t, rules, []golden{{
			name: "reactions",
			given: func(f *fixture) {
				f.talk("A", "a", "2025-10-01")
				f.votes(f.reply("A", "b", "2025-10-02"), "like", "2025-10-03", "v1", "v2")
				f.votes(f.reply("A", "c", "2025-10-02"), "bulb", "2025-10-03", "v1", "v2")
				f.votes(f.reply("A", "d", "2025-10-02"), "thumbsdown", "2025-10-03", "v1")
			},
			want: []want{
				is("helpful_vote_rate", "2025-10", 1.0/3).of(1, 3),
				is("helpful_votes_per_reply", "2025-10", 2.0/3),
			},
		}})
	})
}
