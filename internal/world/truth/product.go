package truth

import "rollcall/internal/world"

// A use is a human's month in the product.
type use struct {
	month    month
	human    int32
	isActive bool
	didTrain bool
}

// countUsers counts who trained among who used the product
// (training_engagement_rate). Active is who did a key action: all with a feature
// that are no training, as the world's configuration has it. Trainings and
// office hours attended are training too.
func (h *history) countUsers(l *ledger) {
	used := make(map[placed]*use)
	of := func(k placed) *use {
		if used[k] == nil {
			used[k] = &use{month: k.month, human: k.human}
		}
		return used[k]
	}
	events := world.ProductEvents()
	h.shown(func(e *world.Event) {
		if e.Kind == world.Used && h.isMember(e.Login, e.At) {
			u := of(placed{h.days.month(e.At), h.human(e.Login)})
			event := events[e.Detail]
			u.isActive = u.isActive || event.Feature != "" && !event.IsTraining
			u.didTrain = u.didTrain || event.IsTraining
		}
	})
	for _, p := range h.came {
		g := &h.w.Gatherings[p.gathering]
		if p.attended() && (g.Kind == "training" || g.Kind == "office_hours") {
			of(placed{h.days.month(g.Starts), p.human}).didTrain = true
		}
	}
	for _, u := range used {
		if u.isActive {
			l.share("training_engagement_rate", u.month, whole(), u.didTrain)
		}
	}
}
