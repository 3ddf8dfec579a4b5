package world

// Planted names the cases that every world holds on purpose.
type Planted struct {
	Recycled      [2]AddressID // equal text, one company, the second begins after the first ended
	Namesakes     [2]PersonID  // one name, one company
	NamesakesFar  [2]PersonID  // one name, two companies
	MergeChain    []LoginID    // CRM contacts of one person, each merged into the next
	Bought        CompanyID    // with its buyer in Company.Parent
	Consultant    PersonID     // three jobs at three customers at a time
	Claimed       LoginID      // a helpdesk login that two people use
	Mover         PersonID     // changes from one customer to another
	ForumTwins    [2]LoginID   // equal ids at Forum and Lab, two people
	PortalTwins   [2]LoginID   // equal ids at CRMWest and CRMEast, two people
	SupportShared PersonID     // a customer's support@, on many contacts
	BillingShared PersonID     // the same customer's billing@

	claimants [2]PersonID // who use Claimed
	sharers   [4]PersonID // who have SupportShared on their contacts
	chained   PersonID    // whose contacts MergeChain are
}
