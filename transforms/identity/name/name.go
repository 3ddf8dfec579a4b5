// Package name compares people's names as sources write them: in any order, in
// part, with initials, without accents, mistyped. It knows no transliteration.
package name

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold lowers a name and takes off what Latin scripts are often typed without:
// accents, and the strokes and ligatures that Unicode does not decompose.
// Marks of other scripts stay, for there they make another letter.
func Fold(text string) string {
	if isPlain(text) {
		return text
	}
	var out strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(text)) {
		switch {
		case r >= 0x0300 && r <= 0x036f:
		case unicode.In(r, unicode.Cf, unicode.Cc):
		default:
			out.WriteString(unstroke(r))
		}
	}
	return norm.NFC.String(out.String())
}

func isPlain(text string) bool {
	for i := range len(text) {
		if text[i] >= 0x80 || text[i] < ' ' || text[i] >= 'A' && text[i] <= 'Z' {
			return false
		}
	}
	return true
}

func unstroke(r rune) string {
	switch r {
	case 'ß':
		return "ss"
	case 'æ':
		return "ae"
	case 'œ':
		return "oe"
	case 'ø':
		return "o"
	case 'ł':
		return "l"
	case 'đ', 'ð':
		return "d"
	case 'þ':
		return "th"
	case 'ı':
		return "i"
	}
	return string(r)
}

// Tokens splits a name into folded words, in the order written. What stands in
// brackets, titles and words that fill a form (unknown, admin) are no part of a
// name; an e-mail address in a name's place has none.
func Tokens(text string) []string {
	if strings.IndexByte(text, '@') >= 0 {
		return nil
	}
	folded := Fold(withoutBrackets(text))
	folded = strings.NewReplacer("'", "", "\u2019", "", "\u02bc", "").Replace(folded)
	words := strings.FieldsFunc(folded, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
	})
	tokens := words[:0]
	for _, word := range words {
		if !isTitle(word) {
			tokens = append(tokens, word)
		}
	}
	if len(tokens) == 0 || isFiller(tokens) {
		return nil
	}
	return tokens
}

func withoutBrackets(text string) string {
	if !strings.ContainsAny(text, "([") {
		return text
	}
	depth := 0
	return strings.Map(func(r rune) rune {
		switch r {
		case '(', '[':
			depth++
			return ' '
		case ')', ']':
			depth = max(depth-1, 0)
			return ' '
		}
		if depth > 0 {
			return -1
		}
		return r
	}, text)
}

func isTitle(word string) bool {
	switch word {
	case "dr", "mr", "mrs", "ms", "prof", "jr", "sr", "phd", "ii", "iii", "dipl", "ing", "msc", "bsc", "mba":
		return true
	}
	return false
}

func isFiller(tokens []string) bool {
	for _, token := range tokens {
		switch token {
		case "unknown", "anonymous", "none", "null", "nil", "test", "user", "root", "admin", "administrator",
			"deleted", "former", "guest", "name", "no", "na", "n", "a", "undefined", "support", "team", "info", "bot", "your":
		default:
			return false
		}
	}
	return true
}

//go:embed given.txt
var givenNames string

var given = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for _, name := range strings.Fields(givenNames) {
		names[name] = true
	}
	return names
})

// IsGiven is true of the world's commonest given names. Alone they point to
// nobody, however rare they are in one data set.
func IsGiven(token string) bool {
	return given()[token]
}
