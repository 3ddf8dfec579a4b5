package name

import (
	"strings"
	"unicode/utf8"

	"github.com/agext/levenshtein"
)

// A Kind says how two names agree, from the strongest to none.
type Kind uint8

const (
	None      Kind = iota // a name is missing on one side
	Exact                 // the same two or more tokens, in any order
	Near                  // all tokens of the shorter name fit, one mistyped or shortened
	ByInitial             // all fit, one of them as an initial only
	Single                // one side is a single token, and the other holds it
	Partial               // one token in common, others differ: a family, or two people named Ann
	Conflict              // nothing in common
)

func (k Kind) String() string {
	return [...]string{"missing", "same name", "nearly the same name", "initials fit", "part of the name", "one name in common", "different names"}[k]
}

// A Match is how two names agree and by which tokens: those of the first name,
// in its order. Initial holds those that agree by their first letter only.
type Match struct {
	Kind    Kind
	Shared  []string
	Initial []string
}

// fit is how two tokens agree; less is better.
type fit uint8

const (
	equal fit = iota
	near
	initial
	unlike
)

// Compare matches each token of the shorter name with one of the longer.
func Compare(a, b []string) Match {
	if len(a) == 0 || len(b) == 0 {
		return Match{}
	}
	swapped := len(a) > len(b)
	short, long := a, b
	if swapped {
		short, long = b, a
	}
	fits, partners := align(short, long)
	var m Match
	counts := [4]int{}
	for i, f := range fits {
		counts[f]++
		token := short[i]
		if swapped && f != unlike {
			token = long[partners[i]]
		}
		switch f {
		case equal, near:
			m.Shared = append(m.Shared, token)
		case initial:
			m.Initial = append(m.Initial, token)
		}
	}
	m.Kind = kindOf(counts, len(short), len(long))
	return m
}

func kindOf(counts [4]int, short, long int) Kind {
	whole := counts[equal] + counts[near]
	switch {
	case whole == 0:
		return Conflict
	case short == 1 && long == 1, short == 1 && counts[equal] == 1:
		return Single
	case counts[unlike] > 0 || short == 1:
		return Partial
	case counts[initial] > 0:
		return ByInitial
	case counts[near] > 0:
		return Near
	}
	return Exact
}

// align gives each token of the shorter name its best partner: equal ones
// first, then near ones, then initials.
func align(short, long []string) (fits []fit, partners []int) {
	fits, partners = make([]fit, len(short)), make([]int, len(short))
	for i := range fits {
		fits[i] = unlike
	}
	taken := make([]bool, len(long))
	for wanted := equal; wanted < unlike; wanted++ {
		for i, token := range short {
			for j := 0; fits[i] == unlike && j < len(long); j++ {
				if !taken[j] && compareTokens(token, long[j]) == wanted {
					fits[i], partners[i], taken[j] = wanted, j, true
				}
			}
		}
	}
	return fits, partners
}

func compareTokens(a, b string) fit {
	if a == b {
		return equal
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	first, size := utf8.DecodeRuneInString(a)
	other, _ := utf8.DecodeRuneInString(b)
	if size == len(a) {
		if first == other {
			return initial
		}
		return unlike
	}
	if isNear(a, b) {
		return near
	}
	return unlike
}

// isNear allows one slip in four letters or more, two in eight or more, and a
// name cut short after three (rob, robert). a is not the longer one.
func isNear(a, b string) bool {
	if len(a) >= 3 && strings.HasPrefix(b, a) {
		return true
	}
	slips := 0
	switch {
	case len(a) >= 8:
		slips = 2
	case len(a) >= 4:
		slips = 1
	}
	if slips == 0 || len(b)-len(a) > 2*slips {
		return false
	}
	return swapsTwo(a, b) || levenshtein.Distance(a, b, nil) <= slips
}

// swapsTwo is true where two neighbouring letters changed places.
func swapsTwo(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

// Compatible is true where one person can bear both names, or a name is
// missing: an address on several accounts whose names are compatible is one
// person's, not a shared mailbox. A user name in a name's place counts if it
// spells the other name (jsmith, John Smith).
func Compatible(a, b string) bool {
	left, right := Tokens(a), Tokens(b)
	switch Compare(left, right).Kind {
	case None, Exact, Near, ByInitial, Single:
		return true
	}
	return spellsOut(left, right) || spellsOut(right, left)
}

// spellsOut is true of a single word that writes out the other name.
func spellsOut(word, tokens []string) bool {
	if len(word) != 1 {
		return false
	}
	spelling, _, _ := Spells(word[0], tokens)
	return spelling >= InitialAndName
}

// Key is the block in which two spellings of one name meet: its tokens sorted.
func Key(tokens []string) string {
	return strings.Join(sorted(tokens), " ")
}
