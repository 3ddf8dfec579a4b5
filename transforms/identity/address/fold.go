package address

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// fold makes local parts that differ in case or composition alone equal.
func fold(local string) string {
	if isASCII(local) {
		return strings.ToLower(local)
	}
	// Folding can undo composition and composing can make a capital: three
	// rounds settle every case that Unicode has.
	for range 3 {
		local = norm.NFC.String(strings.Map(foldRune, local))
	}
	return local
}

// foldRune gives all cases of a letter one form, final sigma and the Kelvin sign
// included; ß stays ß.
func foldRune(r rune) rune {
	first := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		first = min(first, next)
	}
	return unicode.ToLower(first)
}

// asciiDomain is a domain as DNS compares it, without trailing dots. An address
// literal keeps its brackets.
func asciiDomain(domain string) (string, bool) {
	domain = strings.TrimSpace(domain)
	if literal, ok := addressLiteral(domain); ok {
		return literal, true
	}
	if !isASCII(domain) {
		// The Lookup profile keeps faß.de and fass.de apart. It fails on
		// underscores and still returns the name, so what it returned is checked.
		domain, _ = idna.Lookup.ToASCII(domain)
	}
	domain = strings.ToLower(strings.TrimRight(domain, "."))
	return domain, isASCIIDomain(domain)
}

func addressLiteral(domain string) (string, bool) {
	if len(domain) < 3 || domain[0] != '[' || domain[len(domain)-1] != ']' {
		return "", false
	}
	inner := strings.ToLower(domain[1 : len(domain)-1])
	address, err := netip.ParseAddr(strings.TrimPrefix(inner, "ipv6:"))
	if err != nil || address.Zone() != "" {
		return "", false
	}
	return "[" + address.String() + "]", true
}

// isASCIIDomain holds of dot-separated labels of 1 to 63 lower case letters,
// digits, hyphens and underscores, 255 bytes in all.
func isASCIIDomain(domain string) bool {
	if len(domain) > 255 {
		return false
	}
	label := 0
	for i := range len(domain) {
		switch b := domain[i]; {
		case b == '.':
			if label == 0 || label > 63 {
				return false
			}
			label = 0
		case b >= 'a' && b <= 'z', b >= '0' && b <= '9', b == '-', b == '_':
			label++
		default:
			return false
		}
	}
	return label > 0 && label <= 63
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// mixesScripts is true of a text with letters of two of the scripts that share
// look-alike letters: Latin, Greek and Cyrillic.
func mixesScripts(text string) bool {
	var latin, greek, cyrillic int
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Latin, r):
			latin = 1
		case unicode.Is(unicode.Cyrillic, r):
			cyrillic = 1
		case unicode.Is(unicode.Greek, r):
			greek = 1
		}
	}
	return latin+greek+cyrillic > 1
}
