package address

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Why a unique address says nothing about a company, or a host does not exist.
const (
	unknownSuffix = "unknown top-level domain"
	privateSuffix = "rented subdomain"
	bareSuffix    = "public suffix"
	university    = "university"

	reservedDomain = "reserved or local domain"
	noReplyDomain  = "no-reply host"
	noReplyLocal   = "no-reply local part"
	malformedLocal = "malformed local part"
	fillerLocal    = "filler local part"
)

// classify decides class, company and reason of a mailbox. What cannot be
// anybody's comes first, so that a no-reply host is never cut down to the company
// that runs it.
func classify(local, domain string) (class Class, company, reason string) {
	lists := shippedLists()
	host := lists.host(domain)
	noCompany := ""
	if host.kind == unlisted || host.kind == companyDomain {
		company, noCompany = registrable(domain, host.kind)
	}
	if class, reason := unusable(local, domain, host, noCompany); class != "" {
		return class, "", reason
	}
	isRole, list := lists.role(untag(local))
	if !isRole && domain == gmail {
		isRole, list = lists.joinedRoles(local)
	}
	if isRole {
		return Role, company, lists.names[list]
	}
	if noCompany == "" && company == "" {
		noCompany = lists.reasons[host]
	}
	return Unique, company, noCompany
}

// unusable is the class and reason of a mailbox that is nobody's, or "".
func unusable(local, domain string, host entry, noCompany string) (Class, string) {
	lists := shippedLists()
	switch {
	case isReserved(domain):
		return Placeholder, reservedDomain
	case host.kind == noReplyHost, strings.HasPrefix(domain, "noreply."):
		return NoReply, noReplyDomain
	case isNoReply(untag(local)):
		return NoReply, noReplyLocal
	case noCompany == unknownSuffix:
		return Placeholder, unknownSuffix
	case strings.ContainsAny(local, "@,;<>"):
		return Blocked, malformedLocal
	case strings.Trim(local, "0-") == "", lists.filler(local):
		return Blocked, fillerLocal
	case host.kind == disposableDomain:
		return Disposable, lists.names[host.list]
	}
	return "", ""
}

// isReserved is true of hosts that no mail reaches from outside: RFC 2606 and
// 6761 names, those of home networks, single labels and IP addresses.
func isReserved(domain string) bool {
	dot := strings.LastIndexByte(domain, '.')
	if dot < 0 || domain[0] == '[' {
		return true
	}
	top := domain[dot+1:]
	switch top {
	case "invalid", "local", "localhost", "localdomain", "test", "example",
		"internal", "intranet", "lan", "home", "corp", "private", "onion", "arpa":
		return true
	}
	if strings.Trim(top, "0123456789") == "" { // no top-level domain is a number: an IPv4 address
		return true
	}
	return strings.HasPrefix(domain, "example.") || strings.Contains(domain, ".example.")
}

// isNoReply reads through the separators of no-reply, do_not.reply and their like.
func isNoReply(local string) bool {
	if !strings.Contains(local, "repl") && !strings.Contains(local, "daemon") && !strings.Contains(local, "noresponse") {
		return false
	}
	bare := strings.NewReplacer("-", "", "_", "", ".", "").Replace(local)
	for _, word := range []string{"noreply", "donotreply", "dontreply", "noreplay", "mailerdaemon", "maildaemon", "noresponse"} {
		if strings.Contains(bare, word) {
			return true
		}
	}
	return false
}

// registrable is the domain that one organisation registered, where it can be
// an employer's. The suffix must be one of ICANN's section of the public suffix
// list: for unknown top-level domains the list's default rule invents one.
func registrable(domain string, kind kind) (company, reason string) {
	suffix, icann := publicsuffix.PublicSuffix(domain)
	switch {
	case !icann && strings.IndexByte(suffix, '.') < 0:
		return "", unknownSuffix
	case !icann && suffix == domain:
		return operator(domain)
	case !icann:
		return "", privateSuffix
	case suffix == domain:
		return "", bareSuffix
	}
	rest := domain[:len(domain)-len(suffix)-1]
	company = domain[strings.LastIndexByte(rest, '.')+1:]
	if kind != companyDomain && isUniversity(company, suffix) {
		return "", university
	}
	return company, ""
}

// operator is the company behind a suffix under which others rent names: mail
// at github.io itself is its owner's.
func operator(domain string) (company, reason string) {
	_, parent, _ := strings.Cut(domain, ".")
	if suffix, icann := publicsuffix.PublicSuffix(parent); icann && suffix == parent {
		return domain, ""
	}
	return "", privateSuffix
}

// isUniversity is true where students and staff share a domain with nobody's
// employer: .edu, .edu.au, .ac.uk and names such as uni-bonn.de.
func isUniversity(company, suffix string) bool {
	return suffix == "edu" || strings.HasPrefix(suffix, "edu.") || strings.HasPrefix(suffix, "ac.") ||
		strings.HasPrefix(company, "uni-") || strings.HasPrefix(company, "univ-")
}
