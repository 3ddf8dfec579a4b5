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
//
// Its habits are those of the forum of Delving Bitcoin: of 4,661 posts each
// makes 0.73 days of a person, 0.50 weeks, 0.33 months and 0.23 quarters, one
// in ten people writes 0.62 of them, and half of the replies come within 7.4
// days of the thread's opening, nine in ten within 158. Here an act makes 0.71,
// 0.55, 0.39 and 0.27, the share is 0.64, the days are 6.9 and 100.
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

const (
	benchSeconds = 94608000 // of the archive's three years
	benchDays    = 1095
	// benchSessions is how many sessions there are for each act; most of them stay empty.
	benchSessions = 2
)

// done gives each act of rows (with i, occurred_at, and whether it is_second,
// done in the second community) the number of a person, who. People come and do
// several things: a day has sessions of one person each, and each act falls
// into one of them. Who acts in the second community, a fifth of all, acts in
// the first as well.
func (f *benchForum) done(rows, irrational string) string {
	sessions := benchSessions * 1.25 * float64(f.activities) / benchDays // ever more acts, see opened
	return fmt.Sprintf(`(select * exclude (day, seed), cast(case when is_second then 5 * floor(%d / 800.0 * (pow(801, seed - floor(seed)) - 1)) else floor(%d / 800.0 * (pow(801, seed - floor(seed)) - 1)) end as bigint) as who
from (select *, 43758.5453 * sin(day * 12.9898 + 78.233 * floor(%s * pow(day / %d.0, 0.25) * case when is_second then %f else %f end) + case when is_second then 37.719 else 0 end) as seed
from (select *, date_diff('day', date '2023-05-21', cast(occurred_at as date)) as day from (%s))))`,
		f.people()/5, f.people(), chance(irrational), benchDays, sessions/5, sessions*4/5, rows)
}

// opened is when the i-th thread was opened: over three years, ever more often.
func (f *benchForum) opened() string {
	return fmt.Sprintf("timestamp '2023-05-21 00:00:00' + to_seconds(cast(%d * pow(i / %d.0, 0.8) as bigint))", benchSeconds, f.threads())
}

// replyLag is after how many seconds a thread gets a reply.
func replyLag(irrational string) string {
	return fmt.Sprintf("640000 * pow(%[1]s / (1.000001 - %[1]s), 1.4)", chance(irrational))
}

// later is a time after, within the archive.
func later(column, lag string) string {
	return fmt.Sprintf("%[1]s + to_seconds(cast(60 + %[2]s as bigint) %% (1 + date_diff('second', %[1]s, timestamp '2026-05-20 23:59:59')))", column, lag)
}

// soon is after how many seconds somebody likes what was written: mostly within
// a day or two.
func soon(irrational string) string {
	return fmt.Sprintf("-130000 * ln(1 - %s * 0.9999)", chance(irrational))
}

const benchCommunity = "case when is_second then 'archive:two' else 'archive:one' end"

// fill writes the archive into staging, as if it had been staged long ago.
func (f *benchForum) fill() {
	for _, insert := range f.archive() {
		f.exec(insert)
	}
	f.exec("delete from lake.identity.person_identity") // who wrote the first record is one of the archive
	// Ids are UUIDv7, as identity makes them, of people who came over all the time.
	f.exec(fmt.Sprintf(`insert into lake.identity.person_identity by name
select 'archive:all:' || i as identity_id, concat_ws('-', substr(made_at, 1, 8), substr(made_at, 9, 4), '7' || substr(code, 1, 3), 'a' || substr(code, 4, 3), substr(code, 7, 12)) as person_id,
    'archive' as source, 'all' as source_instance, cast(i as varchar) as source_user_id, 'own' as match_method, timestamp '2023-05-21 00:00:00' as linked_at
from (select i, lpad(lower(hex(1684627200000 + i * %d000 // %d)), 12, '0') as made_at, md5(cast(i as varchar)) as code from range(?) as r(i))`, benchSeconds, f.people()), f.people())
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
    'archive:all:' || i as identity_id, timestamp '2023-05-21 00:00:00' + to_seconds(cast(%d * %s as bigint)) as joined_at,
    case i %% 3 when 0 then 'organic' when 1 then 'invite' else 'campaign' end as join_channel from range(%d) as r(i)`, "m", benchSeconds, chance(rootOfTwo), f.people()),
		fmt.Sprintf(`create or replace temp table bench_thread as select i as t, `+f.opened()+` as created_at from range(%d) as r(i)`, f.threads()),
		fmt.Sprintf(`insert into lake.staging.thread by name select `+record+`, 'archive:all:thread:' || i as thread_id, `+benchCommunity+` as community_id,
    'archive:all:' || who as author_identity_id, 'c' || (i %% 12) as category, occurred_at as created_at, i %% 12 < 5 as is_solvable,
    case when i %% 7 = 0 then 'billing' when i %% 7 = 1 then 'import' end as product_topic from %s`, "t",
			f.done("select t as i, t, created_at as occurred_at, t % 5 = 0 as is_second from bench_thread", goldenRatio)),
		fmt.Sprintf(`create or replace temp table bench_reply as select i, t, t %% 5 = 0 as is_second, %s as created_at
from (select i, cast(floor(%d * %s) as bigint) as t from range(%d) as r(i)) inner join bench_thread using (t)`,
			later("created_at", replyLag(rootOfTwo)), f.threads(), chance(goldenRatio), f.replies()),
		fmt.Sprintf(`insert into lake.staging.thread_reply by name select `+record+`, 'archive:all:reply:' || i as reply_id, 'archive:all:thread:' || t as thread_id,
    `+benchCommunity+` as community_id, 'archive:all:' || who as author_identity_id, occurred_at as created_at, 20 + i %% 700 as char_len, i %% 300 = 0 as is_removed from %s`, "r",
			f.done("select i, t, is_second, created_at as occurred_at from bench_reply", rootOfThree)),
		fmt.Sprintf(`insert into lake.staging.community_event by name select `+record+`, 'archive:all:event:' || i as event_id, `+benchCommunity+` as community_id,
    'archive:all:' || who as identity_id, case when i %% 10 = 0 then 'vote' else 'reaction' end as event_type, case when i %% 10 <> 0 then 'like' end as reaction,
    'archive:all:thread:' || t as thread_id, 'archive:all:reply:' || i as content_id, occurred_at from %s`, "a",
			f.done(fmt.Sprintf("select i, t, is_second, %s as occurred_at from bench_reply where i < %d", later("created_at", soon(rootOfThree)), f.reactions()), rootOfTwo)),
		fmt.Sprintf(`insert into lake.staging.community_event by name select `+record+`, 'archive:all:event:b' || i as event_id, `+benchCommunity+` as community_id,
    'archive:all:' || who as identity_id, 'bookmark' as event_type, 'archive:all:thread:' || t as thread_id, 'archive:all:thread:' || t as content_id, occurred_at from %s`, "b",
			f.done(fmt.Sprintf("select i, t, is_second, %s as occurred_at from bench_reply where i < %d", later("created_at", soon(goldenRatio)), f.bookmarks()), goldenRatio)),
		fmt.Sprintf(`insert into lake.staging.community_event by name select `+record+`, 'archive:all:event:v' || i as event_id, `+benchCommunity+` as community_id,
    'archive:all:' || who as identity_id, 'visit' as event_type, occurred_at from %s`, "v",
			f.done(fmt.Sprintf("select i, i %% 5 = 0 as is_second, timestamp '2023-05-21 00:00:00' + to_seconds(cast(%d * pow(%s, 0.8) as bigint)) as occurred_at from range(%d) as r(i)",
				benchSeconds, chance(goldenRatio), f.visits()), rootOfThree)),
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

// addOnePercent stores new records: threads and replies of the next eleven days,
// replies to threads of all ages; reactions and visits; one author in fifty is
// new. An edit of a post moves it for good and takes what it was part of back
// to its day: that is no new post, and not measured here. Answers are accepted
// in the categories where they always were.
func (f *benchForum) addOnePercent() {
	n := f.activities / 100
	acts := f.done(fmt.Sprintf("select i, false as is_second, timestamp '2026-05-21 00:00:00' + to_seconds(cast(940000.0 * i / %d as bigint)) as occurred_at from range(?) as r(i)", n), rootOfTwo)
	const (
		at     = "strftime(occurred_at, '%Y-%m-%dT%H:%M:%SZ')"
		author = "case when i % 50 = 49 then 'forum:all:' || (i % 5000) else 'archive:all:' || who end"
	)
	opened := fmt.Sprintf("date_diff('second', timestamp '2023-05-21 00:00:00', occurred_at) - %s", replyLag(rootOfThree))
	f.run++
	for _, insert := range []string{
		`insert into lake.raw.forum__posts select 'all', 't' || i, json_object('id', 'archive:all:thread:n' || i, 'community', 'archive:one', 'author', ` + author + `,
    'at', ` + at + `, 'category', 'c' || (i // 6 % 12), 'solvable', i // 6 % 12 < 5, 'kind', 'thread'), false, 1, null, ?, ?, i, 0, 0 from ` + acts + ` where i % 6 = 0`,
		`insert into lake.raw.forum__posts select 'all', 'r' || i, json_object('id', 'archive:all:reply:n' || i, 'thread', ` +
			fmt.Sprintf(`case when opened < %[1]d then 'archive:all:thread:' || cast(floor(%[2]d * pow(abs(opened %% %[1]d) / %[1]d, 1.25)) as bigint) else 'archive:all:thread:n' || (i - i %% 6) end,`, benchSeconds, f.threads()) +
			`'community', 'archive:one', 'author', ` + author + `, 'at', ` + at + `, 'chars', 30 + i % 500, 'kind', 'reply'), false, 1, null, ?, ?, i, 0, 0
from (select *, ` + opened + ` as opened from ` + acts + `) where i % 6 <> 0`,
		`insert into lake.raw.forum__acts select 'all', 'a' || i, json_object('id', 'archive:all:event:n' || i, 'thread', case when i % 4 > 0 then 'archive:all:thread:n' || (i - i % 6) end,
    'content', case when i % 4 > 0 then 'archive:all:thread:n' || (i - i % 6) end, 'community', 'archive:one', 'author', ` + author + `, 'at', ` + at + `,
    'kind', case when i % 4 > 0 then 'reaction' else 'visit' end, 'reaction', case when i % 4 > 0 then 'like' end), false, 1, null, ?, ?, i, 0, 0 from ` + acts,
	} {
		f.exec(insert, f.now, f.run, n*6/10)
	}
}
