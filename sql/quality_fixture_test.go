package sql_test

import "fmt"

// accepted marks a reply as the answer of a thread.
func (f *fixture) accepted(thread, reply, at string, more ...line) {
	f.t.Helper()
	f.put("answer", line{"thread_id": f.id("thread", thread), "reply_id": reply, "community_id": f.here(), "accepted_at": f.at(at)}, more...)
}

// votes is one reaction of each voter to a reply.
func (f *fixture) votes(reply, reaction, at string, voters ...string) {
	f.t.Helper()
	for _, who := range voters {
		f.does("reaction", who, at, line{"reaction": reaction, "content_id": reply})
	}
}

// register registers people for a gathering.
func (f *fixture) register(gathering, at string, people ...string) {
	f.t.Helper()
	for _, who := range people {
		f.attendance(gathering, who, line{"registered_at": f.at(at)})
	}
}

// come is a visit by each of so many minutes; who registered before shows so in
// a record of its own.
func (f *fixture) come(gathering, at string, minutes float64, people ...string) {
	f.t.Helper()
	for _, who := range people {
		f.attendance(gathering, who, line{"first_joined_at": f.at(at), "minutes_attended": minutes})
	}
}

// views are a day's views of a piece of content by one class of viewer.
func (f *fixture) views(content, day, class string, unique int) {
	f.put("content_view_daily", line{"content_type": "thread", "content_id": content, "community_id": f.here(),
		"view_date": day, "viewer_class": class, "views": 3 * unique, "unique_viewers": unique})
}

// A scale is how a survey's question may be answered.
type scale struct {
	min, max       float64
	lowerIsBetter  bool
	kind, mode     string
	aboutGathering string
}

// survey asks one question; more describes the survey.
func (f *fixture) survey(name string, s scale) {
	survey := line{"survey_id": f.id("survey", name), "kind": s.kind, "community_id": f.here()}
	if s.mode != "" {
		survey["survey_mode"] = s.mode
	}
	if s.aboutGathering != "" {
		survey["gathering_id"] = f.id("gathering", s.aboutGathering)
	}
	f.put("survey", survey)
	f.put("survey_question", line{"question_id": f.id("ask", name), "survey_id": f.id("survey", name),
		"scale_min": s.min, "scale_max": s.max, "higher_is_better": !s.lowerIsBetter})
}

// answers is one person's finished answer to a survey.
func (f *fixture) answers(survey, who, at string, score float64, more ...line) {
	f.t.Helper()
	f.put("survey_response", line{"response_id": f.id("response", f.next()), "question_id": f.id("ask", survey), "survey_id": f.id("survey", survey),
		"identity_id": f.login(who), "responded_at": f.at(at), "score_raw": score, "is_complete": true}, more...)
}

// uses is one event of the product's own tracking by each.
func (f *fixture) uses(event, at string, people []string, more ...line) {
	f.t.Helper()
	for _, who := range people {
		f.put("product_event", line{"event_id": "product:app:event:" + f.next(), "identity_id": f.login(who), "event_name": event, "occurred_at": f.at(at)}, more...)
	}
}

// chat opens a thread of one reply by each person, so that all of them are
// active on the day; the opener is staff and is not.
func (f *fixture) chat(name, at string, people ...string) (replies []string) {
	f.t.Helper()
	host := "host-" + name
	f.staff(host)
	f.talk(name, host, at)
	for _, who := range people {
		replies = append(replies, f.reply(name, who, at))
	}
	return replies
}

// each names n things of one kind.
func each(n int, do func(name string)) {
	for i := range n {
		do(fmt.Sprint(i + 1))
	}
}

// likes gives a reply as many likes, by people who do nothing else.
func (f *fixture) likes(reply string, n int, at string) {
	f.t.Helper()
	for range n {
		f.votes(reply, "like", at, "fan"+f.next())
	}
}
