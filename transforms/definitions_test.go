package transforms_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/config"
	rollcallsql "rollcall/sql"
	"rollcall/transforms"
)

func TestModels_excludeByTheRoleOfThatTime(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.row("identity_role", "identity_id=c:m:s role_name=moderator valid_from=2026-03-01T00:00:00Z valid_to=2026-04-01T00:00:00Z")
	l.row("identity", "identity_id=c:m:s is_staff=true") // the flag of today does not rewrite the dated role
	l.row("community_member", "member_id=c:m:ms community_id=c:m identity_id=c:m:s joined_at=2026-01-01T00:00:00Z")
	for id, at := range map[string]string{"1": "2026-02-28T23:59:59Z", "2": "2026-03-01T00:00:00Z", "3": "2026-03-31T23:59:59Z", "4": "2026-04-01T00:00:00Z"} {
		l.row("thread", "thread_id=c:m:t:"+id+" community_id=c:m author_identity_id=c:m:s created_at="+at)
	}
	l.canonBuild()
	require.Equal(t, []string{"c:m:t:1", "c:m:t:4", "join:c:m:ms"}, l.rows("select event_id from mart.activity order by 1"))
	require.Equal(t, []string{"2026-01-01|2026-03-01", "2026-04-01|<nil>"}, l.rows("select from_on, until_on from mart.membership order by 1"))
	require.Equal(t, []string{"moderator", "staff"}, l.rows("select role from core.person_role order by 1"))
}

func TestModels_excludeWhomTheConfigurationNames(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.cfg.Exclude = config.Exclude{Identities: []string{"c:m:named"}, StaffDomains: []string{"acme.com"}, TestDomains: []string{"example.com"}}
	for id, email := range map[string]string{"named": "n@x.org", "staff": "Jo@ACME.com", "sub": "jo@eu.acme.com", "test": "a@example.com", "other": "a@notacme.com", "member": "m@y.org"} {
		l.row("identity", "identity_id=c:m:"+id+" email="+email)
		l.row("thread", "thread_id=c:m:t:"+id+" community_id=c:m author_identity_id=c:m:"+id+" created_at=2026-02-01T10:00:00Z")
	}
	l.canonBuild()
	require.Equal(t, []string{"c:m:t:member", "c:m:t:other"}, l.rows("select event_id from mart.activity order by 1"))
	require.Equal(t, []string{"c:m:named|test", "c:m:staff|staff", "c:m:sub|staff", "c:m:test|test"}, l.rows("select * from ref.config_exclusion order by 1"))
}

func TestModels_leaveRemovedContentAndWhatWasDoneToItOut(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.row("thread", "thread_id=c:m:t:1 community_id=c:m author_identity_id=c:m:a created_at=2026-02-01T10:00:00Z")
	l.row("thread", "thread_id=c:m:t:2 community_id=c:m author_identity_id=c:m:a created_at=2026-02-01T10:00:00Z is_private=true")
	l.row("thread_reply", "reply_id=c:m:r:1 thread_id=c:m:t:1 author_identity_id=c:m:b created_at=2026-02-01T11:00:00Z is_removed=true")
	l.row("thread_reply", "reply_id=c:m:r:2 thread_id=c:m:t:1 author_identity_id=c:m:b created_at=2026-02-01T11:00:00Z")
	l.row("thread_reply", "reply_id=c:m:r:3 thread_id=c:m:t:2 author_identity_id=c:m:b created_at=2026-02-01T11:00:00Z")
	for id, on := range map[string]string{"1": "thread_id=c:m:t:1 content_id=c:m:r:1", "2": "thread_id=c:m:t:1 content_id=c:m:r:2", "3": "thread_id=c:m:t:2 content_id=c:m:t:2", "4": "thread_id=c:m:t:1 content_id=c:m:r:2 is_removed=true", "5": "thread_id=c:m:t:1 content_id=c:m:r:2 is_automated=true"} {
		l.row("community_event", "event_id=c:m:e:"+id+" community_id=c:m identity_id=c:m:c event_type=reaction reaction=like occurred_at=2026-02-01T12:00:00Z "+on)
	}
	l.row("thread_reply", "reply_id=c:m:r:4 thread_id=c:m:t:unknown community_id=c:m created_at=2026-02-01T11:00:00Z")
	l.canonBuild()
	require.Equal(t, []string{"c:m:e:2", "c:m:r:2", "c:m:r:4", "c:m:t:1"}, l.rows("select event_id from mart.activity order by 1"))
	require.Equal(t, []string{"c:m:r:4|<nil>"}, l.rows("select event_id, person_id from mart.activity where person_id is null"))
}

func TestModels_letMergedThreadsInheritReplies(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	for id, into := range map[string]string{"1": "", "2": "merged_into_thread_id=c:m:t:1", "3": "merged_into_thread_id=c:m:t:2", "x": "merged_into_thread_id=c:m:t:y", "y": "merged_into_thread_id=c:m:t:x"} {
		l.row("thread", "thread_id=c:m:t:"+id+" community_id=c:m author_identity_id=c:m:a created_at=2026-02-01T10:00:00Z is_solvable=true "+into)
	}
	l.row("thread_reply", "reply_id=c:m:r:1 thread_id=c:m:t:3 author_identity_id=c:m:b created_at=2026-02-01T12:00:00Z")
	l.row("thread_reply", "reply_id=c:m:r:2 thread_id=c:m:t:x author_identity_id=c:m:b created_at=2026-02-01T13:00:00Z")
	l.canonBuild()
	require.Equal(t, []string{"c:m:t:1|2", "c:m:t:x|3", "c:m:t:y|<nil>"}, l.rows("select question_id, hours_to_first_response from mart.question_response order by 1"), "a circle is no merge")
	require.Equal(t, []string{"2"}, l.rows("select failing_rows from checks.result where check_id = 'merge_not_followed'"))
}

func TestModels_countHalfOpenWindowsFromTheFirstInstant(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	for id, at := range map[string]string{"a": "2026-02-15T00:00:00Z", "b": "2026-02-14T23:59:59Z", "c": "2026-01-31T23:59:59Z"} {
		l.row("community_member", "member_id=c:m:m"+id+" community_id=c:m identity_id=c:m:"+id+" joined_at=2026-02-01T00:00:00Z")
		l.row("thread", "thread_id=c:m:t:"+id+" community_id=c:m author_identity_id=c:m:"+id+" created_at="+at)
	}
	l.row("thread", "thread_id=c:m:q community_id=c:m author_identity_id=c:m:q created_at=2026-02-01T00:00:00Z is_solvable=true")
	l.row("thread_reply", "reply_id=c:m:r:in thread_id=c:m:q author_identity_id=c:m:z created_at=2026-02-14T23:59:59Z")
	l.row("thread_reply", "reply_id=c:m:r:out thread_id=c:m:q author_identity_id=c:m:z created_at=2026-02-15T00:00:00Z")
	l.row("community_event", "event_id=c:m:e:1 community_id=c:m identity_id=c:m:b event_type=reaction reaction=like content_id=c:m:r:in occurred_at=2026-02-28T23:59:58Z")
	l.row("community_event", "event_id=c:m:e:2 community_id=c:m identity_id=c:m:b event_type=reaction reaction=like content_id=c:m:r:out occurred_at=2026-03-01T00:00:00Z")
	l.canonBuild()
	require.Equal(t, []string{"c:m:a|false", "c:m:b|true", "c:m:c|false"}, l.rows(`select p.identity_id, c.is_activated from mart.member_cohort as c
join core.person_identity as p using (person_id) where c.k = 1 and c.community_id = 'all' order by 1`), "14 days to the second are out, and so is what came before the join")
	require.Equal(t, []string{"1|2"}, l.rows("select replies_14d, participants_14d from mart.thread_depth where thread_id = 'c:m:q'"))
	require.Equal(t, []string{"c:m:r:in|1", "c:m:r:out|0"}, l.rows("select reply_id, helpful_votes_14d from mart.reply_quality order by 1"))
}

func TestModels_makeAReplyMeaningfulWhenTheVoteArrives(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.row("thread", "thread_id=c:m:q community_id=c:m author_identity_id=c:m:q created_at=2026-02-01T00:00:00Z")
	l.row("thread_reply", "reply_id=c:m:r thread_id=c:m:q author_identity_id=c:m:a created_at=2026-02-02T12:00:00Z")
	tier := func() []string {
		l.canonBuild()
		return l.rows("select tier, happened_on from mart.activity where event_id = 'c:m:r'")
	}
	require.Equal(t, []string{"1|2026-02-02"}, tier())
	l.row("community_event", "event_id=c:m:e:self community_id=c:m identity_id=c:m:a event_type=reaction reaction=like content_id=c:m:r occurred_at=2026-02-05T00:00:00Z")
	l.row("community_event", "event_id=c:m:e:sad community_id=c:m identity_id=c:m:q event_type=reaction reaction=confused content_id=c:m:r occurred_at=2026-02-05T00:00:00Z")
	require.Equal(t, []string{"1|2026-02-02"}, tier(), "neither an own vote nor another reaction helps")
	l.row("community_event", "event_id=c:m:e:q community_id=c:m identity_id=c:m:q event_type=reaction reaction=LIKE content_id=c:m:r occurred_at=2026-02-05T00:00:00Z")
	require.Equal(t, []string{"2|2026-02-02"}, tier(), "on the day of the reply")
	l.row("answer", "thread_id=c:m:q reply_id=c:m:r accepted_at=2026-02-06T00:00:00Z")
	require.Equal(t, []string{"3|2026-02-02"}, tier())
}

func TestModels_holdRulesFromTheirDayOn(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	from := time.Date(2026, 2, 10, 0, 0, 0, 0, time.UTC)
	l.cfg.EngagementRules = []config.EngagementRule{
		{EventType: "reaction", Tier: 0, From: from},
		{EventType: "reaction", Reaction: "heart", Source: "c", Tier: 3, From: from},
		{EventType: "thread", Tier: 3, MinChars: 500},
	}
	for id, words := range map[string]string{"1": "reaction=like occurred_at=2026-02-09T23:59:59Z", "2": "reaction=wow occurred_at=2026-02-10T00:00:00Z", "3": "reaction=heart occurred_at=2026-02-10T00:00:00Z", "4": "reaction=like occurred_at=2026-02-10T00:00:00Z"} {
		l.row("community_event", "event_id=c:m:e:"+id+" community_id=c:m identity_id=c:m:a event_type=reaction "+words)
	}
	for id, chars := range map[string]string{"a": "char_len=79", "b": "char_len=80", "c": "char_len=500", "d": ""} {
		l.row("thread", "thread_id=c:m:t:"+id+" community_id=c:m author_identity_id=c:m:a created_at=2026-02-01T00:00:00Z "+chars)
	}
	l.canonBuild()
	require.Equal(t, []string{"c:m:e:1|1", "c:m:e:2|0", "c:m:e:3|3", "c:m:e:4|1", "c:m:t:a|1", "c:m:t:b|2", "c:m:t:c|3", "c:m:t:d|3"},
		l.rows("select event_id, tier from mart.activity order by 1"), "a shipped rule that names the reaction decides before one of all reactions")
}

func TestModels_clipWeeksToTheirMonth(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	// The week of Monday 30 March has days in both months.
	for id, at := range map[string]string{"1": "2026-03-31T10:00:00Z", "2": "2026-04-01T10:00:00Z", "3": "2026-04-02T10:00:00Z", "4": "2026-04-06T10:00:00Z"} {
		l.row("thread", "thread_id=c:m:t:"+id+" community_id=c:m author_identity_id=c:m:a created_at="+at)
	}
	l.canonBuild()
	require.Equal(t, []string{"month|2026-03-01|1|1|true|false", "month|2026-04-01|3|2|false|true", "quarter|2026-01-01|1|1|true|false", "quarter|2026-04-01|3|1|false|true", "week|2026-03-30|3|3|true|false", "week|2026-04-06|1|1|false|true"},
		l.rows("select grain, period_start, active_days, engaged_parts, is_active_next, is_active_before from mart.person_period where community_id = 'all' order by 1, 2"))
	require.Equal(t, []string{"none", "meaningful"}, l.rows("select engagement_level_start from mart.person_period where community_id = 'all' and grain = 'month' order by period_start"))
}

func TestModels_makeLocalDatesAcrossDST(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	l.cfg.TimeZone = zone
	for id, at := range map[string]string{"1": "2026-03-28T22:59:59Z", "2": "2026-03-28T23:00:00Z", "3": "2026-03-29T21:59:59Z", "4": "2026-03-29T22:00:00Z", "5": "2026-02-28T23:30:00Z", "6": "2026-10-25T22:30:00Z"} {
		l.row("thread", "thread_id=c:m:t:"+id+" community_id=c:m author_identity_id=c:m:a created_at="+at)
	}
	l.row("community_event", "event_id=c:m:e:1 community_id=c:m identity_id=c:m:a event_type=visit occurred_at=2026-03-05T00:00:00Z")
	l.now = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	l.canonBuild()
	require.Equal(t, []string{"c:m:e:1|2026-03-05", "c:m:t:1|2026-03-28", "c:m:t:2|2026-03-29", "c:m:t:3|2026-03-29", "c:m:t:4|2026-03-30", "c:m:t:5|2026-03-01", "c:m:t:6|2026-10-25"},
		l.rows("select event_id, happened_on from mart.activity order by 1"))
	l.cfg.TimeZone, err = time.LoadLocation("America/Los_Angeles")
	require.NoError(t, err)
	l.canonBuild()
	require.Equal(t, []string{"2026-03-05"}, l.rows("select happened_on from mart.activity where event_id = 'c:m:e:1'"), "a day stays the day that its source reports")
}

func TestModels_followAcceptedAnswers(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	for _, id := range []string{"stated", "observed", "taken", "again", "own"} {
		l.row("thread", "thread_id=c:m:t:"+id+" community_id=c:m author_identity_id=c:m:q created_at=2026-02-01T00:00:00Z is_solvable=true")
		author := map[bool]string{true: "q", false: "a"}[id == "own"]
		l.row("thread_reply", "reply_id=c:m:r:"+id+" thread_id=c:m:t:"+id+" author_identity_id=c:m:"+author+" created_at=2026-02-01T01:00:00Z")
	}
	l.row("answer", "thread_id=c:m:t:stated reply_id=c:m:r:stated accepted_at=2026-02-02T00:00:00Z")
	l.put("c", "m", "answer", "flag", canonRecord("answer", "thread_id=c:m:t:stated reply_id=c:m:r:stated"), false)
	l.row("answer", "thread_id=c:m:t:observed reply_id=c:m:r:observed")
	l.row("answer", "thread_id=c:m:t:taken reply_id=c:m:r:taken accepted_at=2026-02-02T00:00:00Z unaccepted_at=2026-02-03T00:00:00Z")
	l.put("c", "m", "answer", "first", canonRecord("answer", "thread_id=c:m:t:again reply_id=c:m:r:again accepted_at=2026-02-02T00:00:00Z unaccepted_at=2026-02-03T00:00:00Z"), false)
	l.put("c", "m", "answer", "second", canonRecord("answer", "thread_id=c:m:t:again reply_id=c:m:r:again accepted_at=2026-02-04T00:00:00Z"), false)
	l.put("c", "m", "answer", "own", canonRecord("answer", "thread_id=c:m:t:own reply_id=c:m:r:own accepted_at=2026-02-02T00:00:00Z"), false)
	l.canonBuild()
	require.Equal(t, []string{"c:m:t:again|72|false", "c:m:t:observed|2892|false", "c:m:t:own|24|true", "c:m:t:stated|24|false", "c:m:t:taken|<nil>|<nil>"},
		l.rows("select question_id, hours_to_accept, is_self_accepted from mart.question_response order by 1"), "observed: on 1 June, when it was first seen")
	require.Equal(t, []string{"again|stated|false", "again|stated|true", "observed|observed|true", "own|stated|true", "stated|stated|true", "taken|stated|false"},
		l.rows("select split_part(reply_id, ':', 4), accepted_at_basis, is_current from core.answer order by all"))
	require.Equal(t, []string{"again|3", "own|1", "taken|1"}, l.rows("select split_part(event_id, ':', 4), tier from mart.activity where event_type = 'reply' and split_part(event_id, ':', 4) in ('again', 'own', 'taken') order by 1"), "an own answer is no help to others")
	l.put("c", "m", "answer", "second", canonRecord("answer", "thread_id=c:m:t:again reply_id=c:m:r:again accepted_at=2026-02-04T00:00:00Z"), true)
	l.canonBuild()
	require.Equal(t, []string{"<nil>"}, l.rows("select accepted_at from mart.question_response where question_id = 'c:m:t:again'"), "gone from the source: taken back")
}

func TestModels_countWhoCame(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.row("community_gathering", "gathering_id=c:m:g community_id=c:m kind=research starts_at=2026-02-01T18:00:00Z ends_at=2026-02-01T19:00:00Z")
	l.row("identity", "identity_id=c:m:staff is_staff=true")
	for id, words := range map[string]string{
		"came": "registered_at=2026-01-01T00:00:00Z minutes_attended=6", "late": "registered_at=2026-01-01T00:00:00Z cancelled_at=2026-02-01T18:00:00Z", "no": "registered_at=2026-01-01T00:00:00Z",
		"cancelled": "registered_at=2026-01-01T00:00:00Z cancelled_at=2026-01-02T00:00:00Z", "walk": "checked_in=true", "short": "registered_at=2026-01-01T00:00:00Z minutes_attended=9.9",
		"host": "is_host=true checked_in=true", "staff": "checked_in=true",
	} {
		l.row("event_attendance", "attendance_id=c:m:at:"+id+" gathering_id=c:m:g identity_id=c:m:"+id+" "+words)
	}
	l.row("event_attendance", "attendance_id=c:m:at:came2 gathering_id=c:m:g identity_id=c:m:came minutes_attended=4")
	l.canonBuild()
	require.Equal(t, []string{
		"came|true|true|false", "cancelled|false|false|false", "late|true|false|false", "no|true|false|false", "short|true|false|false", "walk|false|true|true",
	}, l.rows("select split_part(identity_id, ':', 3), is_registered, is_attended, is_walk_in from mart.event_participation order by 1"))
	require.Equal(t, []string{"2|1|true"}, l.rows("select tier_max, attended, did_research from mart.person_day_community group by all"))
	require.Equal(t, []string{"attendance", "research"}, l.rows("select capability from core.capability order by 1"))
}

func TestModels_rescaleAnswersAndKeepTheLast(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.row("community_gathering", "gathering_id=c:m:g starts_at=2026-02-01T18:00:00Z ends_at=2026-02-01T19:00:00Z")
	l.row("survey", "survey_id=c:m:s kind=event gathering_id=c:m:g")
	l.row("survey_question", "question_id=c:m:q survey_id=c:m:s scale_min=0 scale_max=10")
	l.row("survey_question", "question_id=c:m:effort survey_id=c:m:s scale_min=1 scale_max=7 higher_is_better=false")
	for id, words := range map[string]string{
		"1": "question_id=c:m:q identity_id=c:m:a responded_at=2026-02-02T00:00:00Z score_raw=5", "2": "question_id=c:m:q identity_id=c:m:a responded_at=2026-02-03T00:00:00Z score_raw=10",
		"3": "question_id=c:m:q identity_id=c:m:b responded_at=2026-02-15T19:00:00Z score_raw=10", "4": "question_id=c:m:effort identity_id=c:m:c responded_at=2026-02-15T18:59:59Z score_raw=1",
		"5": "question_id=c:m:q identity_id=c:m:d responded_at=2026-02-03T00:00:00Z score_raw=11", "6": "question_id=c:m:q identity_id=c:m:e responded_at=2026-02-03T00:00:00Z score_raw=1 is_complete=false",
	} {
		l.row("survey_response", "response_id=c:m:a:"+id+" survey_id=c:m:s "+words)
	}
	l.canonBuild()
	require.Equal(t, []string{"1|0.5|3|true|false", "2|1|5|true|true", "3|1|5|false|false", "4|1|5|true|true", "5|1.1|5.4|false|false", "6|0.1|1.4|false|false"},
		l.rows("select split_part(response_id, ':', 4), score_01, score_1_5, is_valid, is_latest from mart.survey_score order by 1"))
}

func TestModels_sayWhoIsActiveInTheProduct(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.row("product_user", "identity_id=c:m:robot is_service=true")
	for id, words := range map[string]string{
		"1": "identity_id=c:m:a event_name=open occurred_at=2026-02-09T00:00:00Z", "2": "identity_id=c:m:b event_name=save occurred_at=2026-02-10T00:00:00Z",
		"3": "identity_id=c:m:robot event_name=save occurred_at=2026-02-10T00:00:00Z", "4": "identity_id=c:m:c event_name=save occurred_at=2026-02-10T00:00:00Z is_automated=true",
		"5": "identity_id=c:m:d event_name=save occurred_at=2026-02-09T00:00:00Z",
	} {
		l.row("product_event", "event_id=c:m:e:"+id+" "+words)
	}
	active := func() []string {
		l.canonBuild()
		return l.rows(`select split_part(i.identity_id, ':', 3), m.is_active from mart.product_user_month as m join core.person_identity as i using (person_id) order by 1`)
	}
	require.Equal(t, []string{"a|true", "b|true", "d|true"}, active(), "without a rule anything counts")
	l.cfg.ProductEvents = []config.ProductEvent{{Name: "save", KeyAction: true, From: time.Date(2026, 2, 10, 0, 0, 0, 0, time.UTC)}}
	require.Equal(t, []string{"a|false", "b|true", "d|false"}, active(), "the rule holds from its day on")
}

func TestModels_countAPersonOverAllCommunitiesOnce(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	for id, in := range map[string]string{"1": "c:x", "2": "c:y", "3": "c:y"} {
		l.row("thread", "thread_id=c:m:t:"+id+" community_id="+in+" author_identity_id=c:m:a created_at=2026-02-02T10:00:00Z")
	}
	l.canonBuild()
	require.Equal(t, []string{"all|1|3", "c:x|1|1", "c:y|1|2"}, l.rows("select community_id, active_days, tier1_acts from mart.person_period where grain = 'month' order by 1"))
}

func TestModels_tellModeratedContentThatIsGone(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.row("thread", "thread_id=c:m:t:1 community_id=c:m author_identity_id=c:m:a created_at=2026-02-01T10:00:00Z is_removed=true")
	l.row("thread", "thread_id=c:m:t:2 community_id=c:m author_identity_id=c:m:a created_at=2026-02-01T10:00:00Z")
	l.row("moderation_action", "action_id=c:m:f:1 content_id=c:m:t:1 flagged_at=2026-02-01T11:00:00Z resolved_at=2026-02-01T14:00:00Z outcome=upheld")
	l.row("moderation_action", "action_id=c:m:f:2 content_id=c:m:t:1 flagged_at=2026-02-01T12:00:00Z outcome=rejected")
	l.row("moderation_action", "action_id=c:m:f:3 community_id=c:m content_id=c:m:t:never flagged_at=2026-02-03T12:00:00Z outcome=upheld")
	l.canonBuild()
	require.Equal(t, []string{"c:m:t:1|2026-02-01|true|true|3", "c:m:t:2|2026-02-01|false|false|<nil>", "c:m:t:never|2026-02-03|true|true|<nil>"},
		l.rows("select content_id, created_on, is_flagged, is_upheld, hours_to_resolve from mart.moderated_content order by 1"))
}

func TestNew_refusesParametersThatDoNotExist(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.cfg.Parameters = map[string]string{"quiet_day": "3", "quiet_days": "soon", "question_default": "false", "min_chars": "10"}
	_, err := transforms.New(t.Context(), l.options(rollcallsql.FS))
	require.ErrorContains(t, err, `parameters: there is no parameter "quiet_day"; known are accept_window_days, activation_window_days`)
	require.ErrorContains(t, err, "parameters: quiet_days must be a number, as the shipped 30 is")
	require.NotContains(t, err.Error(), "question_default must")
	l.cfg.Parameters = map[string]string{"min_chars": "10"}
	l.row("thread", "thread_id=c:m:t community_id=c:m author_identity_id=c:m:a created_at=2026-02-01T10:00:00Z char_len=10")
	l.canonBuild()
	require.Equal(t, []string{"2"}, l.rows("select tier from mart.activity"))
	require.Equal(t, []string{"10|80"}, l.rows("select value, default_value from ref.param where name = 'min_chars'"))
}

func TestModels_knowTheVisitsBasis(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.row("community", "community_id=c:m exposes_visits=true")
	l.row("community_event", "event_id=c:m:e:1 community_id=c:m identity_id=c:m:a event_type=visit occurred_at=2026-02-01T00:00:00Z")
	active := func() []string {
		l.canonBuild()
		return l.rows("select is_active, did_visit from mart.person_day_community")
	}
	require.Equal(t, []string{"true|true"}, active())
	l.row("community", "community_id=c:other exposes_visits=false")
	require.Equal(t, []string{"false|true"}, active(), "one community that does not say makes contributions the basis of all")
}
