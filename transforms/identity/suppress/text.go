package suppress

import (
	"html"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Mask stands where an address was cut out.
const Mask = "[erased]"

// maxAddress is the longest text that is looked at as one address.
const maxAddress = 320

// encodedAt are the ways of writing an at sign beside itself: in a URL, in one
// that was encoded twice, in quoted-printable, in HTML.
var encodedAt = []string{"%40", "%2540", "=40", "&#64;", "&#064;", "&#x40;", "&#X40;", "&#x0040;", "&commat;"}

// MayHold reports whether a text can hold an address at all. It is cheap.
func MayHold(text string) bool {
	if strings.IndexByte(text, '@') >= 0 {
		return true
	}
	if strings.IndexByte(text, '%') < 0 && strings.IndexByte(text, '=') < 0 && strings.IndexByte(text, '&') < 0 {
		return false
	}
	for _, sign := range encodedAt {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// Holds reports whether a plain text holds an erased address.
func (l *List) Holds(text string) bool {
	_, found := l.CutText(text)
	return found
}

// CutText masks every erased address in a plain text.
func (l *List) CutText(text string) (cut string, found bool) {
	if l == nil || l.counts[Mailbox] == 0 || !MayHold(text) {
		return text, false
	}
	var out strings.Builder
	done := 0
	for at := 0; at < len(text); {
		sign := signLength(text[at:])
		if sign == 0 {
			at++
			continue
		}
		from, until, erased := l.around(text, max(done, at-maxEncoded), at, at+sign)
		if !erased {
			at += sign
			continue
		}
		out.WriteString(text[done:from])
		out.WriteString(Mask)
		done, at, found = until, until, true
	}
	if !found {
		return text, false
	}
	out.WriteString(text[done:])
	return out.String(), true
}

// maxEncoded is how far from its at sign an address may reach, encoded.
const maxEncoded = 1000

// signLength is the length of the at sign that a text begins with, 0 for none.
func signLength(text string) int {
	switch text[0] {
	case '@':
		return 1
	case '%', '=', '&':
		for _, sign := range encodedAt {
			if strings.HasPrefix(text, sign) {
				return len(sign)
			}
		}
	}
	return 0
}

// around looks for an erased address around an at sign of text[at:after]. What
// belongs to an address and what to the text beside it cannot be told ("(a@b.de)",
// "mailto:a@b.de", "a@b.de.Thanks"), so that all that it may be is tried, the
// longest first.
func (l *List) around(text string, low, at, after int) (from, until int, erased bool) {
	starts, ends := localStarts(text, low, at), domainEnds(text, after, min(len(text), after+maxEncoded))
	for _, end := range ends {
		domain := plain(text[after:end])
		for _, start := range starts {
			if l.hasAddress(plain(text[start:at]) + "@" + domain) {
				return start, end, true
			}
		}
	}
	return 0, 0, false
}

// plain takes the encoding of URLs, quoted-printable and HTML off.
func plain(text string) string {
	if strings.IndexByte(text, '&') >= 0 {
		text = html.UnescapeString(text)
	}
	for range 2 {
		if strings.IndexByte(text, '%') < 0 {
			break
		}
		decoded, err := url.PathUnescape(text)
		if err != nil {
			break
		}
		text = decoded
	}
	return text
}

// maxTries bounds the places at which an address may begin or end.
const maxTries = 12

// localStarts are the places where a local part that ends at may begin, the
// farthest first.
func localStarts(text string, low, at int) []int {
	if at > low && text[at-1] == '"' {
		if open := strings.LastIndexByte(text[low:at-1], '"'); open >= 0 {
			return []int{low + open}
		}
	}
	var starts []int
	start := at
	for start > low {
		r, size := utf8.DecodeLastRuneInString(text[low:start])
		if !isLocal(r) {
			break
		}
		if start < at && !isWord(r) {
			starts = append(starts, start)
		}
		start -= size
	}
	if start < at {
		starts = append(starts, start)
	}
	// Nearest first so far. A percent escape may be the end of what stands
	// before ("q=%3Ca%40b.de"): the place behind it is one as well.
	if i := strings.LastIndexByte(text[start:at], '%'); i >= 0 && start+i+3 < at {
		starts = append(starts, start+i+3)
	}
	reversed := make([]int, 0, len(starts))
	for i := len(starts) - 1; i >= 0; i-- {
		reversed = append(reversed, starts[i])
	}
	return reversed[max(0, len(reversed)-maxTries):]
}

// domainEnds are the places where a domain that begins at may end, the farthest
// first: behind each label.
func domainEnds(text string, at, high int) []int {
	var ends []int
	end := at
	for end < high {
		r, size := utf8.DecodeRuneInString(text[end:])
		if !isWord(r) && r != '-' && r != '.' && r != '_' && r != '\u3002' && !(r == '[' && end == at) && !(r == ']' && text[at] == '[') && r != ':' {
			break
		}
		if (r == '.' || r == ':' || r == '-' || r == '_') && end > at {
			ends = append(ends, end)
		}
		end += size
	}
	if end > at && isWord(lastRune(text[at:end])) || end > at && text[end-1] == ']' {
		ends = append(ends, end)
	}
	reversed := make([]int, 0, len(ends))
	for i := len(ends) - 1; i >= 0; i-- {
		reversed = append(reversed, ends[i])
	}
	return reversed[max(0, len(reversed)-maxTries):]
}

func lastRune(text string) rune {
	r, _ := utf8.DecodeLastRuneInString(text)
	return r
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// isLocal holds of what a local part may have without quotes (RFC 5322, 3.2.3;
// RFC 6531).
func isLocal(r rune) bool {
	return isWord(r) || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.;", r)
}
