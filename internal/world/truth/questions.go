package truth

import (
	"math"

	"rollcall/internal/world"
)

// A question is a thread in which a member asked something, and the first
// answer by another person who was no bot or test (staff may respond).
type question struct {
	thread     world.ThreadID
	asked      world.Moment
	responded  world.Moment // Never
	byStaff    bool
	isSolvable bool
}

// isQuestion is the ruling for threads without a label: where a community
// accepts answers in some categories, those; else every thread of a forum, and
// none of GitHub.
func (h *history) isQuestion(id world.ThreadID) bool {
	t := &h.w.Threads[id]
	c := &h.w.Communities[t.Community]
	for i := range c.Categories {
		if c.Categories[i].Solvable {
			return c.Categories[t.Category].Solvable
		}
	}
	return isForum(c.Source)
}

// questions are those that members asked and nobody took down, with replies
// answered by their own moments.
func (h *history) questions() []question {
	place := make([]int, len(h.w.Threads))
	var questions []question
	for i := range h.w.Threads {
		t := &h.w.Threads[i]
		place[i] = -1
		opening := &h.w.Posts[t.Opening]
		if !h.counts(t.Opening) || !h.isQuestion(world.ThreadID(i)) || !h.isMember(opening.Author, opening.At) {
			continue
		}
		place[i] = len(questions)
		questions = append(questions, question{
			thread: world.ThreadID(i), asked: opening.At, responded: world.Never,
			isSolvable: h.w.Communities[t.Community].Categories[t.Category].Solvable,
		})
	}
	for i := range h.w.Posts {
		p := &h.w.Posts[i]
		if at := place[p.Thread]; at >= 0 && h.responds(world.PostID(i)) {
			questions[at].hear(p.At, h.people.standing(h.human(p.Author), p.At) == staff)
		}
	}
	return questions
}

// responds says whether a post can be the first response of its thread: a reply
// by another person later than the question.
func (h *history) responds(id world.PostID) bool {
	p := &h.w.Posts[id]
	asked := h.w.Posts[h.w.Threads[p.Thread].Opening].At
	return !h.isOpening(id) && h.counts(id) && p.At > asked && h.isToOther(id) &&
		h.people.standing(h.human(p.Author), p.At) != barred
}

// hear keeps the earliest response. Posts come in the order of their ids, which
// decide where moments are equal (G16).
func (q *question) hear(at world.Moment, byStaff bool) {
	if at < q.responded {
		q.responded, q.byStaff = at, byStaff
	}
}

func (q *question) isAnswered() bool { return q.responded != world.Never }

// hours to the first response; infinite without one.
func (q *question) hours() float64 {
	if !q.isAnswered() {
		return math.Inf(1)
	}
	return hoursFrom(q.asked, q.responded)
}

// countQuestions counts how questions fare, by the month in which they were
// asked.
func (h *history) countQuestions(l *ledger) {
	for _, q := range h.questions() {
		m, in := h.days.month(q.asked), h.slices(h.w.Threads[q.thread].Community)
		l.share("unanswered_question_rate", m, in, !within(q.asked, q.responded, unansweredWindow))
		l.share("first_response_within_24h_rate", m, in, q.isAnswered() && q.responded <= q.asked.Add(fastResponse))
		l.amount("first_response_time_censored_median_hours", m, in, q.hours())
		if q.isAnswered() {
			l.amount("first_response_time_median_hours", m, in, q.hours())
			l.mean("first_response_time_mean_hours", m, in, q.hours())
			l.share("peer_response_share", m, in, !q.byStaff)
		}
		h.countBacklog(l, q, in)
		if q.isSolvable {
			h.countAcceptance(l, q, in)
		}
	}
}

// countBacklog counts a question in each month at whose end it stood open.
func (h *history) countBacklog(l *ledger, q question, in []segment) {
	for m := h.days.month(q.asked); m <= l.last; m++ {
		if q.responded < h.endOfDay(m.last()) {
			return
		}
		l.count("unanswered_question_backlog", m, in, 1)
	}
}

// countAcceptance counts a question of a category that accepts answers. One
// whose window was over when acceptances began to be watched is left out: they
// may be of any age. Answered, in the variant, is who got a reply or an accepted
// answer (be it the asker's own) in the same window.
func (h *history) countAcceptance(l *ledger, q question, in []segment) {
	source := h.source(h.w.Threads[q.thread].Community)
	watched := h.witness.watchesFrom(source)
	at, isAccepted := h.acceptedAt(q.thread)
	if isAccepted && (h.witness.isComplete || at > watched || !isForum(source)) {
		l.count("accepted_solution_count", h.days.month(at), in, 1)
	}
	if q.asked.Add(acceptWindow) <= watched {
		return
	}
	m := h.days.month(q.asked)
	inTime := isAccepted && at < q.asked.Add(acceptWindow)
	l.share("accepted_solution_rate", m, in, inTime)
	if inTime || within(q.asked, q.responded, acceptWindow) {
		l.share("accepted_solution_rate_answered", m, in, inTime)
	}
}
