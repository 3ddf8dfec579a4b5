package address

import "strings"

// mailbox is the inbox of an address by the rules of its provider, and, where
// the provider is not known, the inbox without the tag.
//
// Gmail ignores dots and tags and is googlemail.com too (support.google.com/mail/answer/7436150).
// Microsoft, Apple, Fastmail and Proton ignore tags only: dots count at Hotmail
// (github.com/johno/normalize-email/issues/1). Dots count in company domains
// hosted by Google as well.
func mailbox(a Address) (inbox, untagged string) {
	base := untag(a.Local)
	if a.Domain == "gmail.com" || a.Domain == "googlemail.com" {
		return gmailbox(a, base), ""
	}
	if base == a.Local {
		return a.Norm, ""
	}
	if ignoresTags(a.Domain) {
		return join(base, a.Domain), ""
	}
	return a.Norm, join(base, a.Domain)
}

func gmailbox(a Address, base string) string {
	if strings.IndexByte(base, '.') >= 0 {
		base = strings.ReplaceAll(base, ".", "")
	}
	if strings.TrimSpace(base) == "" {
		base = a.Local
	}
	if a.Domain == "gmail.com" && base == a.Local {
		return a.Norm
	}
	return join(base, "gmail.com")
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
