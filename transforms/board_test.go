package transforms_test

import "rollcall/transforms"

// board is a small community connector of this test: what it stages is what
// its records say.
func board(instances ...string) transforms.Source {
	source := transforms.Source{
		Type: "board", Version: "1",
		Streams: []transforms.Stream{
			{Name: "users", Fields: `{"id": "VARCHAR!", "bot": "BOOLEAN", "staff": "BOOLEAN", "joined_at": "TIMESTAMPTZ", "channel": "VARCHAR", "updated_at": "TIMESTAMPTZ"}`},
			{Name: "threads", Fields: `{"id": "VARCHAR!", "author": "VARCHAR", "created_at": "TIMESTAMPTZ!", "updated_at": "TIMESTAMPTZ", "solvable": "BOOLEAN", "private": "BOOLEAN", "removed": "BOOLEAN", "tags": "VARCHAR", "title": "VARCHAR"}`},
			{Name: "replies", Fields: `{"id": "VARCHAR!", "thread": "VARCHAR!", "author": "VARCHAR", "created_at": "TIMESTAMPTZ!", "updated_at": "TIMESTAMPTZ", "system": "BOOLEAN", "chars": "BIGINT"}`},
		},
		Staging: map[string]string{
			"identity": `select record, first_seen_at, deleted_at,
    'board:' || instance || ':' || j.id as identity_id, 'board' as source, instance as source_instance, j.id as source_user_id,
    j.bot as is_bot, j.staff as is_staff, j.updated_at at time zone 'UTC' as source_updated_at
from raw.board__users;`,
			"community_member": `select record, first_seen_at, deleted_at,
    'board:' || instance || ':member:' || j.id as member_id, 'board:' || instance as community_id,
    'board:' || instance || ':' || j.id as identity_id, j.joined_at at time zone 'UTC' as joined_at,
    j.channel as join_channel, j.updated_at at time zone 'UTC' as source_updated_at
from raw.board__users
where j.joined_at is not null`,
			"thread": `select record, first_seen_at, deleted_at,
    'board:' || instance || ':thread:' || j.id as thread_id, 'board:' || instance as community_id,
    'board:' || instance || ':' || j.author as author_identity_id, j.created_at at time zone 'UTC' as created_at,
    j.solvable as is_solvable, j.private as is_private, j.removed as is_removed, j.tags as tags, j.title as title,
    j.updated_at at time zone 'UTC' as source_updated_at
from raw.board__threads`,
			"thread_reply": `select record, first_seen_at, deleted_at,
    'board:' || instance || ':reply:' || j.id as reply_id, 'board:' || instance || ':thread:' || j.thread as thread_id,
    'board:' || instance as community_id, 'board:' || instance || ':' || j.author as author_identity_id,
    j.created_at at time zone 'UTC' as created_at, j.chars as char_len, j.system as is_system,
    j.updated_at at time zone 'UTC' as source_updated_at
from raw.board__replies`,
		},
	}
	for _, name := range instances {
		source.Instances = append(source.Instances, transforms.Instance{Name: name, Kinds: []string{"community"}})
	}
	return source
}

type object map[string]any

func (o object) with(more object) object {
	for k, v := range more {
		o[k] = v
	}
	return o
}

func (l *lake) user(id string, more object) {
	l.put("board", "main", "users", id, object{"id": id}.with(more), false)
}

func (l *lake) thread(id, author, at string, more object) {
	l.put("board", "main", "threads", id, object{"id": id, "author": author, "created_at": at}.with(more), false)
}

func (l *lake) reply(id, thread, author, at string) {
	l.put("board", "main", "replies", id, object{"id": id, "thread": thread, "author": author, "created_at": at}, false)
}

func (l *lake) coverBoard() {
	for _, stream := range []string{"users", "threads", "replies"} {
		l.createRaw("board", stream)
		l.cover("board", "main", stream)
	}
}

// fixtureT are the threads of the catalogue's fixture T.
func (l *lake) fixtureT() {
	l.user("s1", object{"staff": true})
	l.user("b1", object{"bot": true})
	for _, m := range []string{"m1", "m2", "m3", "m4", "m5", "m6"} {
		l.user(m, nil)
	}
	question, talk := object{"solvable": true}, object{"solvable": false}
	l.thread("T1", "m1", "2026-02-02T10:00:00Z", question)
	l.reply("1", "T1", "b1", "2026-02-02T10:01:00Z")
	l.reply("2", "T1", "m1", "2026-02-02T10:30:00Z")
	l.reply("3", "T1", "m2", "2026-02-02T12:00:00Z")
	l.thread("T2", "m3", "2026-02-03T09:00:00Z", question)
	l.reply("4", "T2", "s1", "2026-02-03T10:00:00Z")
	l.reply("5", "T2", "m3", "2026-02-03T10:20:00Z")
	l.reply("6", "T2", "s1", "2026-02-03T11:00:00Z")
	l.thread("T3", "m4", "2026-02-04T08:00:00Z", question)
	l.thread("T4", "m5", "2026-02-05T00:00:00Z", question)
	l.reply("7", "T4", "m2", "2026-02-07T00:00:00Z")
	l.thread("T5", "m2", "2026-02-06T12:00:00Z", talk)
	l.reply("8", "T5", "m6", "2026-02-06T13:00:00Z")
	l.thread("T6", "s1", "2026-02-06T12:00:00Z", question)
	l.reply("9", "T6", "m2", "2026-02-06T12:30:00Z")
	l.coverBoard()
}
