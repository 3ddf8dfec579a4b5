// Package truth works out the value of every KPI of the families health and
// engagement_quality from the event log of a simulated company, by month, in
// plain Go and from the KPI catalogue's definitions: an answer to compare the
// product's SQL with, which shares no line with it. Where the catalogue leaves a
// rule open, a comment says which was taken.
package truth

import (
	"slices"
	"time"

	"rollcall/internal/world"
)

// A Truth is what was so, as far as a reader of the sources can know it.
type Truth struct {
	Values        []Value // by KPI, segment, period
	NotConfigured []string
	Gaps          []Gap        // what the KPIs cannot tell, or the log does not say
	People        []int32      // by LoginID: number of the human it belongs to
	Employments   []Employment // by human, then From
}

// Knows says whether the truth of a KPI is told, or why it cannot be.
func (t *Truth) Knows(kpi string) bool {
	_, ok := kpis()[kpi]
	return ok || slices.ContainsFunc(t.Gaps, func(g Gap) bool { return g.KPI == kpi })
}

// A Value is one KPI of one month and slice. Counts have no Denominator,
// medians have no Numerator and as Denominator how many values they halve;
// both are 0 then.
type Value struct {
	KPI          string
	Grain        string    // month
	Period       time.Time // its first day, at midnight UTC
	SegmentType  string    // all, or as the catalogue's §5 names it
	SegmentValue string

	Numerator   float64
	Denominator float64
	Value       float64
	HasValue    bool // false: nothing to divide by, or no median
	IsPartial   bool // the month, or what the KPI waits for after it, was not over
}

// A Gap is something that stays unknown, with the reason. KPI is empty where it
// concerns the log and no KPI of its own.
type Gap struct {
	KPI string
	Why string
}

// An Employment says that a human belonged to a company over [From, Until). A
// company that was bought keeps its own number; World.OwnerOf tells the buyer.
type Employment struct {
	Human       int32
	Company     world.CompanyID
	From, Until world.Moment
}

// A Reading is how the sources were read.
type Reading struct {
	// Looks are the moments at which all sources were read, in order, the last
	// no later than the KPIs. What a source shows without a date (an accepted
	// answer, a visit, a moderator's rights) is known from the look that first
	// shows it. None: somebody watched all the time.
	Looks []time.Time
	// People are numbers of humans by LoginID, as somebody resolved them; nil:
	// as it is, of the logins that may be linked.
	People []int32
	// Companies are numbers of companies by OrgID, as somebody resolved them; nil:
	// nobody read of any.
	Companies []int32
	// Objecting is the basis of linking a community's logins: true links those
	// whose owner did not refuse (legitimate interest), false those only whose
	// owner agreed.
	Objecting bool
}

// Compute works out what is true at a moment for a witness of everything: all
// that happened is dated as it happened. Logins are linked where their owners
// agreed.
func Compute(w *world.World, at time.Time) *Truth { return ComputeRead(w, at, Reading{}) }

// ComputeRead works out what a reader of the sources can know of all that had
// shown by a moment.
func ComputeRead(w *world.World, at time.Time, r Reading) *Truth {
	h := remember(w, world.MomentOf(at), r)
	l := newLedger(h)
	h.countMembers(l)
	h.countConsent(l)
	h.countMatches(l)
	h.countActives(l)
	h.countRegulars(l)
	h.countActs(l)
	h.countQuestions(l)
	h.countThreads(l)
	h.countReplies(l)
	h.countModeration(l)
	h.countGatherings(l)
	h.countRatings(l)
	h.countUsers(l)
	t := &Truth{Values: l.values(), People: h.people.of, Employments: employments(w, h.people)}
	t.NotConfigured, t.Gaps = h.missing()
	return t
}
