package config

import "time"

// An EngagementRule gives acts of a type their tier.
type EngagementRule struct {
	EventType string    // the block's label
	Source    string    // connector type; empty: all
	Reaction  string    // lower case; empty: all
	MinChars  int       // of the text
	Tier      int       // -1 to 3
	Helpful   bool      // such a reaction says that a reply helped
	From      time.Time // first local day; zero: always
}

// A ProductEvent says what an event of the product's own tracking means.
type ProductEvent struct {
	Name       string // the block's label
	Feature    string
	KeyAction  bool
	ValueEvent bool
	Login      bool
	Training   bool
	From       time.Time // first local day; zero: always
}

// Exclude names logins that are not members: by id, or by the domain of the
// address.
type Exclude struct {
	Identities   []string // source:instance:user; they are test people
	StaffDomains []string // lower case; subdomains as well
	TestDomains  []string
}

// Questions tell questions from other threads.
type Questions struct {
	Source     string   // connector type; empty: all
	Categories []string // lower case
	Tags       []string // lower case
	Default    *bool    // what other threads are; nil: as shipped
}
