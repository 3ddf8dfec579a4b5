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
	inInstance := map[uint16]int{}
	isWide := len(claims) > loginsInAll
	for _, c := range claims {
		login := s.Logins[c.Login]
		if login.Company != 0 && !slices.Contains(companies, login.Company) {
			companies = append(companies, login.Company)
		}
		if len(companies) > companiesInAll {
			return true
		}
		inInstance[login.Instance]++
		isWide = isWide || inInstance[login.Instance] > s.limitOf(login.Instance)
	}
	if !isWide {
		return false
	}
	logins := make([]int32, len(claims))
	for i, c := range claims {
		logins[i] = c.Login
	}
	return s.NamesAgree == nil || !s.NamesAgree(g.value, logins)
}

func (s *solver) limitOf(instance uint16) int {
	if int(instance) < len(s.Instances) && s.Instances[instance].AddressLogins > 0 {
		return int(s.Instances[instance].AddressLogins)
	}
	return loginsPerInstance
}
