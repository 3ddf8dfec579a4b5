package discourse

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/connectortest/replay"
	"rollcall/connectors/connectortest/stagetest"
)

func rec(key, data string) connectors.Record {
	return connectors.Record{Key: key, Data: []byte(data)}
}

// withdrawn is a record's tombstone, with the data it last had.
func withdrawn(key, data string) connectors.Record {
	return connectors.Record{Key: key, Data: []byte(data), Deleted: true}
}

const (
	likeOfReply   = `{"action_type":1,"created_at":"2026-01-02T03:04:05.678Z","topic_id":7,"post_id":9,"post_number":2,"user_id":3,"acting_user_id":4,"acting_username":"ann"}`
	likeOfOpening = `{"action_type":1,"created_at":"2026-01-02T03:04:05Z","topic_id":7,"post_id":8,"post_number":1,"user_id":3,"acting_user_id":-1}`
	likeOfOld     = `{"action_type":1,"created_at":"2026-01-02T03:04:05Z","topic_id":7,"post_number":5,"user_id":3,"acting_user_id":4}`
)

func TestStaging_readsLikesAndTheirEnd(t *testing.T) {
	l := stagetest.New(t, New().Spec())
	l.Put("reactions", rec("9:4", likeOfReply), rec("8:-1", likeOfOpening), rec("7/5:4", likeOfOld))
	l.Stage(false)
	columns := []string{"event_id", "identity_id", "event_type", "reaction", "thread_id", "content_id", "target_identity_id", "occurred_at", "is_automated", "deleted_at is null"}
	want := []string{
		"discourse:x:like:7/5:4|discourse:x:4|reaction|like|discourse:x:topic:7||discourse:x:3|2026-01-02 03:04:05|false|true",
		"discourse:x:like:8:-1|discourse:x:-1|reaction|like|discourse:x:topic:7|discourse:x:topic:7|discourse:x:3|2026-01-02 03:04:05|true|true",
		"discourse:x:like:9:4|discourse:x:4|reaction|like|discourse:x:topic:7|discourse:x:post:9|discourse:x:3|2026-01-02 03:04:05.678|false|true",
	}
	require.Equal(t, want, l.Rows("community_event", columns...))
	l.Put("reactions", withdrawn("9:4", likeOfReply))
	l.Stage(false)
	want[2] = "discourse:x:like:9:4|discourse:x:4|reaction|like|discourse:x:topic:7|discourse:x:post:9|discourse:x:3|2026-01-02 03:04:05.678|false|false"
	require.Equal(t, want, l.Rows("community_event", columns...))
	l.RequireSameWhenFull()
	require.Empty(t, l.Rejected())
}

func TestStaging_readsOtherActs(t *testing.T) {
	l := stagetest.New(t, New().Spec())
	l.Put("bookmarks",
		rec("1", `{"id":1,"user_id":4,"bookmarkable_type":"Post","bookmarkable_id":9,"created_at":"2026-01-02T03:04:05.000Z"}`),
		rec("2", `{"id":2,"user_id":4,"bookmarkable_type":"Post","bookmarkable_id":8,"topic_id":7,"post_number":1,"target_user_id":3,"created_at":"2026-01-02T03:04:05.000Z"}`),
		rec("3", `{"id":3,"user_id":4,"bookmarkable_type":"Topic","bookmarkable_id":7,"topic_id":null,"created_at":"2026-01-02T03:04:05.000Z"}`),
		rec("4", `{"id":4,"user_id":4,"bookmarkable_type":"Chat::Message","bookmarkable_id":7,"created_at":"2026-01-02T03:04:05.000Z"}`))
	l.Put("visits", rec("4:2026-01-02", `{"id":4,"username":"ann","last_seen_at":"2026-01-02T23:04:05.000Z","days_visited":3}`))
	l.Put("reviewables",
		rec("5", `{"id":5,"type":"ReviewableFlaggedPost","status":0,"topic_id":7,"post_id":9,"target_url":"https://f.example.com/t/a-topic/7/2","created_at":"2026-01-02T03:04:05.000Z","created_by_id":4,"target_created_by_id":3}`),
		rec("7", `{"id":7,"type":"ReviewableFlaggedPost","status":1,"topic_id":null,"removed_topic_id":6,"post_id":5,"target_url":"/t/gone/6","created_at":"2026-01-02T03:04:05.000Z","created_by_id":4,"target_created_by_id":3}`),
		rec("6", `{"id":6,"type":"ReviewableUser","status":0,"user_id":9,"created_at":"2026-01-02T03:04:05.000Z","created_by_id":-1}`))
	l.Stage(false)
	require.Equal(t, []string{
		"discourse:x:bookmark:1|discourse:x:4|bookmark||discourse:x:post:9||2026-01-02 03:04:05|",
		"discourse:x:bookmark:2|discourse:x:4|bookmark|discourse:x:topic:7|discourse:x:topic:7|discourse:x:3|2026-01-02 03:04:05|",
		"discourse:x:bookmark:3|discourse:x:4|bookmark|discourse:x:topic:7|discourse:x:topic:7||2026-01-02 03:04:05|",
		"discourse:x:flag:5|discourse:x:4|flag|discourse:x:topic:7|discourse:x:post:9|discourse:x:3|2026-01-02 03:04:05|false",
		"discourse:x:flag:7|discourse:x:4|flag|discourse:x:topic:6|discourse:x:topic:6|discourse:x:3|2026-01-02 03:04:05|true",
		"discourse:x:visit:4:2026-01-02|discourse:x:4|visit||||2026-01-02 23:04:05|",
	}, l.Rows("community_event", "event_id", "identity_id", "event_type", "thread_id", "content_id", "target_identity_id", "occurred_at", "is_removed"))
	l.RequireSameWhenFull()
}

// The forms of the entry over the years: the post under post_id while it
// stands, under target_id also when it is deleted.
func TestStaging_readsWhatBecameOfFlags(t *testing.T) {
	l := stagetest.New(t, New().Spec())
	entry := func(id, typ, status, rest string) connectors.Record {
		return rec(id, `{"id":`+id+`,"type":"`+typ+`","status":`+status+`,"created_at":"2026-01-02T03:04:05.000Z"`+rest+`}`)
	}
	l.Put("reviewables",
		entry("1", "ReviewableFlaggedPost", "0", `,"topic_id":7,"post_id":9,"target_url":"https://f.example.com/t/a-topic/7/2"`),
		entry("2", "ReviewableFlaggedPost", "1", `,"topic_id":7,"post_id":8,"target_url":"https://f.example.com/forum/t/a-topic/7"`),
		entry("3", "ReviewableFlaggedPost", "2", `,"topic_id":7,"post_id":8,"target_url":"https://f.example.com/t/a-topic/7/1"`),
		entry("4", "ReviewableFlaggedPost", "3", `,"topic_id":7,"target_type":"Post","target_id":10,"target_url":"/t/a-topic/7"`),
		entry("5", "ReviewableFlaggedPost", "4", `,"removed_topic_id":7,"target_url":null`),
		entry("6", "ReviewablePost", "1", `,"topic_id":7,"post_id":11,"target_url":"https://f.example.com/t/a-topic/7/4"`),
		entry("7", "ReviewablePost", "2", `,"topic_id":7,"post_id":11,"target_url":"https://f.example.com/t/a-topic/7/4"`),
		entry("8", "ReviewableAkismetPost", "1", `,"topic_id":7,"post_id":11,"target_url":"https://f.example.com/t/a-topic/7/4"`),
		entry("9", "ReviewableQueuedPost", "1", ""))
	l.Stage(false)
	require.Equal(t, []string{
		"discourse:x:reviewable:1|discourse:x:post:9|pending", "discourse:x:reviewable:2|discourse:x:topic:7|upheld", "discourse:x:reviewable:3|discourse:x:topic:7|rejected",
		"discourse:x:reviewable:4|discourse:x:post:10|ignored", "discourse:x:reviewable:5||upheld", "discourse:x:reviewable:6|discourse:x:post:11|rejected",
		"discourse:x:reviewable:7|discourse:x:post:11|upheld", "discourse:x:reviewable:8|discourse:x:post:11|upheld",
	}, l.Rows("moderation_action", "action_id", "content_id", "outcome"))
	l.Put("reviewables", entry("1", "ReviewableFlaggedPost", "1", `,"topic_id":7,"target_type":"Post","target_id":9`))
	l.Stage(false)
	require.Equal(t, "discourse:x:reviewable:1|discourse:x:post:9|upheld", l.Rows("moderation_action", "action_id", "content_id", "outcome")[0])
	l.RequireSameWhenFull()
}

func TestStaging_readsAnswersEventsAndRoles(t *testing.T) {
	l := stagetest.New(t, New().Spec())
	l.Put("solutions", rec("9", `{"id":9,"topic_id":7,"post_number":2,"user_id":3,"accepted_answer":true}`))
	l.Put("categories",
		rec("1", `{"id":1,"name":"Support","custom_fields":{"enable_accepted_answers":"true"}}`),
		rec("2", `{"id":2,"name":"News","custom_fields":{"enable_accepted_answers":null}}`),
		rec("3", `{"id":3,"name":"Ideas","custom_fields":{"enable_accepted_answers":true}}`),
		rec("4", `{"id":4,"name":"Old"}`))
	l.Put("events",
		rec("3", `{"id":3,"name":"","starts_at":"2026-07-01T18:00:00.000Z","ends_at":null,"max_attendees":20,"post":{"id":3,"topic":{"title":"Meetup"}}}`))
	l.Put("event_invitees",
		rec("3:7", `{"id":7,"status":"going","user":{"id":4,"username":"ann"},"post_id":3}`),
		rec("3:8", `{"id":8,"status":"not_going","user":{"id":5,"username":"bob"},"post_id":3}`))
	l.Put("users",
		rec("1", `{"id":1,"username":"root","created_at":"2020-01-01T00:00:00Z","admin":true,"moderator":true}`),
		rec("4", `{"id":4,"username":"ann","created_at":"2020-01-01T00:00:00Z","admin":false,"moderator":false}`),
		rec("5", `{"id":5,"username":"bob","created_at":"2020-01-01T00:00:00Z","admin":false,"moderator":true}`))
	l.Stage(false)
	require.Equal(t, []string{"discourse:x:topic:7|discourse:x:post:9||true"}, l.Rows("answer", "thread_id", "reply_id", "accepted_at", "deleted_at is null"))
	require.Equal(t, []string{"discourse:x:categories:1|discourse:x|true", "discourse:x:categories:3|discourse:x|true"}, l.Rows("community", "record", "community_id", "supports_accept"))
	require.Equal(t, []string{"discourse:x:event:3|discourse:x|Meetup|2026-07-01 18:00:00||20|false"}, l.Rows("community_gathering", "gathering_id", "community_id", "title", "starts_at", "ends_at", "capacity", "reports_attendance"))
	require.Equal(t, []string{"discourse:x:invitee:7|discourse:x:event:3|discourse:x:4|true"}, l.Rows("event_attendance", "attendance_id", "gathering_id", "identity_id", "registered_at = first_seen_at"))
	require.Equal(t, []string{"discourse:x:1|staff||", "discourse:x:5|moderator||"}, l.Rows("identity_role", "identity_id", "role_name", "valid_from", "valid_to"))
	l.Put("solutions", withdrawn("9", `{"id":9,"topic_id":7}`))
	l.Put("event_invitees", rec("3:7", `{"id":7,"status":"not_going","user":{"id":4,"username":"ann"},"post_id":3}`))
	l.Put("users", rec("5", `{"id":5,"username":"bob","created_at":"2020-01-01T00:00:00Z","admin":false,"moderator":false}`))
	l.Stage(false)
	require.Equal(t, []string{"discourse:x:topic:7|discourse:x:post:9|false"}, l.Rows("answer", "thread_id", "reply_id", "deleted_at is null"))
	require.Empty(t, l.Rows("event_attendance", "attendance_id"))
	require.Equal(t, []string{"discourse:x:1|staff"}, l.Rows("identity_role", "identity_id", "role_name"))
	l.RequireSameWhenFull()
	require.Empty(t, l.Rejected())
}

// A list of topics names users by their numbers alone, the one who opened a topic
// first; it may name nobody.
func TestStaging_readsWhoOpenedATopic(t *testing.T) {
	l := stagetest.New(t, New().Spec())
	l.Put("topics", rec("7", `{"id":7,"title":"a","created_at":"2026-01-02T03:04:05Z","posters":[{"user_id":4},{"user_id":3}]}`),
		rec("8", `{"id":8,"title":"b","created_at":"2026-01-02T03:04:05Z","posters":[]}`), rec("9", `{"id":9,"title":"c","created_at":"2026-01-02T03:04:05Z"}`),
		rec("10", `{"id":10,"title":"d","created_at":"2026-01-02T03:04:05Z","posters":[{"user_id":-1}]}`))
	l.Stage(false)
	require.Equal(t, []string{"discourse:x:topics:10|discourse:x:-1|-1||true", "discourse:x:topics:7|discourse:x:4|4||false"},
		l.Rows("identity", "record", "identity_id", "source_user_id", "username", "is_bot"))
	l.RequireSameWhenFull()
	require.Empty(t, l.Rejected())
}

func TestStaging_readsSuspensions(t *testing.T) {
	l := stagetest.New(t, New().Spec())
	l.Put("users",
		rec("4", `{"id":4,"username":"ann","created_at":"2020-01-01T00:00:00.000Z"}`),
		rec("5", `{"id":5,"username":"bob","created_at":"2020-01-01T00:00:00.000Z","suspended":true,"suspended_at":"2026-03-01T08:00:00.000Z","suspended_till":"3024-01-01T00:00:00.000Z"}`))
	l.Stage(false)
	require.Equal(t, []string{"discourse:x:4|false||", "discourse:x:5|true|2026-03-01 08:00:00|3024-01-01 00:00:00"},
		l.Rows("community_member", "member_id", "is_suspended", "suspended_at", "suspended_until"))
	l.RequireSameWhenFull()
}

// read puts all that the source gives of every stream into the lake.
func read(t *testing.T, s connectors.Source, l *stagetest.Lake) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, stream := range New().Spec().Streams {
		found := newLake(stream.Name)
		if err := found.tryRead(s, stream.Name, nil, found.store); err != nil {
			var forbidden *connectors.ErrForbidden
			require.ErrorAs(t, err, &forbidden)
		}
		records := slices.Collect(maps.Values(found.live()))
		l.Put(stream.Name, records...)
		counts[stream.Name] = len(records)
	}
	return counts
}

func TestStaging_takesAllThatAFullForumGives(t *testing.T) {
	l := stagetest.New(t, New().Spec())
	counts := read(t, keyed(t, fakeForum(60)), l)
	l.Stage(false)
	require.Equal(t, []string{"bookmark|7", "flag|25", "reaction|21"}, l.Rows("(select event_type, count(*) as n from lake.staging.community_event where event_type <> 'visit' group by all)", "event_type", "n"))
	require.Len(t, l.Rows("community_event", "event_id"), 7+25+21+counts["visits"])
	require.Len(t, l.Rows("answer", "reply_id"), 4)
	require.Equal(t, []string{"ignored|6", "pending|6", "rejected|6", "upheld|7"}, l.Rows("(select outcome, count(*) as n from lake.staging.moderation_action group by all)", "outcome", "n"))
	require.Len(t, l.Rows("community_gathering", "gathering_id"), 1)
	require.Len(t, l.Rows("event_attendance", "attendance_id"), 1)
	require.Empty(t, l.Rejected())
}

func TestStaging_takesARealForum(t *testing.T) {
	_, s := forum(t, at(afterAll), replay.Options{Admin: true}, "api_key", `"k"`)
	l := stagetest.New(t, New().Spec())
	counts := read(t, s, l)
	l.Stage(false)
	require.Empty(t, l.Rejected())
	require.Greater(t, counts["posts"], 4000)
	require.Len(t, l.Rows("(select distinct thread_id from lake.staging.thread)", "thread_id"), counts["topics"])
	require.Len(t, l.Rows("community_event", "event_id"), counts["visits"]+counts["reactions"])
	people := l.Rows("(select key from lake.raw.discourse__users where cast(json_extract(data, '$.id') as bigint) > 0)", "key")
	require.Len(t, people, counts["users"]-1, "all but Discourse's own account")
	require.Len(t, l.Rows("community_member", "member_id"), len(people))
	l.RequireSameWhenFull()
}
