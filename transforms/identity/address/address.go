// Package address says what an e-mail address is: the form in which it is
// compared, the mailbox that it reaches, the company that its domain may belong
// to, and whether it can stand for one person at all.
package address

import "strings"

// A Class says what an address can prove. The classes "generic" (shared by too
// many logins) and "suppressed" (erased) depend on more than the address and
// are decided where the logins are known.
type Class string

const (
	Unique      Class = "unique"      // one person's mailbox
	Role        Class = "role"        // a function's mailbox: support, info, billing
	NoReply     Class = "noreply"     // nobody reads it
	Disposable  Class = "disposable"  // a throw-away domain
	Placeholder Class = "placeholder" // no such host: .invalid, .local, localhost, an IP address
	Blocked     Class = "blocked"     // a filler or a malformed local part: null, none, test
)

// maxLength is 64 bytes of local part, the at sign and 255 of domain (RFC 5321,
// 4.5.3.1). Longer text is no address.
const maxLength = 320

// An Address is one e-mail address as it is compared.
type Address struct {
	// Norm is the whole address: composed (NFC), case folded, its domain in
	// ASCII. Its local part is quoted only where it could be misread.
	Norm string
	// Mailbox is the inbox behind the address: equal mailboxes are the same
	// inbox. Providers that ignore tags or dots have them taken out.
	Mailbox string
	// Untagged is the mailbox without its +tag where the provider is not known
	// to ignore tags, else "". It is the same inbox only if that address was
	// seen too.
	Untagged      string
	Local, Domain string
	// Company is the registrable domain where it can be a company's own, else "".
	// It, Class, Reason and MixedScript are the mailbox's, whatever its spelling.
	Company string
	Class   Class
	// Reason names the list or rule behind Class, or, for a unique address,
	// why its domain is no company's; "" where there is nothing to say.
	Reason string
	// GitHubID and GitHubLogin are those of a no-reply address that GitHub
	// gives its users: ID+login@users.noreply.github.com, or login@ alone.
	GitHubID, GitHubLogin string
	// Odd marks an address that had to be mended or breaks RFC 5322's grammar.
	Odd bool
	// MixedScript marks a mailbox that mixes Latin, Greek or Cyrillic
	// letters: it may imitate another, so it must not link by itself.
	MixedScript bool
}

// Parse reads one address, with or without a display name, angle brackets or
// mailto:. It returns false where there is no address at all. Parse of a Norm
// gives the same Norm.
func Parse(raw string) (Address, bool) {
	if local, domain, ok := splitPlain(raw); ok {
		return describe(Address{Norm: raw, Local: local, Domain: domain, Odd: hasOddDots(local)}), true
	}
	text, mended, ok := extract(raw)
	if !ok {
		return Address{}, false
	}
	at := strings.LastIndexByte(text, '@')
	if at < 1 {
		return Address{}, false
	}
	local, quoted := unquote(text[:at])
	local = fold(local)
	domain, ok := asciiDomain(text[at+1:])
	if !ok || strings.TrimSpace(local) == "" || len(local)+1+len(domain) > maxLength {
		return Address{}, false
	}
	a := Address{Local: local, Domain: domain}
	a.Norm = join(local, domain)
	a.Odd = mended || quoted || needsQuotes(local) || hasOddDots(local)
	return describe(a), true
}

// hasOddDots is true of j..d and of a leading or trailing dot, which RFC 5322
// forbids and Japanese carriers gave out.
func hasOddDots(local string) bool {
	return local[0] == '.' || local[len(local)-1] == '.' || strings.Contains(local, "..")
}

// describe adds what follows from an address's local part and domain. What it can
// prove follows from its inbox alone: all spellings of one are of one class.
func describe(a Address) Address {
	local, domain, untagged := inbox(a)
	a.Mailbox, a.Untagged = a.Norm, untagged
	if local != a.Local || domain != a.Domain {
		a.Mailbox = join(local, domain)
	}
	a.MixedScript = !isASCII(local) && mixesScripts(local)
	if a.Domain == gitHubNoReply {
		a.Untagged = ""
		a.GitHubID, a.GitHubLogin = gitHubUser(a.Local)
	}
	a.Class, a.Company, a.Reason = classify(local, domain)
	return a
}

const gitHubNoReply = "users.noreply.github.com"

// gitHubUser reads the local part of a GitHub no-reply address: ID+login since
// July 2017, the bare login before
// (docs.github.com/account-and-profile/reference/email-addresses-reference).
func gitHubUser(local string) (id, login string) {
	before, after, tagged := strings.Cut(local, "+")
	if !tagged {
		return "", local
	}
	if strings.Trim(before, "0123456789") != "" {
		return "", ""
	}
	return before, after
}
