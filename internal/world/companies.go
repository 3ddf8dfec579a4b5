package world

import "math"

// An account is what the maker knows of a company beyond the world's table.
type account struct {
	listed      Moment // since when the CRM knows it; Never
	buys        Moment // when it becomes a customer, for the first time or again; Never
	from, until Moment // its present or last contract: in service over [from, until)
	paused      Moment // out of service until then
	renews      Moment
	contributed Moment // when somebody of it last took part in the community; 0
	contract    SubscriptionID
	seats       int32
	plan        Plan
	yearly      bool
}

// Planted companies stand first, after Tidewater, and are all customers from
// the first weeks.
const (
	companyOfNamesakes CompanyID = iota + 1
	companyOfMailboxes
	companyOfConsultant
	companyBought
	companyOfMover
	companyNew // where the mover goes
	plantedCompanies
)

// found makes the companies: one for eight people.
func (m *maker) found() {
	total := max(int(plantedCompanies)+6, m.people()/8)
	m.Companies = make([]Company, total)
	m.accounts = make([]account, total)
	m.employed = make([][]int32, total)
	m.orgsOf = make([][sourceCount]OrgID, total)
	for i := range m.Companies {
		for s := range m.orgsOf[i] {
			m.orgsOf[i][s] = None
		}
		m.Companies[i], m.accounts[i] = m.company(i)
	}
	m.Planted.Bought = companyBought
	bought, buyer := &m.Companies[companyBought], companyOfConsultant
	bought.Parent, bought.BoughtAt = buyer, m.monthStart(14)+days(3)
	m.happen(Event{At: bought.BoughtAt, Kind: CompanyBought, Login: None, Object: int32(companyBought), Other: int32(buyer)})
}

func (m *maker) company(i int) (Company, account) {
	d := m.on(onCompanies, i, 0)
	c := Company{
		Country: Country(d.weighted(30, 12, 18, 10, 8, 7, 10, 5)),
		Size:    int32(math.Min(20_000, 2+d.lognormal(60, 1.8))),
		Founded: m.Start - days(d.between(300, 9000)),
		Parent:  None, BoughtAt: Never, name: uint32(i),
	}
	a := account{buys: Never, listed: Never, contract: None, yearly: d.chance(0.4)}
	if CompanyID(i) == Tidewater {
		c.Country, c.Size = Germany, 40
		return c, a
	}
	span := float64(m.End - m.Start)
	switch draw := d.share(); {
	case CompanyID(i) < plantedCompanies:
		c.Country = [plantedCompanies]Country{Germany, Germany, America, Germany, Kuwait, America, Japan}[i]
		c.Size = max(c.Size, 80)
		a.buys = m.Start + days(2+3*float64(i))
	case draw < 0.38:
		a.buys = m.Start + days(d.between(1, 60))
	case draw < 0.72:
		a.buys = m.Start + Moment(d.share()*span)
	case draw < 0.86: // a prospect that never buys
		a.listed = m.Start + Moment(d.share()*span)
	}
	if a.buys != Never {
		a.listed = max(m.Start, a.buys-days(d.between(5, 60)))
	}
	a.plan = planFor(c.Size)
	a.seats = max(2, int32(float64(c.Size)*d.between(0.05, 0.4)))
	return c, a
}

// planFor is the plan that a company of a size begins with.
func planFor(size int32) Plan {
	switch {
	case size < 20:
		return PlanStarter
	case size < 80:
		return PlanTeam
	case size < 400:
		return PlanBusiness
	}
	return PlanEnterprise
}

// SeatPrice is what one seat costs a month, in the currency's minor unit
// (0, 2 or 3 decimals: JPY, EUR and USD, KWD).
func SeatPrice(p Plan, c Currency) int32 {
	price := [...]int32{9, 15, 24, 38}[p]
	switch c {
	case "JPY":
		return price * 150
	case "KWD":
		return price * 310
	case "USD":
		return price * 110
	}
	return price * 100
}

// sizeShare places a company's size in [0, 1]: 0 at two people, 1 at 2,000
// and above. It is the confounder: large companies take part more and leave
// less, whether or not one causes the other.
func (c *Company) sizeShare() float64 {
	return math.Min(1, math.Log(float64(max(2, c.Size))/2)/math.Log(1000))
}
