package address

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// splitPlain takes apart an address that is in its compared form already: lower
// case ASCII, nothing to unquote. Most are, and cost no allocation.
func splitPlain(raw string) (local, domain string, ok bool) {
	at := strings.IndexByte(raw, '@')
	if at < 1 || len(raw) > maxLength {
		return "", "", false
	}
	for i := range at {
		if !isPlainLocal(raw[i]) {
			return "", "", false
		}
	}
	local, domain = raw[:at], raw[at+1:]
	return local, domain, isASCIIDomain(domain)
}

// isPlainLocal is true of RFC 5322's atext and the dot, without capitals.
func isPlainLocal(b byte) bool {
	if b >= 'a' && b <= 'z' || b >= '0' && b <= '9' {
		return true
	}
	return b < utf8.RuneSelf && strings.IndexByte(".+-_!#$%&'*/=?^`{|}~", b) >= 0
}

// extract finds the address in what people and programs write around it.
// Mended is true where more than spaces had to go.
func extract(raw string) (text string, mended, ok bool) {
	if len(raw) > 16*maxLength || !utf8.ValidString(raw) {
		return "", false, false
	}
	text = strings.Map(visible, norm.NFC.String(raw))
	text = strings.TrimSpace(norm.NFC.String(text))
	whole := text
	if len(text) > 7 && strings.EqualFold(text[:7], "mailto:") {
		text = fromLink(text[7:])
	}
	if open := outsideQuotes(text, '<'); open >= 0 {
		text = text[open+1:]
		if end := outsideQuotes(text, '>'); end >= 0 {
			text = text[:end]
		}
	}
	if len(text) > 2 && text[0] == '\'' && text[len(text)-1] == '\'' {
		text = text[1 : len(text)-1]
	}
	at := strings.LastIndexByte(text, '@')
	if at < 0 {
		return "", false, false
	}
	if comment := strings.IndexByte(text[at:], '('); comment >= 0 {
		text = text[:at+comment]
	}
	text = strings.TrimSpace(strings.TrimRight(text, " ,;>)'\""))
	return text, len(text) != len(whole), true
}

// visible drops what cannot be seen (zero-width spaces, direction marks), turns
// line breaks and other controls into spaces, and narrows the wide at sign of
// East Asian keyboards.
func visible(r rune) rune {
	switch {
	case r == '＠':
		return '@'
	case unicode.Is(unicode.Cf, r):
		return -1
	case unicode.IsControl(r), unicode.IsSpace(r):
		return ' '
	}
	return r
}

// fromLink is the address of a mailto link without its scheme (RFC 6068).
func fromLink(link string) string {
	link, _, _ = strings.Cut(link, "?")
	plain, err := url.PathUnescape(link)
	if err != nil || !utf8.ValidString(plain) {
		return strings.TrimSpace(link)
	}
	return strings.TrimSpace(strings.Map(visible, norm.NFC.String(plain)))
}

// outsideQuotes is the first place of mark that no quotation marks enclose, or -1.
func outsideQuotes(text string, mark byte) int {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quoted:
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == mark && !quoted:
			return i
		}
	}
	return -1
}

// unquote takes the quotation marks and backslashes off a quoted local part.
func unquote(local string) (plain string, quoted bool) {
	if len(local) < 2 || local[0] != '"' || local[len(local)-1] != '"' {
		return strings.TrimSpace(local), false
	}
	local = local[1 : len(local)-1]
	var out strings.Builder
	for i := 0; i < len(local); i++ {
		if local[i] == '\\' && i+1 < len(local) {
			i++
		}
		out.WriteByte(local[i])
	}
	return out.String(), true
}

// needsQuotes is true of a local part that extract would take apart.
func needsQuotes(local string) bool {
	return strings.ContainsAny(local, "\"\\<>()@,;: ")
}

// join writes an address so that Parse reads the same parts again.
func join(local, domain string) string {
	if needsQuotes(local) {
		escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
		return `"` + escape.Replace(local) + `"@` + domain
	}
	return local + "@" + domain
}
