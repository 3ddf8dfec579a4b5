package suggest

import (
	"math"
	"strings"

	"github.com/agext/levenshtein"

	"rollcall/transforms/identity/name"
)

// compareHandles finds the user names or local parts that agree best, beyond
// what follows from the names.
func (c *crowd) compareHandles(a, b *person, named int, left, right []string) finding {
	best := finding{category: missing, chance: math.Inf(1)}
	for _, x := range a.handles {
		for _, y := range b.handles {
			f := c.compareHandle(x, y)
			if f.category != missing && (best.category == missing || f.chance < best.chance) {
				best = f
				best.a, best.b = x.whole, y.whole
			}
		}
	}
	if best.category == missing || best.category == handleOther || named == missing {
		return best
	}
	// What follows from the names is counted there, or is what two people of one
	// surname have in common.
	ofLeft, ofRight := ofName(best.a, left), ofName(best.b, right)
	if ofLeft && ofRight || named < namePartial && (ofLeft || ofRight) {
		return finding{category: missing}
	}
	return best
}

// ofName is true of a handle that is made of a name.
func ofName(whole string, tokens []string) bool {
	for _, token := range tokens {
		if len(token) >= 3 && strings.Contains(whole, token) {
			return true
		}
	}
	return false
}

func (c *crowd) compareHandle(x, y handle) finding {
	switch {
	case x.whole == y.whole:
		return c.sameHandle(x)
	case x.base == y.base && len(x.base) >= minHandleLength:
		if c.isGiven(x.base) {
			return finding{category: missing}
		}
		chance := c.handleBearers(x.base)
		return finding{category: handleBase + rarity(chance), chance: chance, agreement: "equal but for digits"}
	case isNearHandle(x.whole, y.whole):
		chance := nearFactor * max(c.handleBearers(x.whole), c.handleBearers(y.whole))
		return finding{category: handleNear + rarity(chance), chance: chance, agreement: "nearly the same user name"}
	}
	return finding{category: handleOther, chance: float64(len(c.people)), agreement: "different user names"}
}

func (c *crowd) sameHandle(h handle) finding {
	if c.isGiven(h.whole) || c.isGiven(h.base) && h.base != "" {
		return finding{category: missing}
	}
	chance := c.handleBearers(h.whole)
	first := handleSame
	if len(h.whole) >= 9 {
		first = handleSameLong
	}
	return finding{category: first + rarity(chance), chance: chance, agreement: "same user name"}
}

// handleBearers is how many other people would have a handle by accident: those
// who have it, and a tenth of those whose name it is. Short ones are guessed by
// many.
func (c *crowd) handleBearers(form string) float64 {
	count := c.handles[form]
	bearers := others(count)
	if count < manyBearers {
		bearers *= c.accidental
	}
	chance := max(bearers, float64(c.tokens[form])/10)
	if len(form) < minHandleLength {
		chance += 4
	}
	return chance
}

// isNearHandle allows one slip inside. The first and the last letter may be
// initials: jsmith and ksmith are two people.
func isNearHandle(x, y string) bool {
	if min(len(x), len(y)) < 6 || len(x)-len(y) > 1 || len(y)-len(x) > 1 {
		return false
	}
	if x[:2] != y[:2] || x[len(x)-1] != y[len(y)-1] {
		return false
	}
	return levenshtein.Distance(x, y, nil) <= 1
}

// compareSpelling asks whether a handle writes the other's name, where only one
// of the two has a name.
func (c *crowd) compareSpelling(a, b *person) finding {
	best := finding{category: missing}
	for _, side := range [2]struct {
		named, other *person
		swapped      bool
	}{{a, b, false}, {b, a, true}} {
		for _, tokens := range side.named.names {
			for _, h := range side.other.handles {
				f := c.spelling(tokens, h)
				if f.category == missing || best.category != missing && best.category <= f.category {
					continue
				}
				best = f
				best.a, best.b = strings.Join(tokens, " "), h.whole
				if side.swapped {
					best.a, best.b = best.b, best.a
				}
			}
		}
	}
	return best
}

func (c *crowd) spelling(tokens []string, h handle) finding {
	spelling, whole, initial := name.Spells(h.base, tokens)
	var first int
	var agreement string
	switch {
	case spelling == name.WholeName:
		first, agreement = spellingFirst, "user name spells the name"
	case spelling == name.InitialAndName:
		first, agreement = spellingFirst+steps, "user name is initial and name"
	case spelling == name.OneName && !c.isGiven(whole[0]):
		first, agreement = spellingFirst+2*steps, "user name is part of the name"
	default:
		return finding{category: spellingNone, chance: float64(len(c.people)), agreement: "user name is not of the name"}
	}
	var initials []string
	if initial != "" {
		initials = []string{initial}
	}
	chance := c.bearers(whole, initials)
	return finding{category: first + rarity(chance), chance: chance, agreement: agreement}
}
