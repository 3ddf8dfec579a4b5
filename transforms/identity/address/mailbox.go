package address

import "strings"

// inbox is where mail to an address arrives, by the rules of its provider, as a
// local part and a domain, and, where the provider is not known, the address
// without its tag.
//
// Gmail ignores dots and tags and is googlemail.com too (support.google.com/mail/answer/7436150).
// Microsoft, Apple, Fastmail and Proton ignore tags only: dots count at Hotmail
// (github.com/johno/normalize-email/issues/1). Dots count in company domains
// hosted by Google as well.
func inbox(a Address) (local, domain, untagged string) {
	base := untag(a.Local)
	switch {
	case a.Domain == gmail || a.Domain == "googlemail.com":
		return withoutDots(base, a.Local), gmail, ""
	case base == a.Local:
		return a.Local, a.Domain, ""
	case ignoresTags(a.Domain):
		return base, a.Domain, ""
	}
	return a.Local, a.Domain, join(base, a.Domain)
}

const gmail = "gmail.com"

// withoutDots is a local part as Gmail reads it; of dots alone the whole is left.
func withoutDots(base, whole string) string {
	if strings.IndexByte(base, '.') >= 0 {
		base = strings.ReplaceAll(base, ".", "")
	}
	if strings.TrimSpace(base) == "" {
		return whole
	}
	return base
}

// untag is a local part before its +tag.
func untag(local string) string {
	plus := strings.IndexByte(local, '+')
	if plus < 0 || strings.TrimSpace(local[:plus]) == "" {
		return local
	}
	return local[:plus]
}

func ignoresTags(domain string) bool {
	switch domain {
	case "icloud.com", "me.com", "mac.com",
		"fastmail.com", "fastmail.fm",
		"proton.me", "protonmail.com", "protonmail.ch", "pm.me",
		"outlook.com", "hotmail.com", "live.com", "msn.com":
		return true
	}
	brand, _, _ := strings.Cut(domain, ".")
	switch brand {
	case "outlook", "hotmail", "live":
		return shippedLists().domains[domain].kind == freeDomain
	}
	return false
}
