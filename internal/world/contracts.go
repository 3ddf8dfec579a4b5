package world

import "math"

// How accounts leave. In a month, an account of size share s (companies.go) that did
// not take part in the community leaves at a renewal with chance
// ChurnSmall - (ChurnSmall-ChurnLarge)*s; one of which somebody wrote, reacted
// or came to an event in the three months before the month of the renewal
// leaves with that chance times (1 - ChurnEffect). A yearly contract adds up
// twelve months. Larger companies also take part more (enliven), so that a
// plain comparison of accounts with and without members shows more than
// ChurnEffect, and one within sizes shows it.
const (
	ChurnSmall  = 0.07
	ChurnLarge  = 0.004
	ChurnEffect = 0.4
)

// churnChance is the chance to leave at one renewal.
func churnChance(sizeShare float64, takesPart, yearly bool) float64 {
	monthly := ChurnSmall - (ChurnSmall-ChurnLarge)*sizeShare
	if takesPart {
		monthly *= 1 - ChurnEffect
	}
	if yearly {
		return 1 - math.Pow(1-monthly, 12)
	}
	return monthly
}

// contracts is what becomes of all accounts' contracts in a month.
func (m *maker) contracts(month int) {
	from, until := m.monthStart(month), m.monthStart(month+1)
	for i := 1; i < len(m.accounts); i++ {
		id, a := CompanyID(i), &m.accounts[i]
		if a.buys >= from && a.buys < until {
			m.subscribe(id, a.buys)
		}
		for a.contract != None && a.until == Never && a.renews < until {
			m.renew(id, month)
		}
	}
	if bought := m.Companies[companyBought].BoughtAt; bought >= from && bought < until {
		m.mergeOrgs(companyBought, bought)
	}
}

func (m *maker) subscribe(id CompanyID, at Moment) {
	a := &m.accounts[id]
	kind := Subscribed
	if a.contract != None {
		kind = Returned
	}
	m.org(m.portal(id), id, min(at, max(a.listed, m.Start)))
	customer := m.org(Billing, id, at)
	a.contract, a.from, a.until, a.buys = SubscriptionID(len(m.Subscriptions)), at, Never, Never
	m.Subscriptions = append(m.Subscriptions, Subscription{
		ID: int64(a.contract) + 1, Company: id, Customer: customer, Currency: m.Companies[id].Country.Currency(), Yearly: a.yearly, From: at, Until: Never,
	})
	m.contractEvent(kind, id, at, uint8(a.plan))
	a.renews = m.nextRenewal(a, at)
	if kind == Subscribed {
		m.org(Product, id, at)
		m.payer(id, customer, at)
	}
}

func (m *maker) contractEvent(kind Kind, id CompanyID, at Moment, detail uint8) {
	a := &m.accounts[id]
	m.happen(Event{At: at, Kind: kind, Login: None, Object: int32(a.contract), Other: None, Amount: a.seats, Detail: detail})
}

// nextRenewal is a month or a year later, at the same hour.
func (m *maker) nextRenewal(a *account, at Moment) Moment {
	if a.yearly {
		return MomentOf(at.Time().AddDate(1, 0, 0))
	}
	return MomentOf(at.Time().AddDate(0, 1, 0))
}

// payer is the billing contact: the company's billing@ or somebody's own
// address.
func (m *maker) payer(id CompanyID, customer OrgID, at Moment) {
	payer, address := PersonID(None), AddressID(None)
	for _, i := range m.employed[id] {
		j := m.Jobs[i]
		if j.From > at || j.Until <= at {
			continue
		}
		mailbox := m.People[j.Person].Kind == Mailbox
		if payer == None || mailbox && m.People[j.Person].given == 1 {
			payer, address = j.Person, j.Address
		}
	}
	if payer != None {
		m.link(m.signUp(Billing, payer, at, address), customer, at, true)
	}
}

// renew decides at a renewal: leave, stay, or stay and change something.
func (m *maker) renew(id CompanyID, month int) {
	a, at := &m.accounts[id], m.accounts[id].renews
	d := m.on(onChurn, int(id), int(at/days(1)))
	takesPart := a.contributed > 0 && a.contributed >= m.monthStart(max(0, month-3))
	if d.chance(churnChance(m.Companies[id].sizeShare(), takesPart, a.yearly)) {
		m.leave(d, id, at)
		return
	}
	a.renews = m.nextRenewal(a, at)
	m.contractEvent(Renewed, id, at, uint8(a.plan))
	switch draw := d.share(); {
	case draw < 0.05 && a.plan < PlanEnterprise:
		a.plan++
		m.contractEvent(Upgraded, id, at+hours(2), uint8(a.plan))
	case draw > 0.98 && a.plan > PlanStarter:
		a.plan--
		m.contractEvent(Downgraded, id, at+hours(2), uint8(a.plan))
	case draw < 0.16:
		a.seats = max(1, int32(float64(a.seats)*d.between(0.85, 1.4)+0.5))
		m.contractEvent(SeatsChanged, id, at+hours(2), uint8(a.plan))
	case draw < 0.175 && !a.yearly:
		a.paused = at + days(d.between(30, 80))
		a.renews = max(a.renews, a.paused+hours(1))
		m.contractEvent(Paused, id, at+hours(3), uint8(a.plan))
		m.contractEvent(Resumed, id, a.paused, uint8(a.plan))
	}
}

func (m *maker) leave(d *dice, id CompanyID, at Moment) {
	a := &m.accounts[id]
	if at >= m.End {
		a.renews = Never
		return
	}
	m.contractEvent(Churned, id, at, uint8(d.weighted(30, 22, 20, 20, 8)))
	a.until, m.Subscriptions[a.contract].Until = at, at
	if d.chance(0.12) {
		a.buys = at + days(d.between(40, 200))
	}
}

// inService is the part of [from, until) in which an account may use the
// product; empty where it may not.
func (a *account) inService(from, until Moment) (Moment, Moment) {
	if a.contract == None {
		return until, until
	}
	from = max(from, a.from, a.paused)
	return from, max(from, min(until, a.until))
}

// mergeOrgs: two weeks after one company bought another, the CRM makes one org
// of the two. Its portals differ, so the buyer is listed there first.
func (m *maker) mergeOrgs(bought CompanyID, at Moment) {
	portal := m.portal(bought)
	org, buyer := m.orgsOf[bought][portal], m.orgsOf[m.Companies[bought].Parent][portal]
	if buyer == None {
		buyer = m.org(portal, m.Companies[bought].Parent, at+days(7))
	}
	if m.happen(Event{At: at + days(14), Kind: OrgsMerged, Login: None, Object: int32(org), Other: int32(buyer)}) {
		m.Orgs[org].Gone = at + days(14)
	}
}
