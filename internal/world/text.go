package world

import "strings"

// Topics are the product areas that threads and tickets are about.
func Topics() []string {
	return []string{"capacity-planning", "calendar-import", "webhooks", "single-sign-on", "csv-export", "time-zones",
		"approval-rules", "api-tokens", "mobile-app", "shared-views", "seats", "audit-log"}
}

// A ProductEvent is a name under which the product tracks what users do.
type ProductEvent struct {
	Name, Feature string
	IsLogin       bool
	IsTraining    bool
	weight        float64
}

// ProductEvents are all there are; Used points into them.
func ProductEvents() []ProductEvent {
	return []ProductEvent{
		{Name: "session_started", IsLogin: true, weight: 34},
		{Name: "plan_created", Feature: "planning", weight: 13},
		{Name: "plan_shared", Feature: "sharing", weight: 9},
		{Name: "report_exported", Feature: "reports", weight: 11},
		{Name: "webhook_added", Feature: "integrations", weight: 4},
		{Name: "approval_given", Feature: "approvals", weight: 12},
		{Name: "calendar_imported", Feature: "calendar", weight: 8},
		{Name: "guide_opened", Feature: "learning", IsTraining: true, weight: 5},
		{Name: "course_completed", Feature: "learning", IsTraining: true, weight: 2},
		{Name: "api_called", Feature: "integrations", weight: 2},
	}
}

// Title is a thread's title.
func (w *World) Title(id ThreadID) string {
	t := &w.Threads[id]
	category := w.Communities[t.Community].Categories[t.Category]
	subject := strings.ReplaceAll(Topics()[t.Topic], "-", " ")
	text := w.Posts[t.Opening].text
	forms := []string{"How do I set up %s?", "Problem with %s since the last update", "Can %s be limited to one team?", "What is the best way to use %s?"}
	switch {
	case category.StaffOnly:
		forms = []string{"What is new in %s", "Planned changes to %s"}
	case category.Issues:
		forms = []string{"Error in %s", "%s: wrong result", "%s stops without a message"}
	case !category.Solvable:
		forms = []string{"How we use %s", "Idea: better %s", "Share your experience with %s"}
	}
	return strings.Replace(forms[int(text)%len(forms)], "%s", subject, 1)
}

// Body is a post's text in its n-th version, from 1: plain ASCII without
// markup, as many characters as Post.Chars, or its Edited event's Amount, says.
func (w *World) Body(id PostID, version int) string {
	p := &w.Posts[id]
	return strings.Join(sentences(p.text, p.form, version), " ")
}

// Forms of texts by length.
const (
	formShort uint8 = iota // below 80 characters
	formLong               // 80 or more
	formNote               // none: a note of the software
)

// sentences are those of one text: one short one, or two to six.
func sentences(text uint32, form uint8, version int) []string {
	if form == formNote {
		return nil
	}
	seed := mix(uint64(text), 1)
	shorts := shortSentences()
	if form == formShort {
		said := []string{shorts[seed%uint64(len(shorts))]}
		if version > 1 {
			said = append(said, "(Edited.)")
		}
		return said
	}
	longs := longSentences()
	said := []string{}
	for n := 2 + seed%5; n > 0; n-- {
		seed = mix(seed, n)
		said = append(said, longs[seed%uint64(len(longs))])
	}
	for range version - 1 {
		said = append(said, "Edit: made this clearer.")
	}
	return said
}

// chars counts what Body returns.
func chars(text uint32, form uint8, version int) int32 {
	n := -1
	for _, sentence := range sentences(text, form, version) {
		n += 1 + len(sentence)
	}
	return int32(max(n, 0))
}

func shortSentences() []string {
	return []string{
		"Thanks, that worked.", "Same here.", "Which version is this?", "Solved it, thank you!", "Any news on this?",
		"Could you share a screenshot?", "Works for us since last week.", "See the guide, step four.", "I would like to know that too.",
		"Try it in a private window first.", "That did not help, sadly.", "Good idea.",
	}
}

func longSentences() []string {
	return []string{
		"We have about forty planners in three offices, and each of them keeps their own view.",
		"When the import runs at night, some of the appointments arrive twice in the morning.",
		"I followed the guide step by step and ended up with an empty result every time.",
		"The setting you are looking for is on the second page of the workspace administration.",
		"In our case it was the time zone of the server, which did not match the one of the team.",
		"You can do this with a rule: choose the team first, then the day, then who approves.",
		"It would save us hours every week if this could be done for several plans at once.",
		"The log shows nothing unusual, only that the request took longer than thirty seconds.",
		"We solved it by giving the token its own user, so that nobody's holiday breaks the export.",
		"After the change in March the numbers at the end of the month do not add up any more.",
		"Please check that the address of the webhook can be reached from outside your network.",
		"I am attaching a small example that shows the difference between the two reports.",
	}
}
