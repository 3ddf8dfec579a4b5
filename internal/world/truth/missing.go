package truth

import (
	"slices"

	"rollcall/internal/world"
)

// missing lists the KPIs for which a source is wanting, and all that stays
// unknown, with reasons.
func (h *history) missing() (ids []string, gaps []Gap) {
	without := func(isThere bool, why string, kpis ...string) {
		for _, id := range kpis {
			if !isThere {
				ids = append(ids, id)
				gaps = append(gaps, Gap{id, why})
			}
		}
	}
	without(h.countsVisits(), "not every community says who visits: everybody active has written something",
		"contributor_rate", "contributor_lurker_ratio", "engaged_share_of_active")
	without(false, "no source says how often members viewed content", "content_save_rate")
	without(h.tellsAttendance(nil), "no events tool says who came", "event_participation_rate", "event_attendees", "event_walk_in_count")
	without(h.tellsAttendance([]string{"research"}), "there is no research that anybody came to", "research_participation_rate")
	without(h.companies != nil, "nobody read which companies there are", "identity_match_rate")
	without(h.acceptsAnswers(), "no category accepts answers", "accepted_solution_rate", "accepted_solution_rate_answered", "accepted_solution_count")
	without(h.toldVotes, "nobody has reacted to anything", "helpful_vote_rate", "helpful_votes_per_reply")
	gaps = append(gaps,
		Gap{"community_wau", "is given by week only, and has no month"},
		Gap{"", "how long GitHub's texts are: it is read without them, and all count as long enough"},
		Gap{"", "join_channel: no source says how members came"},
	)
	if !h.witness.isComplete {
		gaps = append(gaps,
			Gap{"moderation_response_time_median_hours", "forums do not say when a moderator decided"},
			Gap{"accepted_solution_count", "forums do not date acceptances: those that the first look showed have no day"},
			Gap{"accepted_solution_rate", "questions whose 14 days were over at the first look of their forum are left out"},
		)
	}
	return ids, gaps
}

// tellsAttendance says whether there is a gathering, of one of the kinds, of
// which it is known who came.
func (h *history) tellsAttendance(kinds []string) bool {
	found := false
	h.shown(func(e *world.Event) {
		if e.Kind == world.GatheringPlanned && h.w.Gatherings[e.Object].HasAttendance {
			found = found || kinds == nil || slices.Contains(kinds, h.w.Gatherings[e.Object].Kind)
		}
	})
	return found
}

func (h *history) acceptsAnswers() bool {
	for _, c := range h.w.Communities {
		for _, category := range c.Categories {
			if category.Solvable {
				return true
			}
		}
	}
	return false
}
