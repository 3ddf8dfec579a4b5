package sql_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A line is one row of a canonical file: columns of a staging shape and their
// values.
type line map[string]any

// A fixture collects what cases say happened, one list of lines per staging
// shape. Names in it are short and each case's own: "m1" of one case is another
// person than "m1" of the next. Times are "2 Feb 10:00" (2026, UTC), "2 Feb",
// or written out: "2025-11-30 23:59:59".
type fixture struct {
	t         testing.TB
	lines     map[string][]line
	scope     string // of names: the case
	community string
	numbered  *int
	listings  map[string]bool   // shapes whose file lists all there is
	keys      map[string]string // the column that a shape's records are known by, where it is not the usual one
}

// newFixture is a community that tells its members, threads and replies, and as
// yet has none. Other shapes are filled by no source until a line says so.
func newFixture(t testing.TB) *fixture {
	lines := map[string][]line{"community_member": nil, "thread": nil, "thread_reply": nil}
	return &fixture{t: t, lines: lines, community: "main", numbered: new(int), listings: map[string]bool{}}
}

// in is the same fixture, going on in another community.
func (f *fixture) in(community string) *fixture {
	other := *f
	other.community = community
	return &other
}

// id is a name in full.
func (f *fixture) id(object, name string) string {
	return fmt.Sprintf("forum:%s:%s:%s%s", f.community, object, f.scope, name)
}

// login is a person's identity: one for all communities, so that somebody in
// two of them has two memberships and is one person.
func (f *fixture) login(who string) string { return "forum:main:" + f.scope + who }

func (f *fixture) here() string { return "forum:" + f.community }

// next numbers what has no name of its own.
func (f *fixture) next() string {
	*f.numbered++
	return fmt.Sprint(*f.numbered)
}

// put adds a line to a shape; more adds columns or overrules them.
func (f *fixture) put(shape string, columns line, more ...line) {
	for _, m := range more {
		maps.Copy(columns, m)
	}
	f.lines[shape] = append(f.lines[shape], columns)
}

var layouts = []string{"2 Jan 15:04:05", "2 Jan 15:04", "2 Jan", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"}

// at is a time as a canonical file writes it.
func (f *fixture) at(text string) string {
	f.t.Helper()
	for _, layout := range layouts {
		at, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if at.Year() == 0 {
			at = at.AddDate(2026, 0, 0)
		}
		return at.Format(time.RFC3339)
	}
	require.Fail(f.t, "not a time: "+text)
	return ""
}

// covers makes the source tell of all that time: a file covers the time from its
// first row to its last. What it tells is staff's, who count nowhere.
func (f *fixture) covers(from, until string) {
	f.t.Helper()
	f.staff("clerk")
	for _, at := range []string{from, until} {
		f.joined("clerk", at, nil)
		f.talk("notice-"+at, "clerk", at)
		f.reply("notice-"+at, "clerk", at)
	}
}

// crowd names n people: m1, m2, …
func crowd(prefix string, n int) []string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("%s%d", prefix, i+1))
	}
	return names
}

// joins makes people members.
func (f *fixture) joins(at string, people ...string) {
	f.t.Helper()
	for _, who := range people {
		f.joined(who, at, nil)
	}
}

// joined makes one person a member, with what else is known of the membership.
func (f *fixture) joined(who, at string, more line) {
	f.t.Helper()
	f.put("community_member", line{"member_id": f.id("member", who+"-"+f.next()), "community_id": f.here(),
		"identity_id": f.login(who), "joined_at": f.at(at)}, more)
}

func (f *fixture) staff(people ...string) { f.identities(line{"is_staff": true}, people) }

func (f *fixture) bots(people ...string) { f.identities(line{"is_bot": true}, people) }

func (f *fixture) identities(flags line, people []string) {
	for _, who := range people {
		f.put("identity", line{"identity_id": f.login(who)}, flags)
	}
}

// question opens a thread that asks something.
func (f *fixture) question(name, author, at string, more ...line) {
	f.t.Helper()
	f.thread(name, author, at, append([]line{{"is_solvable": true}}, more...)...)
}

// talk opens a thread that asks nothing.
func (f *fixture) talk(name, author, at string, more ...line) {
	f.t.Helper()
	f.thread(name, author, at, append([]line{{"is_solvable": false}}, more...)...)
}

func (f *fixture) thread(name, author, at string, more ...line) {
	f.t.Helper()
	f.put("thread", line{"thread_id": f.id("thread", name), "community_id": f.here(), "author_identity_id": f.login(author),
		"created_at": f.at(at)}, more...)
}

// reply answers in a thread and returns the reply's id.
func (f *fixture) reply(thread, author, at string, more ...line) string {
	f.t.Helper()
	id := f.id("reply", f.next())
	f.put("thread_reply", line{"reply_id": id, "thread_id": f.id("thread", thread), "community_id": f.here(),
		"author_identity_id": f.login(author), "created_at": f.at(at)}, more...)
	return id
}

// does is one more act of a person: visit, reaction, bookmark, system, …
func (f *fixture) does(act, who, at string, more ...line) {
	f.t.Helper()
	f.put("community_event", line{"event_id": f.id("event", f.next()), "community_id": f.here(), "identity_id": f.login(who),
		"event_type": act, "occurred_at": f.at(at)}, more...)
}

// visits is one visit of each.
func (f *fixture) visits(at string, people ...string) {
	f.t.Helper()
	for _, who := range people {
		f.does("visit", who, at)
	}
}

// exposesVisits says that the community tells who visited.
func (f *fixture) exposesVisits() { f.tells(line{"exposes_visits": true}) }

// tells says what the community can tell.
func (f *fixture) tells(what line) {
	f.put("community", line{"community_id": f.here()}, what)
}

// flag reports content; resolved is "" while nobody has decided.
func (f *fixture) flag(content, at, resolved, outcome string) {
	f.t.Helper()
	action := line{"action_id": f.id("flag", f.next()), "community_id": f.here(), "content_id": content, "flagged_at": f.at(at), "outcome": outcome}
	if resolved != "" {
		action["resolved_at"] = f.at(resolved)
	}
	f.put("moderation_action", action)
}

// gathering is an event that people may register for and attend.
func (f *fixture) gathering(name, at string, more ...line) {
	f.t.Helper()
	f.put("community_gathering", line{"gathering_id": f.id("gathering", name), "community_id": f.here(), "starts_at": f.at(at)}, more...)
}

// attendance is one registration for or visit of a gathering.
func (f *fixture) attendance(gathering, who string, columns line) {
	f.put("event_attendance", line{"attendance_id": f.id("attendance", f.next()), "gathering_id": f.id("gathering", gathering),
		"identity_id": f.login(who)}, columns)
}

// shapes are those that the fixture fills.
func (f *fixture) shapes() []string { return slices.Sorted(maps.Keys(f.lines)) }

// blocks are the file blocks of a configuration that name the files of write.
func (f *fixture) blocks(dir string) string {
	var blocks strings.Builder
	for _, shape := range f.shapes() {
		key := ""
		if f.keys[shape] != "" {
			key = fmt.Sprintf("    key = [%q]\n", f.keys[shape])
		}
		fmt.Fprintf(&blocks, "  file %q {\n    path = %q\n    stream = %q\n    canonical = true\n    snapshot = %t\n%s  }\n",
			shape, fileOf(dir, shape), shape, f.listings[shape], key)
	}
	return blocks.String()
}

func fileOf(dir, shape string) string { return filepath.Join(dir, shape+".jsonl") }

// write writes the lines as canonical files, one per shape. They look long
// finished: the connector would wait for more in an empty one.
func (f *fixture) write(dir string) {
	f.t.Helper()
	for _, shape := range f.shapes() {
		var text strings.Builder
		for _, l := range f.lines[shape] {
			encoded, err := json.Marshal(l)
			require.NoError(f.t, err)
			text.Write(append(encoded, '\n'))
		}
		require.NoError(f.t, os.WriteFile(fileOf(dir, shape), []byte(text.String()), 0o600))
		finished := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		require.NoError(f.t, os.Chtimes(fileOf(dir, shape), finished, finished))
	}
}
