package world

// A Source is one system that shows a part of the world under its own ids.
type Source uint8

// The sources. Forum and Lab number their users alike, and so do the two CRM
// portals: equal ids there are different people.
const (
	Forum    Source = iota // Discourse: the customers' forum
	Lab                    // Discourse: developers and partners
	GitHub                 // the organisation's repositories
	CRMWest                // a CRM portal: Europe and the Americas
	CRMEast                // a second one: Asia and the Gulf
	Billing                // customers, subscriptions, invoices
	Helpdesk               // requesters, organisations, tickets
	Surveys                // respondents, invitations, answers
	Product                // users and events of the product's own tracking
	Meetups                // registrations and attendance
	sourceCount
)

// sourceFacts are, by Source: the connector's type and instance, the kinds its
// files state, and who vouches for the addresses in it (contract, EmailTrust).
func sourceFacts(s Source) (connector, instance, kind, trust string) {
	switch s {
	case Forum:
		return "discourse", "forum", "community", "verified"
	case Lab:
		return "discourse", "lab", "community", "verified"
	case GitHub:
		return "github", "tidewater", "community", "self"
	case CRMWest:
		return "files", "crm_west", "crm", "staff"
	case CRMEast:
		return "files", "crm_east", "crm", "staff"
	case Billing:
		return "files", "billing", "billing", "staff"
	case Helpdesk:
		return "files", "helpdesk", "helpdesk", "verified"
	case Surveys:
		return "files", "surveys", "survey", "staff"
	case Product:
		return "files", "product", "product", "verified"
	}
	return "files", "meetups", "events", "self"
}

// Connector is the type of the connector that reads the source.
func (s Source) Connector() string { connector, _, _, _ := sourceFacts(s); return connector }

// Instance is the source's name in the configuration.
func (s Source) Instance() string { _, instance, _, _ := sourceFacts(s); return instance }

// Kind is what a KPI's header calls such a source.
func (s Source) Kind() string { _, _, kind, _ := sourceFacts(s); return kind }

// EmailTrust says who vouches for the source's addresses: verified, staff, self.
func (s Source) EmailTrust() string { _, _, _, trust := sourceFacts(s); return trust }
