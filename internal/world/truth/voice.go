package truth

import (
	"rollcall/internal/world"
)

// A rating is one answer to one question on a scale.
type rating struct {
	response world.ResponseID
	question world.QuestionID
	survey   world.SurveyID
	human    int32
	at       world.Moment
	// score lies between 0 and scale, more being better.
	score, scale int32
}

// isTop is the rule of R7: (score - min) * 3 >= 2 * (max - min).
func (r rating) isTop() bool { return r.score*3 >= 2*r.scale }

// ofFive moves the score to 1-5.
func (r rating) ofFive() float64 { return 1 + 4*float64(r.score)/float64(r.scale) }

// readVoices lists the answers that are valid: of finished submissions, on their
// question's scale, by people who were neither staff nor bots nor tests. (That
// unfinished ones are not valid the catalogue leaves open.)
func (h *history) readVoices() {
	h.shown(func(e *world.Event) {
		if e.Kind != world.Answered {
			return
		}
		h.noteFirst(e.At)
		response := &h.w.Responses[e.Object]
		if !response.Complete || !h.isMember(response.Login, response.At) {
			return
		}
		for i, id := range h.w.Surveys[response.Survey].Questions {
			q, score := &h.w.Questions[id], int32(response.Scores[i])
			if score < q.Min || score > q.Max || q.Max <= q.Min {
				continue
			}
			r := rating{world.ResponseID(e.Object), id, response.Survey, h.human(response.Login), response.At, score - q.Min, q.Max - q.Min}
			if !q.HigherIsBetter {
				r.score = r.scale - r.score
			}
			h.ratings = append(h.ratings, r)
		}
	})
}

// writeSurveys lists answers as meaningful acts (G11, "survey/feedback given")
// of the community they are about. Those about the product or a ticket are no
// act in a community.
func (h *history) writeSurveys() {
	h.shown(func(e *world.Event) {
		if e.Kind != world.Answered {
			return
		}
		response := &h.w.Responses[e.Object]
		survey := &h.w.Surveys[response.Survey]
		isAbout := survey.Community != world.None || survey.Kind == "event" || survey.Kind == "community_sat"
		if response.Complete && isAbout {
			h.add(response.Login, survey.Community, response.At, meaningful, other)
		}
	})
}

// countRatings counts what members think of events and of the community.
func (h *history) countRatings(l *ledger) {
	last := make(map[participant]rating)
	for _, r := range h.ratings {
		survey := &h.w.Surveys[r.survey]
		switch {
		case survey.Kind == "event" && survey.Gathering != world.None:
			h.keepLast(last, participant{survey.Gathering, r.human}, r)
		case survey.Kind == "community_sat" && h.isLiveMember(r.human, r.at):
			in := append(whole(), segment{"survey_mode", survey.Mode})
			l.share("member_satisfaction_share", h.days.month(r.at), in, r.isTop())
		}
	}
	for _, r := range h.ratings { // in their order, so that sums are equal to the last digit
		k := participant{h.w.Surveys[r.survey].Gathering, r.human}
		if last[k] != r {
			continue
		}
		g := &h.w.Gatherings[k.gathering]
		in := append(whole(), segment{"event_series", g.Series})
		l.mean("event_satisfaction_score", h.days.month(g.Starts), in, r.ofFive())
		l.share("event_satisfaction_top2", h.days.month(g.Starts), in[:1], 4*r.score >= 3*r.scale)
	}
}

// keepLast keeps the last answer per attendee and event that came in time. Who
// registered and did not come is no attendee; who the events tool does not know
// counts, since a survey's addresses need not be known there.
func (h *history) keepLast(last map[participant]rating, k participant, r rating) {
	g := &h.w.Gatherings[k.gathering]
	if r.at >= g.Ends.Add(ratingWindow) || h.hosts[k] || h.absent[k] {
		return
	}
	if before, ok := last[k]; !ok || r.at > before.at || r.at == before.at && r.response >= before.response {
		last[k] = r
	}
}
