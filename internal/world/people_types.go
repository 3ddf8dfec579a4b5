package world

// A PersonKind tells people from what only looks like one.
type PersonKind uint8

// Kinds of people. Each bot, test account and mailbox is a person of its own.
const (
	Human   PersonKind = iota // customers, prospects, consultants, the public
	Staff                     // works for Tidewater
	Bot                       // a program
	Test                      // a colleague's test account
	Mailbox                   // an address that several people read: support@, billing@
)

// A Person is one human, or what stands for none (PersonKind). Names are made
// by Name.
type Person struct {
	Kind    PersonKind
	Country Country
	given   uint16
	family  uint16

	jobs, logins int32 // where their own begin in World.Jobs and loginsByPerson
}

// A Country decides language of names, currency and portal.
type Country uint8

// A Company is a customer, somebody who might become one, or Tidewater itself
// (company 0).
type Company struct {
	Country  Country
	Size     int32 // people who work there
	Founded  Moment
	Parent   CompanyID // who owns it at the end; None
	BoughtAt Moment    // since when; Never
	name     uint32
}

// Tidewater is the company whose world this is.
const Tidewater CompanyID = 0

// A Job is the truth of who works where: half-open [From, Until). A consultant
// has several at a time.
type Job struct {
	Person      PersonID
	Company     CompanyID
	From, Until Moment
	Address     AddressID // at work; None: has none of that company
}

// An Address is an e-mail address and whose it is from From until Until. A
// recycled one is two Addresses of equal text.
type Address struct {
	Person      PersonID
	Company     CompanyID // whose domain it is under; None: a private one
	From, Until Moment
	form        uint8
	number      int32
}

// A Login is one account, contact, requester, respondent or user at a source.
type Login struct {
	Source Source
	Person PersonID // the truth
	Second PersonID // somebody else who uses it as well; None
	ID     int64    // the source's own number; see UserID
	Made   Moment
	Gone   Moment // deleted there, or merged into another; Never

	Suspended Moment // barred from taking part; Never

	subject                uint32 // see Subject; 0: none
	holdings, links, roles int32  // where its own begin in World.Holdings, Links and Roles
}

// A Holding is an address that a login shows at its source, as it is written
// there (Text), over [From, Until).
type Holding struct {
	Login       LoginID
	Address     AddressID
	From, Until Moment
	IsPrimary   bool
	spelling    uint8
}

// A RoleName is what a source says of a login beyond being there.
type RoleName uint8

// Roles of logins at their source.
const (
	RoleStaff RoleName = iota // administers a forum, works for Tidewater
	RoleModerator
	RoleAgent // answers tickets
	RoleBot
	RoleTest
)

// A Role is a role of a login over [From, Until).
type Role struct {
	Login       LoginID
	Name        RoleName
	From, Until Moment
}

// An Org is what one source calls a company: a CRM company, a billing
// customer, a helpdesk organisation, a product workspace.
type Org struct {
	Source  Source
	Company CompanyID // the truth
	ID      int64     // the source's own number; see OrgKey
	Made    Moment
	Gone    Moment // merged away; Never
	Domain  bool   // the source states the company's domain
	Refers  OrgID  // an org of another source that this one names, as billing does the CRM's; None
}

// A Link is a source's word that a login belongs to an org over [From, Until).
type Link struct {
	Login       LoginID
	Org         OrgID
	From, Until Moment
	IsPrimary   bool
}
