package world

// A Community is one forum, or one repository of the GitHub organisation.
type Community struct {
	Source     Source
	ID         int64  // GitHub: the repository's databaseId; a forum: 0
	Name       string // a forum's title; "tidewater/planner"
	Opened     Moment
	Categories []Category
}

// A Category is a forum's category, a repository's discussion category, or (Issues)
// its issue tracker. Thread.Category is a position in Community.Categories.
type Category struct {
	ID         int64
	Name, Slug string
	Solvable   bool // an answer can be accepted
	StaffOnly  bool // only Tidewater opens threads in it
	Issues     bool // GitHub's issues, which have no category
}

// A Thread is a topic, discussion or issue. Its title is made by Title; its
// author, moment and text are those of Opening.
type Thread struct {
	Community CommunityID
	ID        int64 // the source's number: a topic's id, a databaseId
	Number    int32 // GitHub: within the repository, issues and discussions together
	Opening   PostID
	Category  uint8
	Topic     uint8 // position in Topics(): product area, shown as a tag or label
	Closed    Moment
}

// A Post is a thread's opening or a reply to it. Its text is made by Body.
type Post struct {
	Thread  ThreadID
	Parent  PostID // the reply it answers; None: the opening, or answers that
	Author  LoginID
	At      Moment // when it was written
	Seen    Moment // when the source showed it: later where it was held for review
	Removed Moment // taken down by its author or a moderator; Never
	ID      int64  // the source's number, ascending with Seen; of a GitHub opening the thread's
	Number  int32  // place in its thread as Discourse counts, from 1, by Seen
	Chars   int32  // characters of its first version
	System  bool   // a note of the software ("closed this topic"), by no person

	text uint32 // what Body and Title are made from
	form uint8
}

// A Gathering is an event that people register for and attend.
type Gathering struct {
	ID            int64
	Community     CommunityID // the forum it belongs to
	Kind          string      // webinar, meetup, office_hours, training, research
	Series        string
	Starts, Ends  Moment
	Planned       Moment // shown since
	CalledOff     Moment // Never
	Capacity      int32
	HasAttendance bool // the tool tells who came
	RatedBy       SurveyID
}

// A Survey asks one or more Questions.
type Survey struct {
	ID        int64
	Kind      string // nps, csat, community_sat, event
	Mode      string // relationship, transactional
	Sent      Moment
	Gathering GatheringID // the event it rates; None
	Community CommunityID // the community it asks about; None
	Questions []QuestionID
}

// A Question is one question and its scale.
type Question struct {
	ID             int64
	Survey         SurveyID
	Kind           string // nps, csat, satisfaction, useful, rating
	Min, Max       int32
	HigherIsBetter bool
}

// A Response is one submission, whole with the answers to all questions.
type Response struct {
	ID       int64
	Survey   SurveyID
	Login    LoginID
	At       Moment
	Ticket   TicketID // the ticket it rates; None
	Complete bool
	Scores   [2]int8 // by question; -1: left out
}

// A Plan is what an account pays for.
type Plan uint8

// Plans, cheapest first.
const (
	PlanStarter Plan = iota
	PlanTeam
	PlanBusiness
	PlanEnterprise
)

// A Currency is what an account pays in; amounts are in its minor unit.
type Currency string

// A Subscription is an account's contract over time; what it became stands in
// the log.
type Subscription struct {
	ID       int64
	Company  CompanyID
	Customer OrgID // at Billing
	Currency Currency
	Yearly   bool
	From     Moment
	Until    Moment // Never; else it was cancelled then
}

// A Ticket is a request to the helpdesk.
type Ticket struct {
	ID        int64
	Requester LoginID
	Org       OrgID // None: of a requester without organisation
	Topic     uint8
	Opened    Moment
	Answered  Moment // first answer by an agent; Never
	Solved    Moment // Never
}
