package truth

import (
	"time"

	"rollcall/internal/world"
)

// Numbers that the catalogue calls parameters, at their defaults.
const (
	activationWindow = 14 * 24 * time.Hour // new_member_activation_rate
	unansweredWindow = 168 * time.Hour     // unanswered_question_rate
	fastResponse     = 24 * time.Hour      // first_response_within_24h_rate
	acceptWindow     = 14 * 24 * time.Hour // accepted_solution_rate
	depthWindow      = 14 * 24 * time.Hour // thread_depth_mean
	helpfulWindow    = 14 * 24 * time.Hour // G11, helpful_vote_rate
	ratingWindow     = 14 * 24 * time.Hour // event_satisfaction_score
	minChars         = 80                  // G11
	minAttendMinutes = 10                  // G11, event_participation_rate
	quietDays        = 30                  // at_risk_member_share
	regularDays      = 90                  // the same: the days before the quiet ones
	regularActive    = 2                   // the same: active days that make a regular
	rollingDays      = 30                  // community_mau, r30
)

// within is the half-open window of G2: from a moment on, and before d later.
func within(from, at world.Moment, d time.Duration) bool {
	return at >= from && at < from.Add(d)
}

func hoursFrom(from, at world.Moment) float64 {
	return float64(at-from) / float64(time.Hour/time.Millisecond)
}

// A tier grades an act (G11).
type tier int8

const (
	passive    tier = 0
	light      tier = 1
	meaningful tier = 2
	high       tier = 3
)

// isHelpful says which reactions find a reply helpful. The catalogue names
// "like, +1, heart…" and leaves the rest of the list open: hooray is taken as
// one of them, as the shipped engagement rules do.
func isHelpful(r world.Reaction) bool {
	return r == world.Like || r == world.ThumbsUp || r == world.Heart || r == world.Hooray
}

// showsLength says whether a source shows how long a text is. GitHub is read
// without bodies; content of unknown length counts as long enough.
func showsLength(s world.Source) bool { return s != world.GitHub }

// isCommunity says which sources are communities that people take part in.
func isCommunity(s world.Source) bool { return s == world.Forum || s == world.Lab || s == world.GitHub }

// isForum says which have members: nobody joins a repository.
func isForum(s world.Source) bool { return s == world.Forum || s == world.Lab }
