package company

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// legalForms are the words of a company's name that say what kind of company it
// is, and not which.
func legalForms() []string {
	return []string{
		"ab", "ag", "as", "asa", "bv", "co", "company", "corp", "corporation", "gmbh", "group", "holding", "holdings", "inc",
		"incorporated", "kft", "kg", "limited", "llc", "llp", "ltd", "ltda", "nv", "oy", "oyj", "plc", "pte", "pty", "sa", "sarl",
		"sas", "se", "spa", "srl", "the", "zrt",
	}
}

// foldName is a company's name as it is compared: "ACME Labs, Inc." and "Acme
// Labs" are one. A name of legal forms alone stays as it is.
func foldName(name string) string {
	words := strings.FieldsFunc(strings.ToLower(withoutMarks(name)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '&' && r != '.'
	})
	kept := words[:0:0]
	for _, word := range words {
		word = strings.ReplaceAll(word, ".", "")
		if word != "" && !slices.Contains(legalForms(), word) {
			kept = append(kept, word)
		}
	}
	if len(kept) == 0 {
		return strings.Join(words, " ")
	}
	return strings.Join(kept, " ")
}

// withoutMarks takes the accents off letters.
func withoutMarks(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFD.String(text))
}

// isNamedAs reports whether a folded name is that of a domain. On the lists of
// domains where anybody has an address stand some companies' own, which staff
// set on those companies; and staff set gmail.com on the baker's.
func isNamedAs(name, domain string) bool {
	label, _, _ := strings.Cut(domain, ".")
	letters := func(text string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				return r
			}
			return -1
		}, text)
	}
	name, label = letters(name), letters(label)
	return label != "" && strings.HasPrefix(name, label) || len(name) > 3 && strings.HasPrefix(label, name)
}

// maxNamesakes is how many orgs may bear a name for it to tell anything.
const maxNamesakes = 10

// suggestNames lists the companies that bear one name.
func (s *solver) suggestNames() {
	byName := map[string][]int32{}
	for i, name := range s.names {
		if len(name) > 2 {
			byName[name] = append(byName[name], int32(i))
		}
	}
	for i, name := range s.names {
		if orgs := byName[name]; len(orgs) > 1 && len(orgs) <= maxNamesakes && orgs[0] == int32(i) {
			s.suggestAll(orgs, "name")
		}
	}
}

func (s *solver) suggestAll(orgs []int32, reason string) {
	for i, a := range orgs {
		for _, b := range orgs[i+1:] {
			s.suggest(a, b, reason)
		}
	}
}

// suggest lists two orgs unless they are one company, were decided not to be,
// own each other, or are listed already.
func (s *solver) suggest(a, b int32, reason string) {
	a, b = min(a, b), max(a, b)
	if s.find(a) == s.find(b) || s.apart[[2]int32{a, b}] || s.owns(a, b) || s.owns(b, a) {
		return
	}
	if !s.suggested[[2]int32{a, b}] {
		s.suggested[[2]int32{a, b}] = true
		s.suggestions = append(s.suggestions, Suggestion{s.orgs[a].ID, s.orgs[b].ID, reason})
	}
}
