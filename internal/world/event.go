package world

import (
	"iter"
	"sort"
)

// An Event is one thing that happened. What Object, Other, Amount and Detail
// mean is said by Kind; ids that do not apply are None, numbers 0.
type Event struct {
	At     Moment  // when it happened
	Seen   Moment  // when its source first shows it; At unless it arrives late
	Login  LoginID // who did it, or (logins, contacts) whom it befell
	Object int32
	Other  int32
	Amount int32
	Kind   Kind
	Detail uint8
}

// A Kind says what happened.
type Kind uint8

// Kinds of events. "by" is Event.Login.
const (
	// Logins at their sources. At a forum making one is joining.
	LoginMade      Kind = iota // Object PersonID
	LoginGone                  // deleted by its owner or an admin
	LoginSuspended             // barred by a moderator
	AddressChanged             // Object AddressID: now the primary one
	AddressAdded               // Object AddressID: a further one
	RoleGiven                  // Detail RoleName
	LoginsMerged               // Login goes, Object LoginID stays
	ConsentSaid                // Detail Consent, to identity matching

	// The truth about people and companies; no source says it so.
	JobTaken      // Object PersonID, Other CompanyID
	JobLeft       // Object PersonID, Other CompanyID
	CompanyBought // Object CompanyID, Other CompanyID: the buyer

	// Companies at their sources.
	OrgMade    // Object OrgID
	OrgsMerged // Object OrgID goes, Other OrgID stays
	Linked     // Login belongs to Object OrgID; Detail 1: primary
	Unlinked   // Login no longer belongs to Object OrgID

	// Contracts. Object SubscriptionID, Amount seats after it, Detail Plan after it.
	Subscribed
	Renewed
	Upgraded
	Downgraded
	SeatsChanged
	Paused
	Resumed
	Churned  // Detail Reason
	Returned // after a churn, on a new subscription

	// The community.
	Visited      // Object CommunityID; one per login, community and local day at most
	ThreadOpened // Object PostID of the opening, Other ThreadID
	Replied      // Object PostID, Other ThreadID
	Noted        // a note of the software: Object PostID, Other ThreadID
	Edited       // Object PostID, Amount characters of the new version, Detail its number from 2
	Removed      // Object PostID (an opening: the thread); by its author or a moderator
	Reacted      // Object PostID, Other LoginID of its author, Detail Reaction
	Unreacted    // takes a Reacted of equal fields back
	Bookmarked   // Object PostID (an opening: the thread), Other LoginID of its author
	Unbookmarked
	Starred      // Object CommunityID, a repository
	Unstarred    // Object CommunityID
	Accepted     // Object PostID, the answer, Other ThreadID
	Unaccepted   // Object PostID, Other ThreadID
	Flagged      // Object PostID, Detail FlagReason
	FlagJudged   // Object PostID, Detail Outcome; by a moderator
	ThreadClosed // Object ThreadID
	Referred     // brought Object PersonID to the community

	// Events.
	GatheringPlanned   // Object GatheringID
	GatheringCalledOff // Object GatheringID
	Registered         // Object GatheringID
	Unregistered       // Object GatheringID
	Attended           // Object GatheringID, Amount minutes, Detail 1: as a host

	// Surveys.
	SurveySent // Object SurveyID, Detail 1: bounced
	Answered   // Object ResponseID, Other SurveyID

	// The product. Object OrgID of the workspace, Detail position in ProductEvents().
	Used

	// The helpdesk. Object TicketID.
	TicketOpened
	TicketAnswered // by an agent
	TicketSolved   // by an agent
	TicketReopened // by its requester

	kindCount
)

// A Reaction is how a Reacted event reacts. Forums have Like alone.
type Reaction uint8

// Reactions.
const (
	Like Reaction = iota
	ThumbsUp
	ThumbsDown
	Heart
	Hooray
	Confused
)

// Consent is what somebody said to being matched across sources.
type Consent uint8

// Answers.
const (
	Granted Consent = iota
	Refused
	Withdrawn
)

// A FlagReason is why a post was flagged.
type FlagReason uint8

// Reasons.
const (
	Spam FlagReason = iota
	OffTopic
	Inappropriate
)

// An Outcome is how a flag ended; one without FlagJudged is pending.
type Outcome uint8

// Outcomes.
const (
	Upheld Outcome = iota
	Rejected
	Ignored
)

// A Reason is why an account left.
type Reason uint8

// Reasons.
const (
	TooExpensive Reason = iota
	MissingFeature
	WentToCompetitor
	NoLongerNeeded
	ClosedDown
)

// Shown lists the events that sources first show in [from, to), in the order
// they do, with their positions in Events.
func (w *World) Shown(from, to Moment) iter.Seq2[int, *Event] {
	return func(yield func(int, *Event) bool) {
		start := sort.Search(len(w.seen), func(i int) bool { return w.Events[w.seen[i]].Seen >= from })
		for _, i := range w.seen[start:] {
			if w.Events[i].Seen >= to || !yield(int(i), &w.Events[i]) {
				return
			}
		}
	}
}
