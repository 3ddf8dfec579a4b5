package identity

import (
	"strings"

	"rollcall/transforms/identity/address"
)

// The SQL functions that read a text which is known by itself, as most are: they
// give a number for what is known of it, many times faster than a text, and 0
// where [textFunction] has to read it. An address is known by itself where it is
// its own mailbox.
const (
	addressCode = "identity_address_code"
	subjectCode = "identity_subject_code"
)

// codes number what is known of an address that is its own mailbox: in the lowest
// 8 bits the place of its class, counted from 1, in 16 that of its reason, then
// the length of its company's domain, with which it ends.
type codes struct {
	classes map[address.Class]uint64
	reasons map[string]uint64
}

const (
	reasonShift  = 8
	companyShift = 24
)

func classes() []address.Class {
	return []address.Class{address.Unique, address.Role, address.NoReply, address.Disposable, address.Placeholder, address.Blocked}
}

func newCodes() codes {
	c := codes{classes: map[address.Class]uint64{}, reasons: map[string]uint64{}}
	for i, class := range classes() {
		c.classes[class] = uint64(i + 1)
	}
	for i, reason := range address.Reasons() {
		c.reasons[reason] = uint64(i)
	}
	return c
}

func (c codes) ofAddress(raw string, suppressed func(string) bool) uint64 {
	a, found := address.Parse(raw)
	if !found || a.Mailbox != raw || strings.Count(raw, "@") != 1 || a.Untagged != "" || a.GitHubID != "" || a.GitHubLogin != "" || a.MixedScript || suppressed(raw) {
		return 0
	}
	class, reason := c.classes[a.Class], c.reasons[a.Reason]
	if class == 0 || reason == 0 && a.Reason != "" || !strings.HasSuffix(raw, a.Company) || !strings.HasSuffix(raw, "@"+a.Domain) {
		return 0
	}
	return class | reason<<reasonShift | uint64(len(a.Company))<<companyShift
}

// codeOfSubject is 1 of a subject that is kept as it is. SQL asks for no one at
// GitHub, whose logins differ in case.
func codeOfSubject(raw string) uint64 {
	if raw == "" || cleaned(raw) != raw || isBlocked(raw) {
		return 0
	}
	return 1
}
