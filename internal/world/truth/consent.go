package truth

import "rollcall/internal/world"

// countConsent counts the forum logins that are live at the end of a month and
// those of them whose owner had agreed to matching by then. What a site claims
// for all is no answer of anybody's (consent_coverage_rate).
func (h *history) countConsent(l *ledger) {
	for m := l.first; m <= l.last; m++ {
		end := h.endOfDay(m.last())
		words := lastWords(h.w, end)
		for _, login := range h.members {
			if login.joined < end && login.left >= end && h.people.standing(login.human, end-1) == member {
				said, hasSaid := words[login.login]
				l.share("consent_coverage_rate", m, h.slices(login.community), hasSaid && said == world.Granted)
			}
		}
	}
}
