package labelled

import (
	"cmp"
	"strconv"

	"rollcall/transforms/identity"
	"rollcall/transforms/identity/address"
	"rollcall/transforms/identity/name"
	"rollcall/transforms/identity/suggest"
)

// link solves a set by the evidence of its addresses, as a build does, and joins
// who is linked.
func link(p *partition, s set) {
	e := &identity.Evidence{Instances: make([]identity.Instance, 1)}
	values := map[string]int32{}
	for i, r := range s.rows {
		e.Logins = append(e.Logins, identity.Login{Key: uint64(i + 1)})
		for _, a := range r.emails {
			v, key := valueOf(a)
			if _, known := values[key]; !known {
				v.Key = uint64(len(values) + 1)
				values[key] = int32(len(e.Values))
				e.Values = append(e.Values, v)
			}
			e.Claims = append(e.Claims, identity.Claim{Login: int32(i), Value: values[key], Trust: s.trust})
		}
	}
	e.NamesAgree = func(_ int32, logins []int32) bool {
		bearers := make([][]string, len(logins))
		for i, login := range logins {
			bearers[i] = s.rows[login].Names
		}
		return name.Agree(bearers)
	}
	for i, label := range identity.Solve(e).Label {
		p.join(i, int(label))
	}
}

// valueOf is what an address identifies: the user whom GitHub gave it to, or a
// mailbox.
func valueOf(a address.Address) (v identity.Value, key string) {
	if user := cmp.Or(a.GitHubID, a.GitHubLogin); user != "" {
		return identity.Value{Type: identity.Subject}, "github " + user
	}
	v = identity.Value{Type: identity.Email, Class: identity.Barred}
	switch {
	case a.Class == address.Unique && !a.MixedScript:
		v.Class = identity.Unique
	case a.Class == address.Role && a.Company == "":
		v.Class = identity.Doubtful
	}
	return v, a.Mailbox
}

// linked gives the records with who is linked already.
func linked(p *partition, rows []row) []suggest.Record {
	var records []suggest.Record
	for i, r := range rows {
		r.Person = strconv.Itoa(p.find(i))
		records = append(records, r.Record)
	}
	return records
}
