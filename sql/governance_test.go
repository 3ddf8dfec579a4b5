package sql_test

import "testing"

// org is a company of a CRM.
func (f *fixture) org(name string, more ...line) {
	f.put("org", line{"org_id": f.id("org", name), "name": name}, more...)
}

// belongs makes people belong to a company, by the CRM's word.
func (f *fixture) belongs(org string, people []string, more ...line) {
	for _, who := range people {
		f.put("org_membership", line{"identity_id": f.login(who), "org_id": f.id("org", org), "basis": "crm"}, more...)
	}
}

// answered is what people said about the use of their data.
func (f *fixture) answered(status, at string, people []string, more ...line) {
	f.t.Helper()
	for _, who := range people {
		f.put("consent", line{"identity_id": f.login(who), "purpose": "identity_matching", "status": status, "recorded_at": f.at(at)}, more...)
	}
}

// inCommunity looks at the slice of a community of the case.
func (w want) inCommunity(name string) want { return w.in("community", "forum:"+name) }

// The catalogue's 640 of 1000 and 800 of 1000 in January and February; the edges
// from March on, in communities of their own.
func TestGovernance(t *testing.T) {
	checkGoldens(t, "", []golden{
		{"640 of 1000 belong to a company and 800 of 1000 agreed", func(f *fixture) {
			f.covers("1 Jan", "2 Sep 11:00")
			members := crowd("m", 1000)
			f.joins("5 Jan", members...)
			f.org("acme")
			f.belongs("acme", members[:640])
			f.answered("granted", "5 Jan", members[200:])
		}, []want{
			is("identity_match_rate", "2026-01", 0.64).of(640, 1000).n(1000),
			is("identity_match_rate", "2026-W05", 0.64),
			is("identity_match_rate", "2026-02", 0.64).in("source", "forum"),
			is("consent_coverage_rate", "2026-01", 0.8).of(800, 1000).n(1000),
			is("consent_coverage_rate", "2026-02", 0.8).in("source", "forum"),
		}},
		{"who left the company is not matched any more and an earlier job is not theirs", func(f *fixture) {
			members := crowd("m", 10)
			f.in("jobs").joins("1 Mar", members...)
			f.org("acme")
			f.org("beta")
			f.belongs("acme", members[:6], line{"valid_from": f.at("2025-01-01"), "valid_to": f.at("15 Mar")})
			f.belongs("beta", members[:1], line{"valid_from": f.at("1 Mar")})
		}, []want{
			is("identity_match_rate", "2026-W10", 0.6).of(6, 10).inCommunity("jobs"),
			is("identity_match_rate", "2026-03", 0.1).of(1, 10).inCommunity("jobs"),
		}},
		{"withdrawn covers nothing from then on and so does a later refusal", func(f *fixture) {
			members := crowd("m", 10)
			f.in("withdrawn").joins("1 Mar", members...)
			f.answered("granted", "1 Mar", members)
			f.answered("withdrawn", "10 Mar", members[:3])
			f.answered("refused", "10 Mar", members[3:4])
		}, []want{
			is("consent_coverage_rate", "2026-W10", 1).of(10, 10).inCommunity("withdrawn"),
			is("consent_coverage_rate", "2026-03", 0.6).of(6, 10).inCommunity("withdrawn"),
		}},
		{"who refused is on neither side of the match rate", func(f *fixture) {
			members := crowd("m", 10)
			f.in("refused").joins("1 Mar", members...)
			f.org("acme")
			f.belongs("acme", members[:6])
			f.answered("refused", "1 Mar", members[4:8])
		}, []want{
			is("identity_match_rate", "2026-03", 4.0/6).of(4, 6).inCommunity("refused"),
			is("consent_coverage_rate", "2026-03", 0).of(0, 10).inCommunity("refused"),
		}},
		{"a company known by an address that only its owner asserts is too unsure", func(f *fixture) {
			members := crowd("m", 10)
			f.in("addresses").joins("1 Mar", members...)
			f.org("gamma", line{"domain": "gamma-tools.com"})
			for i, who := range members[:8] {
				trust := "verified"
				if i < 3 {
					trust = "self"
				}
				f.put("identity_evidence", line{"identity_id": f.login(who), "id_type": "email", "value": who + "@eu.gamma-tools.com", "trust": trust})
			}
		}, []want{is("identity_match_rate", "2026-03", 0.5).of(5, 10).inCommunity("addresses")}},
		{"another basis on record covers and another purpose does not", func(f *fixture) {
			members := crowd("m", 10)
			f.in("contract").joins("1 Mar", members...)
			f.answered("granted", "1 Mar", members[:7], line{"lawful_basis": "contract"})
			f.answered("granted", "1 Mar", members[7:], line{"purpose": "marketing"})
		}, []want{is("consent_coverage_rate", "2026-03", 0.7).of(7, 10).inCommunity("contract")}},
		{"a login in two communities counts once", func(f *fixture) {
			members := crowd("m", 10)
			f.in("one").joins("1 Aug", members...)
			f.in("two").joins("1 Aug", members...)
			f.org("acme")
			f.belongs("acme", members[:5])
			f.answered("granted", "1 Aug", members[:5])
		}, []want{
			is("identity_match_rate", "2026-08", 0.5).of(5, 10).inCommunity("one"),
			is("identity_match_rate", "2026-08", 0.5).of(5, 10).inCommunity("two"),
			is("consent_coverage_rate", "2026-07", 813.0/1050).of(813, 1050),
			is("consent_coverage_rate", "2026-08", 818.0/1060).of(818, 1060),
		}},
	})
}

func TestGovernance_isNotConfiguredWithoutItsSources(t *testing.T) {
	checkGoldens(t, "", []golden{{"members alone", func(f *fixture) { f.joins("5 Jan", crowd("m", 10)...) }, []want{
		isNotConfigured("identity_match_rate", "no org"),
		isNotConfigured("consent_coverage_rate", "no consent"),
	}}})
}
