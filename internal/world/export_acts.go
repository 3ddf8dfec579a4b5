package world

import (
	"fmt"
	"strconv"
)

// subscription writes a contract as it stands after an event.
func (x *exporter) subscription(e *Event) {
	s := &x.Subscriptions[e.Object]
	status, plan, price, ended, reason := "active", "", "", "", ""
	interval := "month"
	if s.Yearly {
		interval = "year"
	}
	if e.Kind == Churned { // the log has the reason in place of the plan
		status, ended = "cancelled", stamp(e.At)
		reason = [...]string{"too_expensive", "missing_feature", "competitor", "not_needed", "closed_down"}[e.Detail]
	} else {
		plan, price = planName(Plan(e.Detail)), strconv.Itoa(int(SeatPrice(Plan(e.Detail), s.Currency)))
	}
	if e.Kind == Paused {
		status = "paused"
	}
	x.row(Billing.Instance(), "subscriptions", "id,customer_id,status,plan,seats,seat_price_minor,currency,interval,started_at,ended_at,reason,updated_at",
		fmt.Sprintf("sub_%06d", s.ID), x.OrgKey(s.Customer), status, plan, strconv.Itoa(int(e.Amount)), price, string(s.Currency), interval,
		stamp(s.From), ended, reason, stamp(e.At))
}

func planName(p Plan) string {
	return [...]string{"starter", "team", "business", "enterprise"}[p]
}

// gathering writes an event in the product's own columns, since it belongs to
// the forum, which is another source.
func (x *exporter) gathering(e *Event) {
	g := &x.Gatherings[e.Object]
	x.line(Meetups.Instance(), "gatherings", map[string]any{
		"gathering_id": x.gatheringKey(GatheringID(e.Object)), "community_id": "discourse:" + Forum.Instance(), "title": g.Series, "kind": g.Kind, "event_series": g.Series,
		"starts_at": stamp(g.Starts), "ends_at": stamp(g.Ends), "capacity": g.Capacity, "reports_attendance": g.HasAttendance,
		"is_cancelled": e.Kind == GatheringCalledOff, "source_updated_at": stamp(e.At),
	})
}

// attendance writes a login's visit of an event as it stands after an event of
// the log.
func (x *exporter) attendance(e *Event) {
	registered, cancelled, joined, left, minutes := "", "", "", "", ""
	if at, ok := x.registered[visitKey{e.Login, e.Object}]; ok {
		registered = stamp(at)
	}
	switch e.Kind {
	case Unregistered:
		cancelled = stamp(e.At)
	case Attended:
		joined, left, minutes = stamp(e.At), stamp(e.At+Moment(e.Amount)*60_000), strconv.Itoa(int(e.Amount))
	}
	g := x.Gatherings[e.Object].ID
	x.row(Meetups.Instance(), "attendance", "id,event,attendee,registered_at,cancelled_at,joined_at,left_at,minutes,is_host,updated_at",
		fmt.Sprintf("%d-%s", g, x.UserID(e.Login)), strconv.FormatInt(g, 10), x.UserID(e.Login), registered, cancelled, joined, left, minutes,
		yes(e.Detail == 1), stamp(e.Seen))
}

// response writes a submission, a line for each question that was answered.
func (x *exporter) response(e *Event) {
	r := &x.Responses[e.Object]
	for i, question := range x.Surveys[r.Survey].Questions {
		if r.Scores[i] < 0 {
			continue
		}
		line := map[string]any{
			"response": r.ID, "survey": x.Surveys[r.Survey].ID, "question": x.Questions[question].ID, "respondent": x.UserID(r.Login),
			"at": stamp(r.At), "score": r.Scores[i], "complete": r.Complete,
		}
		if r.Ticket != None {
			line["ticket"] = x.Tickets[r.Ticket].ID
		}
		x.line(Surveys.Instance(), "responses", line)
	}
}

// use writes an event of the product into the file of the month in which it
// was received.
func (x *exporter) use(i int, e *Event) {
	event := ProductEvents()[e.Detail]
	x.line(Product.Instance(), "events-"+e.Seen.Time().Format("2006-01"), map[string]any{
		"id": i, "name": event.Name, "feature": event.Feature, "user": x.UserID(e.Login), "workspace": x.OrgKey(OrgID(e.Object)), "at": stamp(e.At),
	})
}

// ticket writes a ticket as it stands after an event.
func (x *exporter) ticket(e *Event) {
	t := &x.Tickets[e.Object]
	line := map[string]any{
		"id": t.ID, "requester": x.UserID(t.Requester), "organisation": x.OrgKey(t.Org), "topic": Topics()[t.Topic], "opened_at": stamp(t.Opened),
		"status": map[Kind]string{TicketOpened: "open", TicketAnswered: "open", TicketSolved: "solved", TicketReopened: "open"}[e.Kind], "updated_at": stamp(e.At),
	}
	if t.Answered <= e.At {
		line["first_answer_at"] = stamp(t.Answered)
	}
	if e.Kind == TicketSolved {
		line["solved_at"] = stamp(e.At)
	}
	x.line(Helpdesk.Instance(), "tickets", line)
}
