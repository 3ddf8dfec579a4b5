package files

// actShapes are what members do beside writing.
func actShapes() []shape {
	return []shape{{
		name: "community_event",
		help: "acts beside threads and replies: reactions, votes, bookmarks, shares, visits; to a reply (reply_id), or else to the thread",
		key:  []string{"event_type", "reaction", "identity_id", "thread_id", "reply_id", "occurred_at"},
		columns: []column{
			{name: "event_id", kind: id, object: "event", required: true},
			{name: "community_id", kind: id, fallback: instanceOnly},
			{name: "identity_id", kind: id},
			{name: "event_type", required: true},
			{name: "reaction"},
			{name: "thread_id", kind: id, object: "thread"},
			{name: "reply_id", kind: id, input: true},
			{name: "content_id", kind: id, mapped: replyElseThread(), given: true},
			{name: "target_identity_id", kind: id},
			{name: "campaign"},
			{name: "occurred_at", kind: moment, required: true, event: true},
			{name: "is_automated", kind: flag},
			{name: "is_removed", kind: flag},
			{name: "source_updated_at", kind: moment},
		},
	}}
}

// gatheringShapes are events that people come to.
func gatheringShapes() []shape {
	return []shape{
		{
			name: "community_gathering",
			help: "events that people register for or attend: webinars, meetups, office hours, training",
			columns: []column{
				{name: "gathering_id", kind: id, object: "gathering", required: true},
				{name: "community_id", kind: id},
				{name: "title", personal: true},
				{name: "kind"},
				{name: "event_series"},
				{name: "campaign"},
				{name: "starts_at", kind: moment, event: true},
				{name: "ends_at", kind: moment},
				{name: "capacity", kind: whole},
				{name: "reports_attendance", kind: flag},
				{name: "is_cancelled", kind: flag},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "event_attendance",
			help: "registrations for and visits of events; a person who joined several times has several rows",
			key:  []string{"gathering_id", "identity_id", "first_joined_at"},
			columns: []column{
				{name: "attendance_id", kind: id, object: "attendance", required: true},
				{name: "gathering_id", kind: id, object: "gathering", required: true},
				{name: "identity_id", kind: id},
				{name: "registered_at", kind: moment, event: true},
				{name: "cancelled_at", kind: moment},
				{name: "first_joined_at", kind: moment},
				{name: "last_left_at", kind: moment},
				{name: "minutes_attended", kind: number},
				{name: "checked_in", kind: flag},
				{name: "is_host", kind: flag},
				{name: "source_updated_at", kind: moment},
			},
		},
	}
}
