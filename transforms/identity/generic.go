package identity

import "slices"

// How widely an address may be shared and still be one human's.
const (
	loginsPerInstance = 3
	loginsInAll       = 12
	companiesInAll    = 2 // of CRM contacts
)

// classify finds addresses that are shared too widely to be one human's.
func (s *solver) classify() {
	for i := range s.groups {
		g := &s.groups[i]
		value := s.Values[g.value]
		switch {
		case value.Class == Doubtful:
			g.standing = asking
		case value.Type == Email && g.end-g.start > companiesInAll && s.isShared(g):
			g.standing = generic
			s.solution.Generic = append(s.solution.Generic, g.value)
		}
	}
	slices.Sort(s.solution.Generic)
	s.solution.Generic = slices.Compact(s.solution.Generic)
}

func (s *solver) isShared(g *group) bool {
	claims := s.claims[g.start:g.end]
	var companies []uint32
	logins := make([]int32, len(claims))
	for i, c := range claims {
		logins[i] = c.Login
		company := s.Logins[c.Login].Company
		if company != 0 && !slices.Contains(companies, company) {
			companies = append(companies, company)
		}
		if len(companies) > companiesInAll {
			return true
		}
	}
	return s.isWide(logins) && (s.NamesAgree == nil || !s.NamesAgree(g.value, logins))
}

// isWide reports whether these are more logins than one human has: in all, or
// at one instance.
func (e *Evidence) isWide(logins []int32) bool {
	if len(logins) > loginsInAll {
		return true
	}
	for i, login := range logins {
		instance, same := e.Logins[login].Instance, 0
		for _, other := range logins[i:] {
			if e.Logins[other].Instance == instance {
				same++
			}
		}
		if same > e.limitOf(instance) {
			return true
		}
	}
	return false
}

func (e *Evidence) limitOf(instance uint16) int {
	if int(instance) < len(e.Instances) && e.Instances[instance].AddressLogins > 0 {
		return int(e.Instances[instance].AddressLogins)
	}
	return loginsPerInstance
}
