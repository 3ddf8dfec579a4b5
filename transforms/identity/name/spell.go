package name

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Spelling says how much of a name a user name or local part writes out.
type Spelling uint8

const (
	SpellsNothing  Spelling = iota
	OneName                 // smith, john2
	InitialAndName          // jsmith, smithj, johns
	WholeName               // john.smith, smithjohn
)

// Handle is a user name or local part without what people vary: case, accents,
// separators, and digits at the end.
func Handle(text string) string {
	bare := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return r
		}
		return -1
	}, Fold(text))
	return strings.TrimRightFunc(bare, unicode.IsDigit)
}

// Spells says how much of the name a handle (see Handle) writes, and which of
// its tokens: those in whole and, where there is one, that of the initial.
func Spells(handle string, tokens []string) (spelling Spelling, whole []string, initial string) {
	for i, token := range tokens {
		if len(token) < 2 || !strings.Contains(handle, token) {
			continue
		}
		if token == handle && spelling < OneName {
			spelling, whole, initial = OneName, tokens[i:i+1], ""
		}
		for j, other := range tokens {
			if i == j {
				continue
			}
			if len(other) > 1 && (handle == token+other || handle == other+token) {
				return WholeName, []string{token, other}, ""
			}
			first := firstLetter(other)
			if spelling < InitialAndName && (handle == first+token || handle == token+first) {
				spelling, whole, initial = InitialAndName, tokens[i:i+1], other
			}
		}
	}
	return spelling, whole, initial
}

func firstLetter(token string) string {
	_, size := utf8.DecodeRuneInString(token)
	return token[:size]
}

func sorted(tokens []string) []string {
	tokens = slices.Clone(tokens)
	slices.Sort(tokens)
	return tokens
}
