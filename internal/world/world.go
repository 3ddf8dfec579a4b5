// Package world makes up a small software company, Tidewater, and two years of
// its customers: who they are, where they have a login and an address, and
// what they do, as one log of events in order of time. The same Options give
// the same world to the byte. What a source (a forum, a CRM, …) has shown by a
// moment T is what the log holds with Seen up to T; what is true (who is who,
// who works where) stands in the world's tables and is shown by none.
package world

import "time"

// Options say which world to make up.
type Options struct {
	Seed  uint64
	Scale float64   // 1: 2,000 people and some 60,000 events; at least MinScale. Default 1
	End   time.Time // nothing is seen at or after this moment; cut to the day in Zone
}

// MinScale is the smallest world that holds every planted case.
const MinScale = 0.05

// Months is how long a world lasts; it ends at Options.End.
const Months = 24

// Zone is where Tidewater lives: local days, weekends and DST are its own.
const Zone = "Europe/Berlin"

// Domain is that of Tidewater's own addresses.
const Domain = "tidewater-planning.com"

// A World is everything that was so and everything that happened. Its slices
// are read only; ids are positions in them.
type World struct {
	Seed       uint64
	Scale      float64
	Start, End Moment

	People    []Person
	Companies []Company
	Jobs      []Job // by person, then From
	Addresses []Address

	Logins   []Login
	Holdings []Holding // by login, then From
	Roles    []Role    // by login, then From
	Orgs     []Org
	Links    []Link // by login, then From

	Communities   []Community
	Threads       []Thread
	Posts         []Post
	Gatherings    []Gathering
	Surveys       []Survey
	Questions     []Question
	Responses     []Response
	Subscriptions []Subscription
	Tickets       []Ticket

	Events []Event // by At; equal moments in a fixed order

	seen           []int32   // positions in Events by Seen, then position
	loginsByPerson []LoginID // by person, then id

	Planted Planted
}

// Moment is a time in milliseconds since 1970, UTC.
type Moment int64

// Never lies after every moment: what ends Never lasts.
const Never Moment = 1<<63 - 1

// None is the id of nothing.
const None = -1

// Ids are positions in the slices of a World, or None.
type (
	PersonID       int32
	CompanyID      int32
	AddressID      int32
	LoginID        int32
	OrgID          int32
	CommunityID    int32
	ThreadID       int32
	PostID         int32
	GatheringID    int32
	SurveyID       int32
	QuestionID     int32
	ResponseID     int32
	SubscriptionID int32
	TicketID       int32
)

// Time is the moment in UTC.
func (m Moment) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// MomentOf cuts t to the millisecond.
func MomentOf(t time.Time) Moment { return Moment(t.UnixMilli()) }

// Add is the moment that lies d later.
func (m Moment) Add(d time.Duration) Moment { return m + Moment(d/time.Millisecond) }
