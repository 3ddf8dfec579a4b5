package files

// contentShapes are threads, replies, and what was accepted, flagged or viewed
// of them.
func contentShapes() []shape {
	return []shape{
		{
			name: "thread",
			help: "threads: topics, questions, discussions",
			columns: []column{
				{name: "thread_id", kind: id, object: "thread", required: true},
				{name: "community_id", kind: id, fallback: instanceOnly},
				{name: "author_identity_id", kind: id},
				{name: "category"},
				{name: "tags", kind: list},
				{name: "title", personal: true},
				{name: "url_path", personal: true},
				{name: "created_at", kind: moment, required: true, event: true},
				{name: "char_len", kind: whole},
				{name: "is_solvable", kind: flag},
				{name: "is_private", kind: flag},
				{name: "product_topic"},
				{name: "campaign"},
				{name: "merged_into_thread_id", kind: id, object: "thread"},
				{name: "is_removed", kind: flag},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "thread_reply",
			help: "replies in threads",
			columns: []column{
				{name: "reply_id", kind: id, object: "reply", required: true},
				{name: "thread_id", kind: id, object: "thread", required: true},
				{name: "community_id", kind: id, fallback: instanceOnly},
				{name: "author_identity_id", kind: id},
				{name: "parent_reply_id", kind: id, object: "reply"},
				{name: "created_at", kind: moment, required: true, event: true},
				{name: "char_len", kind: whole},
				{name: "is_system", kind: flag},
				{name: "is_removed", kind: flag},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "answer",
			help: "accepted answers: one row per thread and reply; rows without a reply are questions nobody solved",
			key:  []string{"thread_id", "reply_id"},
			columns: []column{
				{name: "thread_id", kind: id, object: "thread", required: true},
				{name: "reply_id", kind: id, object: "reply", sifts: true},
				{name: "community_id", kind: id, fallback: instanceOnly},
				{name: "accepted_at", kind: moment, event: true},
				{name: "accepted_by_identity_id", kind: id},
				{name: "unaccepted_at", kind: moment},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name:  "moderation_action",
			help:  "flags, reports and reviews: of a reply (reply_id), or else of a thread (thread_id)",
			key:   []string{"thread_id", "reply_id", "reason", "flagged_at"},
			oneOf: []string{"reply_id", "thread_id"},
			columns: []column{
				{name: "action_id", kind: id, object: "action", required: true},
				{name: "community_id", kind: id, fallback: instanceOnly},
				{name: "thread_id", kind: id, input: true},
				{name: "reply_id", kind: id, input: true},
				{name: "content_id", kind: id, mapped: replyElseThread(), given: true},
				{name: "reason"},
				{name: "flagged_at", kind: moment, event: true},
				{name: "resolved_at", kind: moment},
				{name: "outcome"},
				{name: "source_updated_at", kind: moment},
			},
		},
		{
			name: "content_view_daily",
			help: "views per piece of content, day and class of viewer",
			key:  []string{"content_type", "content_id", "view_date", "viewer_class"},
			columns: []column{
				{name: "content_type", required: true},
				{name: "content_id", kind: id, mapped: "'files:' || instance || ':' || j.content_type || ':' || j.content_id", required: true},
				{name: "community_id", kind: id, fallback: instanceOnly},
				{name: "view_date", kind: day, required: true, event: true},
				{name: "viewer_class"},
				{name: "views", kind: whole},
				{name: "unique_viewers", kind: whole},
				{name: "source_updated_at", kind: moment},
			},
		},
	}
}

// replyElseThread is the content a mapped row is about.
func replyElseThread() string {
	return "coalesce(" + prefixed("reply", "reply_id") + ", " + prefixed("thread", "thread_id") + ")"
}
