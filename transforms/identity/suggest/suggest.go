// Package suggest finds identities that may belong to one person though no
// evidence links them, and says how likely each pair is and why. It never links:
// a person reads the list and decides.
//
// The model is Fellegi and Sunter's (A Theory for Record Linkage, JASA 1969):
// each field of a pair agrees in one of a few ways, and each way weighs
// log2(m/u), where m is its share among pairs of one person and u its share
// among pairs of two. Agreements are split by how rare the value is, so that
// two Xaviers Quillfeather weigh more than two Johns Smith. Both shares, and how
// many pairs match at all, are learnt without labels by expectation
// maximisation (Winkler 1988).
package suggest

import (
	"cmp"
	"math"
	"slices"
)

// A Record is one identity as a source describes it. Any field may be empty.
type Record struct {
	Key       string
	Names     []string
	Usernames []string
	// Locals are local parts of mailboxes, without role words.
	Locals []string
	// Companies are registrable domains or ids of organisations.
	Companies []string
	// Attributes are further facts by name (date of birth, city), compared
	// letter by letter.
	Attributes map[string]string
	// Person is equal for records that are linked already: they are compared as
	// one, and never suggested. "" is a person of its own.
	Person string
}

// Options bound the answer.
type Options struct {
	// MinProbability leaves out less likely pairs. Zero means 0.05: one in twenty is
	// still worth a look in a list that begins with the likeliest.
	MinProbability float64
	// Limit is the longest answer, the likeliest first. Zero means no limit.
	Limit int
}

// A Suggestion is a pair of people, each by the smallest key among its records,
// A before B.
type Suggestion struct {
	A, B        string
	Odds        float64 // log2 of the odds that the two are one person
	Probability float64
	Evidence    []Evidence
}

// Evidence is one field side by side. Weight is what it adds to Odds; the rest
// of Odds is how rare any match is.
type Evidence struct {
	Field     string  `json:"field"`
	A         string  `json:"a"`
	B         string  `json:"b"`
	Agreement string  `json:"agreement"`
	Weight    float64 `json:"weight"`
}

// Pairs lists the likeliest pairs, by falling odds, then by keys, but none that
// is no likelier than any two people of so small a crowd are. The same records
// in any order give the same list.
func Pairs(records []Record, options Options) []Suggestion {
	if options.MinProbability == 0 {
		options.MinProbability = 0.05
	}
	crowd := newCrowd(records)
	pairs := crowd.candidates()
	if len(pairs) == 0 {
		return nil
	}
	weights := crowd.learn(pairs)
	floor := math.Log2(options.MinProbability / (1 - options.MinProbability))
	var found []Suggestion
	for _, p := range pairs {
		seen := crowd.compare(p.a(), p.b())
		v := crowd.vector(&seen)
		if odds := weights.odds(&v); odds >= floor && odds > weights.prior { // something speaks for it
			found = append(found, crowd.suggestion(p, &seen, &v, weights))
		}
	}
	slices.SortFunc(found, func(x, y Suggestion) int {
		return cmp.Or(cmp.Compare(y.Odds, x.Odds), cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	if options.Limit > 0 && len(found) > options.Limit {
		found = found[:options.Limit]
	}
	return found
}

func (c *crowd) suggestion(p pair, seen *comparison, v *vector, w *weights) Suggestion {
	odds := w.odds(v)
	s := Suggestion{
		A: c.people[p.a()].key, B: c.people[p.b()].key,
		Odds: odds, Probability: 1 / (1 + math.Exp2(-odds)),
	}
	for field, f := range seen.findings {
		if f.category == missing {
			continue
		}
		s.Evidence = append(s.Evidence, Evidence{
			Field: c.nameOf(field), A: f.a, B: f.b, Agreement: f.agreement,
			Weight: w.of[f.category] + float64(v.bits[field]),
		})
	}
	return s
}
