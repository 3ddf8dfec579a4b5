package name

import (
	"cmp"
	"slices"
	"strings"
)

// Agree reports whether the names of the logins that share one address could be
// one human's, so that the address is his and no shared mailbox. Each login has
// the names its source shows, or none. At least half must have one, and three in
// five of those must resemble the fullest: a human mistypes himself and signs up
// by nickname, while colleagues at support@ have nothing in common, and a family
// only its surname.
func Agree(bearers [][]string) bool {
	var fullest string
	named, fitting := 0, 0
	for _, names := range bearers {
		if len(names) > 0 {
			named++
		}
		for _, text := range names {
			if more := cmp.Compare(len(Tokens(text)), len(Tokens(fullest))); more > 0 || more == 0 && text < fullest {
				fullest = text
			}
		}
	}
	tokens := Tokens(fullest)
	for _, names := range bearers {
		if slices.ContainsFunc(names, func(text string) bool { return resembles(text, fullest, tokens) }) {
			fitting++
		}
	}
	return named > 1 && named*2 >= len(bearers) && fitting*5 >= named*3
}

// resembles is true of a name that could be the fullest one, or be it mistyped
// in every part.
func resembles(text, fullest string, tokens []string) bool {
	if Fold(text) == Fold(fullest) || Compatible(text, fullest) {
		return true
	}
	short, long := Tokens(text), tokens
	if len(short) > len(long) {
		short, long = long, short
	}
	for _, token := range short {
		if !slices.ContainsFunc(long, func(other string) bool { return compareTokens(token, other) != unlike || isJumbled(token, other) }) {
			return false
		}
	}
	return len(short) > 0
}

// isJumbled is true of two words of nearly the same letters in any order: one
// letter more or less, or two in words of five and more.
func isJumbled(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	missing := 0
	for _, r := range a {
		at := strings.IndexRune(b, r)
		if at < 0 {
			missing++
			continue
		}
		b = b[:at] + b[at+len(string(r)):]
	}
	missing += len([]rune(b))
	return missing <= 1 && len(a) >= 2 || missing <= 2 && len(a) >= 5
}
