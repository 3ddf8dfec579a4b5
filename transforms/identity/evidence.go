// Package identity works out which logins are one person: it turns what the
// sources say into claims, links logins by tiers of evidence, takes components
// that break a rule apart again, and keeps person ids over builds.
//
// A login is an account or contact at one source. A value is what a login can
// claim: an address, a subject of an issuer, a user name. Logins that claim one
// value are linked as far as the trust in their claims goes; fuzzy evidence
// never links, it only suggests.
package identity

// Evidence is everything that decides who is who, over dense numbers of logins
// and values. The order of its parts does not matter to the outcome: ties are
// broken by keys.
type Evidence struct {
	Instances []Instance
	Logins    []Login
	Values    []Value
	Claims    []Claim
	Same      []Same
	NotSame   [][2]int32 // logins that somebody decided are different people

	// Tagged gives for addresses with a plus tag the same address without it.
	Tagged map[int32]int32

	// NamesAgree reports whether the names of logins that share an address could
	// be one human's: then the address is no shared mailbox, however many
	// duplicates a source has of him. Nil: they do not.
	NamesAgree func(value int32, logins []int32) bool
}

// An Instance is one configured source.
type Instance struct {
	// AddressLogins is how many logins may share an address there before it is
	// taken for a shared mailbox; 0: three. Billing opens a customer per purchase
	// and has ten.
	AddressLogins uint8
}

// A Login is one account or contact at a source.
type Login struct {
	Key        uint64 // stable; breaks ties
	Company    uint32 // that a CRM contact belongs to now; 0: none is known
	Instance   uint16
	IsCustomer bool // the company has an active contract, or nobody knows
	IsBot      bool
	NoLink     bool // there is no consent to link it: it is a person of its own
}

// A ValueType says what a value is.
type ValueType uint8

// The types of values that can link. Names and user names only suggest.
const (
	Email ValueType = iota
	Subject
)

// A Class says what a value may do.
type Class uint8

// The classes of values.
const (
	Unique   Class = iota // belongs to one human, as far as its text tells: it links
	Doubtful              // only suggests: the support@ of a free-mail domain
	Barred                // says nothing of anybody
)

// A Value is one identifier.
type Value struct {
	Key    uint64
	Issuer uint32 // of a subject: who gives one to each human; 0: nobody
	Type   ValueType
	Class  Class
}

// Trust is how well a claim is founded.
type Trust uint8

// The grades of trust, as the lake stores them.
const (
	Self     Trust = 1 // the login says it of itself
	Staff    Trust = 2 // staff, an agent or a salesperson entered it
	Verified Trust = 3 // the source made sure
)

// A Claim is one login's tie to a value.
type Claim struct {
	Login, Value int32
	From, Until  int32 // days since 1970; Until 0: it lasts
	Trust        Trust
}

// A Same is a pair of logins of which it was said outright that they are one.
type Same struct {
	A, B int32
	Rule Rule // Decided, Merged or Reference
}

// A Rule names why two logins were linked, kept apart or suggested.
type Rule uint8

// The rules. The first three link, the next refuse, the last suggest.
const (
	NoRule        Rule = iota
	Decided            // somebody decided that they are one
	Merged             // the source merged one into the other
	Reference          // the source names the other by its id
	TooManyLogins      // more than 25 logins would be one person
	TooManyBoxes       // more than 10 mailboxes would be one person's
	OtherSubject       // one issuer knows them as two people
	OtherCompany       // two customers' contacts, by an address that staff entered
	BotAndHuman        // one is a program
	NotSamePerson      // somebody decided that they are two
	SelfAsserted       // nobody but the login says that the address is its own
	Contested          // several claim the address
	SharedBox          // the mailbox may be shared
)

// String is the rule as the lake stores it.
func (r Rule) String() string {
	return [...]string{"", "decided", "merge", "reference", "too_many_logins", "too_many_mailboxes", "other_subject", "other_company",
		"bot_and_human", "not_same", "self_asserted", "contested", "shared_mailbox"}[r]
}

// NoTier is the tier of a login that is alone.
const NoTier = 255

// A Solution says who is who.
type Solution struct {
	Label []int32 // per login: the login by which its person is best known
	Tier  []uint8 // per login: weakest tier on its best way to that login; NoTier: alone

	// Reach numbers the logins that a change to one of them can reach: what
	// shares a value, linked or not. Per login the one of the least key.
	Reach []int32

	Generic     []int32 // values that too many logins share to be one human's
	Refusals    []Refusal
	Suggestions []Suggestion
}

// A Refusal is evidence that was not followed.
type Refusal struct {
	Login, Other int32
	Value        int32 // -1: none, it was said outright
	Rule         Rule
}

// A Suggestion is a pair for a person to look at.
type Suggestion struct {
	A, B, Value int32
	Rule        Rule
}
