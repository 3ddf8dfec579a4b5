package transforms_test

import (
	"fmt"

	"rollcall/transforms"
)

// A benchForum is a community of a given size: three years of an archive whose
// records are staged already, and a connector that brings what is new. Every
// value comes from arithmetic on a running number, so that the same size is
// the same forum: multiples of an irrational number, cut to their fraction,
// stand for chance.
type benchForum struct {
	*lake
	activities int
}

const (
	goldenRatio = "0.6180339887498949"
	rootOfTwo   = "0.41421356237309515"
	rootOfThree = "0.7320508075688772"
)

// chance is a number from 0 to 1 for the i-th row.
func chance(irrational string) string {
	return fmt.Sprintf("((i * %[1]s) - floor(i * %[1]s))", irrational)
}

func (f *benchForum) people() int    { return f.activities / 20 }
func (f *benchForum) threads() int   { return f.activities / 10 }
func (f *benchForum) replies() int   { return f.activities / 2 }
func (f *benchForum) reactions() int { return f.activities * 3 / 10 }
func (f *benchForum) visits() int    { return f.activities * 7 / 100 }
func (f *benchForum) bookmarks() int { return f.activities / 50 }
func (f *benchForum) answers() int   { return f.activities / 100 }

// who is a person's number. One in ten people does nearly half of all.
func (f *benchForum) who(irrational string) string {
	return fmt.Sprintf("cast(floor(%d * pow(%s, 3)) as bigint)", f.people(), chance(irrational))
}

// when the i-th thread was opened: over three years, ever more often.
func (f *benchForum) when() string {
	return fmt.Sprintf("timestamp '2023-05-21 00:00:00' + to_seconds(cast(94608000 * pow(i / %d.0, 0.8) as bigint))", f.threads())
}

// later is a time soon after, mostly within a day or two, at most the last
// moment of the archive.
func later(column, irrational string) string {
	return fmt.Sprintf("least(%s + to_seconds(cast(60 - 130000 * ln(1 - %s * 0.9999) as bigint)), timestamp '2026-05-20 23:59:59')", column, chance(irrational))
}

const benchCommunity = "case when t %% 5 = 0 then 'archive:two' else 'archive:one' end"

// fill writes the archive into staging, as if it had been staged long ago.
func (f *benchForum) fill() {
	for _, insert := range f.archive() {
		f.exec(insert)
	}
	f.exec("delete from lake.identity.person_identity") // who wrote the first record is one of the archive
	f.exec(`insert into lake.identity.person_identity by name
select 'archive:all:' || i as identity_id, 'p' || lpad(cast(i as varchar), 9, '0') as person_id, 'archive' as source, 'all' as source_instance,
    cast(i as varchar) as source_user_id, 'own' as match_method, timestamp '2023-05-21 00:00:00' as linked_at
from range(?) as r(i)`, f.people())
	f.createRaw("archive", "all")
	f.exec("insert into lake.raw.archive__all values ('all', '1', '{}', false, 1, null, ?, 1, 0, 0, 0)", f.now)
	f.exec("insert into lake.staged.stream values ('archive', 'all', 'all', 'community', 'community,community_member,identity,thread,thread_reply,community_event,answer', ?)", f.activities)
	f.cover("archive", "all", "all")
	f.exec("delete from lake.staged.change where name = 'identity.person_identity'")
	f.exec("insert into lake.staged.change values ('identity.person_identity', '')")
	f.exec("update lake.staged.change set build_id = 'archive'")
}

func (f *benchForum) archive() []string {
	record := "'archive:all:all:%s' || i as record, timestamp '2023-05-21 00:00:00' as first_seen_at"
	return []string{
		`insert into lake.staging.community by name select 'archive:all:all:c' || i as record, timestamp '2023-05-21 00:00:00' as first_seen_at,
    case i when 0 then 'archive:two' else 'archive:one' end as community_id, true as supports_accept, true as exposes_visits from range(2) as r(i)`,
		fmt.Sprintf(`insert into lake.staging.identity by name select `+record+`, 'archive:all:' || i as identity_id, 'archive' as source, 'all' as source_instance,
    cast(i as varchar) as source_user_id, i %% 20000 = 7 as is_bot, i %% 1000 = 3 as is_staff from range(%d) as r(i)`, "u", f.people()),
		fmt.Sprintf(`insert into lake.staging.community_member by name select `+record+`, 'archive:all:member:' || i as member_id, 'archive:one' as community_id,
    'archive:all:' || i as identity_id, timestamp '2023-05-21 00:00:00' + to_seconds(cast(94608000 * %s as bigint)) as joined_at,
    case i %% 3 when 0 then 'organic' when 1 then 'invite' else 'campaign' end as join_channel from range(%d) as r(i)`, "m", chance(rootOfTwo), f.people()),
		fmt.Sprintf(`create or replace temp table bench_thread as select i as t, `+f.when()+` as created_at from range(%d) as r(i)`, f.threads()),
		fmt.Sprintf(`insert into lake.staging.thread by name select `+record+`, 'archive:all:thread:' || i as thread_id, `+benchCommunity+` as community_id,
    'archive:all:' || %s as author_identity_id, 'c' || (i %% 12) as category, created_at, i %% 12 < 5 as is_solvable,
    case when i %% 7 = 0 then 'billing' when i %% 7 = 1 then 'import' end as product_topic from (select t, t as i, created_at from bench_thread)`, "t", f.who(goldenRatio)),
		fmt.Sprintf(`create or replace temp table bench_reply as select i, t, %s as created_at
from (select i, cast(floor(%d * %s) as bigint) as t from range(%d) as r(i)) inner join bench_thread using (t)`,
			later("created_at", rootOfTwo), f.threads(), chance(goldenRatio), f.replies()),
		fmt.Sprintf(`insert into lake.staging.thread_reply by name select `+record+`, 'archive:all:reply:' || i as reply_id, 'archive:all:thread:' || t as thread_id,
    `+benchCommunity+` as community_id, 'archive:all:' || %s as author_identity_id, created_at, 20 + i %% 700 as char_len, i %% 300 = 0 as is_removed from bench_reply`, "r", f.who(rootOfThree)),
		fmt.Sprintf(`insert into lake.staging.community_event by name select `+record+`, 'archive:all:event:' || i as event_id, `+benchCommunity+` as community_id,
    'archive:all:' || %s as identity_id, case when i %% 10 = 0 then 'vote' else 'reaction' end as event_type, case when i %% 10 <> 0 then 'like' end as reaction,
    'archive:all:thread:' || t as thread_id, 'archive:all:reply:' || i as content_id, %s as occurred_at from bench_reply where i < %d`,
			"a", f.who(rootOfTwo), later("created_at", rootOfThree), f.reactions()),
		fmt.Sprintf(`insert into lake.staging.community_event by name select `+record+`, 'archive:all:event:b' || i as event_id, `+benchCommunity+` as community_id,
    'archive:all:' || %s as identity_id, 'bookmark' as event_type, 'archive:all:thread:' || t as thread_id, 'archive:all:thread:' || t as content_id,
    %s as occurred_at from (select i, t, created_at from bench_reply where i < %d)`, "b", f.who(goldenRatio), later("created_at", goldenRatio), f.bookmarks()),
		fmt.Sprintf(`insert into lake.staging.community_event by name select `+record+`, 'archive:all:event:v' || i as event_id,
    case when i %% 5 = 0 then 'archive:two' else 'archive:one' end as community_id, 'archive:all:' || %s as identity_id, 'visit' as event_type,
    timestamp '2023-05-21 00:00:00' + to_seconds(cast(94608000 * pow(%s, 0.8) as bigint)) as occurred_at from range(%d) as r(i)`, "v", f.who(rootOfThree), chance(goldenRatio), f.visits()),
		fmt.Sprintf(`insert into lake.staging.answer by name select `+record+`, 'archive:all:thread:' || t as thread_id,
    'archive:all:reply:' || i as reply_id, `+benchCommunity+` as community_id, created_at + interval 3 hours as accepted_at from bench_reply where i < %d`, "w", f.answers()),
	}
}

// benchSource is the connector that brings the new one in a hundred.
func benchSource() transforms.Source {
	when := "j.at at time zone 'UTC'"
	return transforms.Source{
		Type: "forum", Version: "1",
		Instances: []transforms.Instance{{Name: "all", Kinds: []string{"community"}}},
		Streams: []transforms.Stream{
			{Name: "posts", Fields: `{"id": "VARCHAR!", "thread": "VARCHAR", "community": "VARCHAR", "author": "VARCHAR", "at": "TIMESTAMPTZ!", "edited": "TIMESTAMPTZ", "chars": "BIGINT", "category": "VARCHAR", "solvable": "BOOLEAN", "kind": "VARCHAR!"}`},
			{Name: "acts", Fields: `{"id": "VARCHAR!", "thread": "VARCHAR", "content": "VARCHAR", "community": "VARCHAR", "author": "VARCHAR", "at": "TIMESTAMPTZ!", "kind": "VARCHAR!", "reaction": "VARCHAR"}`},
		},
		Staging: map[string]string{
			"thread": `select record, first_seen_at, deleted_at, j.id as thread_id, j.community as community_id, j.author as author_identity_id,
    j.category as category, ` + when + ` as created_at, j.solvable as is_solvable, j.edited at time zone 'UTC' as source_updated_at
from raw.forum__posts where j.kind = 'thread'`,
			"thread_reply": `select record, first_seen_at, deleted_at, j.id as reply_id, j.thread as thread_id, j.community as community_id,
    j.author as author_identity_id, ` + when + ` as created_at, j.chars as char_len, j.edited at time zone 'UTC' as source_updated_at
from raw.forum__posts where j.kind = 'reply'`,
			"community_event": `select record, first_seen_at, deleted_at, j.id as event_id, j.community as community_id, j.author as identity_id,
    j.kind as event_type, j.reaction as reaction, j.thread as thread_id, j.content as content_id, ` + when + ` as occurred_at
from raw.forum__acts`,
		},
	}
}

// addOnePercent stores new records: threads and replies of the last eleven
// days, one reply in three to an older thread; reactions and visits; one author
// in fifty is new. An edit of a post moves it for good and takes what it was
// part of back to its day: that is no new post, and not measured here. Answers
// are accepted in the categories where they always were.
func (f *benchForum) addOnePercent() {
	n := f.activities / 100
	at := fmt.Sprintf("strftime(timestamp '2026-05-21 00:00:00' + to_seconds(cast(940000.0 * i / %d as bigint)), '%%Y-%%m-%%dT%%H:%%M:%%SZ')", n)
	author := fmt.Sprintf("case when i %% 50 = 49 then 'forum:all:' || (i %% 5000) else 'archive:all:' || %s end", f.who(rootOfTwo))
	old := fmt.Sprintf("'archive:all:thread:' || cast(floor(%d * %s) as bigint)", f.threads(), chance(rootOfThree))
	f.run++
	for _, insert := range []string{
		`insert into lake.raw.forum__posts select 'all', 't' || i, json_object('id', 'archive:all:thread:n' || i, 'community', 'archive:one', 'author', ` + author + `,
    'at', ` + at + `, 'category', 'c' || (i // 6 % 12), 'solvable', i // 6 % 12 < 5, 'kind', 'thread'), false, 1, null, ?, ?, i, 0, 0 from range(0, ?, 6) as r(i)`,
		`insert into lake.raw.forum__posts select 'all', 'r' || i, json_object('id', 'archive:all:reply:n' || i,
    'thread', case when i % 3 = 1 then ` + old + ` else 'archive:all:thread:n' || (i - i % 6) end, 'community', 'archive:one', 'author', ` + author + `,
    'at', ` + at + `, 'chars', 30 + i % 500, 'kind', 'reply'), false, 1, null, ?, ?, i, 0, 0
from range(?) as r(i) where i % 6 <> 0`,
		`insert into lake.raw.forum__acts select 'all', 'a' || i, json_object('id', 'archive:all:event:n' || i, 'thread', case when i % 4 > 0 then 'archive:all:thread:n' || (i - i % 6) end,
    'content', case when i % 4 > 0 then 'archive:all:thread:n' || (i - i % 6) end, 'community', 'archive:one', 'author', ` + author + `, 'at', ` + at + `,
    'kind', case when i % 4 > 0 then 'reaction' else 'visit' end, 'reaction', case when i % 4 > 0 then 'like' end), false, 1, null, ?, ?, i, 0, 0 from range(?) as r(i)`,
	} {
		f.exec(insert, f.now, f.run, n*6/10)
	}
}
