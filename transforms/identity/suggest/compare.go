package suggest

import (
	"math"
	"strings"

	"github.com/agext/levenshtein"

	"rollcall/transforms/identity/name"
)

// A finding is how one field of a pair agrees. Chance is how many other people
// would agree so by accident.
type finding struct {
	category  int
	chance    float64
	a, b      string
	agreement string
}

type comparison struct {
	findings [fields]finding
}

func (c *crowd) compare(i, j int32) comparison {
	a, b := &c.people[i], &c.people[j]
	var seen comparison
	for field := range seen.findings {
		seen.findings[field].category = missing
	}
	named, left, right := c.compareNames(a, b)
	handles := c.compareHandles(a, b, named.category, left, right)
	if named.category == missing && (handles.category == missing || handles.category == handleOther) {
		seen.findings[fieldSpelling] = c.compareSpelling(a, b)
	}
	seen.findings[fieldName] = named
	seen.findings[fieldHandle] = handles
	seen.findings[fieldCompany] = c.compareCompanies(a, b)
	for at := range c.attributes {
		seen.findings[fieldAttribute+at] = c.compareValues(at, a.attributes[at], b.attributes[at])
	}
	return seen
}

// compareNames finds the two names that agree best, and returns their tokens.
func (c *crowd) compareNames(a, b *person) (best finding, left, right []string) {
	best.category = missing
	for _, x := range a.names {
		for _, y := range b.names {
			f := c.compareName(x, y)
			if f.category != missing && (best.category == missing || stronger(f, best)) {
				best, left, right = f, x, y
			}
		}
	}
	if best.category != missing {
		best.a, best.b = strings.Join(left, " "), strings.Join(right, " ")
	}
	return best, left, right
}

// stronger puts what agrees more closely first, and of equals the rarer.
func stronger(f, than finding) bool {
	if kind, other := nameKind(f.category), nameKind(than.category); kind != other {
		return kind < other
	}
	return f.chance < than.chance
}

// nameKind counts the agreements of names from the closest.
func nameKind(category int) int {
	if category >= namePartial {
		return 4 + category - namePartial
	}
	return category / steps
}

func (c *crowd) compareName(x, y []string) finding {
	m := name.Compare(x, y)
	kind := m.Kind
	// A given name alone is no evidence.
	switch {
	case len(x) == 1 && len(y) == 1: // compared as user names
		return finding{category: missing}
	case kind == name.Single && c.isGiven(m.Shared[0]):
		return finding{category: missing}
	case kind == name.Conflict && (len(x) == 1 || len(y) == 1): // a user name in a name's place
		return finding{category: missing}
	case kind == name.Partial && len(m.Shared) == 1 && c.isGiven(m.Shared[0]):
		kind = name.Conflict
	}
	switch kind {
	case name.Conflict:
		return finding{category: nameConflict, chance: float64(len(c.people)), agreement: kind.String()}
	case name.Partial: // a family has a rare name in common, so its rarity is no evidence
		return finding{category: namePartial, chance: float64(len(c.people)) / 100, agreement: kind.String()}
	}
	chance := c.bearers(m.Shared, m.Initial)
	if kind == name.Near {
		chance *= nearFactor
	}
	first := nameFirst + (int(kind)-int(name.Exact))*steps
	return finding{category: first + rarity(chance), chance: chance, agreement: kind.String()}
}

// A mistyped value agrees by accident with a handful of neighbours; given name
// and surname go together more often than chance, within a language.
const (
	nearFactor        = 4
	correlationFactor = 3
)

// bearers is how many other people would bear all these tokens by accident.
func (c *crowd) bearers(whole, initials []string) float64 {
	expected := float64(len(c.people))
	for _, token := range whole {
		expected *= c.share(token)
	}
	for _, token := range initials {
		expected *= c.initialShare(firstLetter(token))
	}
	if len(whole)+len(initials) > 1 {
		expected *= correlationFactor
	}
	return expected
}

// share is how likely somebody else bears a token. The pair under the eye bears
// it anyway, so it does not count; a common given name stays common in a small
// crowd.
func (c *crowd) share(token string) float64 {
	if len(token) == 1 {
		return c.initialShare(token)
	}
	share := others(c.tokens[token]) / float64(len(c.people))
	if name.IsGiven(token) {
		share = max(share, 0.002)
	}
	return share
}

func (c *crowd) initialShare(letter string) float64 {
	return (float64(c.initials[letter]) + 1) / float64(c.allTokens+1)
}

// others is how many bearers a value has beside a pair, and never none: half a
// bearer stands for what a larger crowd would show.
func others(count int32) float64 {
	return max(float64(count)-2, 0) + 0.5
}

// isGiven is true of the given names of the world and of this crowd: tokens
// that mostly come first.
func (c *crowd) isGiven(token string) bool {
	if name.IsGiven(token) {
		return true
	}
	first := c.firsts[token]
	return first >= 4 && 10*first >= 6*c.tokens[token]
}

func (c *crowd) compareCompanies(a, b *person) finding {
	best := finding{category: missing, chance: math.Inf(1)}
	if len(a.companies) == 0 || len(b.companies) == 0 {
		return best
	}
	for _, x := range a.companies {
		for _, y := range b.companies {
			if chance := others(c.companies[x]); x == y && chance < best.chance {
				best = finding{category: companySame + rarity(chance/10), chance: chance, a: x, b: y, agreement: "same company"}
			}
		}
	}
	if best.category == missing {
		best = finding{category: companyOther, chance: float64(len(c.people)), a: a.companies[0], b: b.companies[0], agreement: "different companies"}
	}
	return best
}

func (c *crowd) compareValues(at int, left, right []string) finding {
	first := valueFirst + at*valueAll
	best := finding{category: missing, chance: math.Inf(1)}
	for _, x := range left {
		for _, y := range right {
			f := finding{category: first + valueOther, chance: float64(len(c.people)), agreement: "different"}
			switch {
			case x == y:
				chance := others(c.values[at][x])
				f = finding{category: first + rarity(chance), chance: chance, agreement: "equal"}
			case isNearValue(x, y):
				f = finding{category: first + valueNear, chance: float64(len(c.people)) / 50, agreement: "nearly equal"}
			}
			if f.chance < best.chance {
				best = f
				best.a, best.b = x, y
			}
		}
	}
	return best
}

// isNearValue allows one slip, or two in eight letters.
func isNearValue(x, y string) bool {
	slips := 1
	if min(len(x), len(y)) >= 8 {
		slips = 2
	}
	if min(len(x), len(y)) < 4 || len(x)-len(y) > slips || len(y)-len(x) > slips {
		return false
	}
	return levenshtein.Distance(x, y, nil) <= slips
}
