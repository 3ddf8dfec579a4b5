package transforms_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	rollcallsql "rollcall/sql"
	"rollcall/transforms"
)

// A livingForum lives on at random; what it does depends on the seed alone.
// pending holds the records of the next sync by stream.
type livingForum struct {
	*lake
	random    *rand.Rand
	instances []string
	pending   map[string][]pendingRecord
	live      map[string]object // stream and key -> record
	next      int
}

type pendingRecord struct {
	instance, key string
	record        object
	deleted       bool
}

func (f *livingForum) pick(from ...string) string { return from[f.random.IntN(len(from))] }

// in names something of an instance.
func (f *livingForum) in(instance, kind string, of int) string {
	return fmt.Sprintf("canonical:%s:%s:%d", instance, kind, f.random.IntN(of))
}

func (f *livingForum) someone(instance string) string {
	return fmt.Sprintf("canonical:%s:u%d", instance, f.random.IntN(25))
}

func (f *livingForum) put(instance, stream, key string, record object, deleted bool) {
	f.live[stream+" "+instance+" "+key] = record
	f.pending[stream] = append(f.pending[stream], pendingRecord{instance, key, record, deleted})
}

// sync stores what is pending, a run for each stream.
func (f *livingForum) sync() {
	for _, stream := range slices.Sorted(maps.Keys(f.pending)) {
		f.createRaw("canonical", stream)
		f.run++
		table := "lake.raw.canonical__" + stream
		var rows []string
		for i, p := range f.pending[stream] {
			data, err := json.Marshal(p.record)
			require.NoError(f.t, err)
			rows = append(rows, fmt.Sprintf("(%d, %s, %s, %s, %t)", i, warehouse.Literal(p.instance), warehouse.Literal(p.key), warehouse.Literal(string(data)), p.deleted))
		}
		f.exec(fmt.Sprintf(`insert into %[1]s select n.instance, n.key, n.data, n.deleted,
    coalesce(o.version, 0) + row_number() over (partition by n.instance, n.key order by n.i), null, ?, ?, hash(n.key), 0, 0
from (values %[2]s) as n (i, instance, key, data, deleted)
left join (select instance, key, max(version) as version from %[1]s group by all) as o using (instance, key)`, table, strings.Join(rows, ", ")), f.now, f.run)
	}
	f.pending = map[string][]pendingRecord{}
}

// at is a moment in the days before now, or long ago.
func (f *livingForum) at(days int) string {
	return f.now.Add(-time.Duration(f.random.IntN(days*24*60)) * time.Minute).Format(time.RFC3339)
}

// record makes the next record of a random shape, of the last so many days.
func (f *livingForum) record(instance string, days int) {
	f.next++
	id, at, who := fmt.Sprint(f.next), f.at(days), f.someone(instance)
	community := "canonical:" + instance
	if f.random.IntN(6) == 0 {
		community += "-b"
	}
	threads := max(20, f.next/8)
	threadID := fmt.Sprintf("canonical:%s:thread:%d", instance, f.random.IntN(threads))
	if parents := f.ids("thread", instance, "thread_id"); len(parents) > 0 && f.random.IntN(10) > 0 {
		threadID = parents[f.random.IntN(len(parents))]
	}
	replyID := threadID
	if replies := f.ids("thread_reply", instance, "reply_id"); len(replies) > 0 {
		replyID = replies[f.random.IntN(len(replies))]
	}
	own := fmt.Sprintf("canonical:%s:%%s:%s", instance, id)
	switch n := f.random.IntN(100); {
	case n < 18:
		f.put(instance, "thread", id, object{"thread_id": fmt.Sprintf(own, "thread"), "community_id": community, "author_identity_id": who, "category": f.pick("a", "b", "c"),
			"tags": f.pick("help", "talk", ""), "created_at": at, "is_solvable": f.random.IntN(8) == 0, "is_private": f.random.IntN(15) == 0, "product_topic": f.pick("billing", "import")}, false)
	case n < 50:
		f.put(instance, "thread_reply", id, object{"reply_id": fmt.Sprintf(own, "reply"), "thread_id": threadID, "community_id": community, "author_identity_id": who,
			"created_at": at, "char_len": f.random.IntN(300), "is_system": f.random.IntN(20) == 0}, false)
	case n < 72:
		event := object{"event_id": fmt.Sprintf(own, "event"), "community_id": community, "identity_id": who, "event_type": f.pick("reaction", "vote", "bookmark", "share", "flag"),
			"reaction": f.pick("like", "heart", "+1"), "thread_id": threadID, "content_id": replyID, "occurred_at": at}
		if f.random.IntN(4) == 0 {
			delete(event, "thread_id")
		}
		f.put(instance, "community_event", id, event, false)
	case n < 78:
		f.put(instance, "community_event", id, object{"event_id": fmt.Sprintf(own, "event"), "community_id": community, "identity_id": who, "event_type": f.pick("visit", "view", "feedback", "research_beta"), "occurred_at": at}, false)
	case n < 82:
		f.put(instance, "answer", id, object{"thread_id": threadID, "reply_id": replyID, "community_id": community, "accepted_at": at}, false)
	case n < 86:
		user := strings.TrimPrefix(who, "canonical:"+instance+":")
		f.put(instance, "identity", user, object{"identity_id": who, "source": "canonical", "source_instance": instance, "source_user_id": user, "is_bot": f.random.IntN(12) == 0, "is_staff": f.random.IntN(8) == 0}, false)
	case n < 90:
		f.put(instance, "community_member", id, object{"member_id": fmt.Sprintf(own, "member"), "community_id": community, "identity_id": who, "joined_at": at, "join_channel": f.pick("organic", "invite")}, false)
	case n < 92:
		f.put(instance, "community_gathering", "g"+fmt.Sprint(f.random.IntN(4)), object{"gathering_id": f.in(instance, "gathering", 4), "community_id": community, "kind": f.pick("webinar", "research"), "event_series": f.pick("monthly", "summit"), "starts_at": at, "ends_at": at}, false)
	case n < 94:
		f.put(instance, "event_attendance", id, object{"attendance_id": fmt.Sprintf(own, "visit"), "gathering_id": f.in(instance, "gathering", 4), "identity_id": who, "registered_at": at, "first_joined_at": at, "minutes_attended": f.random.IntN(60), "checked_in": f.random.IntN(2) == 0}, false)
	case n < 96:
		f.put(instance, "moderation_action", id, object{"action_id": fmt.Sprintf(own, "action"), "community_id": community, "content_id": replyID, "reason": "spam", "flagged_at": at, "resolved_at": at, "outcome": f.pick("upheld", "rejected")}, false)
	case n < 97:
		f.put(instance, "survey", "s", object{"survey_id": "canonical:" + instance + ":survey:s", "kind": "community_sat", "survey_mode": "relationship", "community_id": community}, false)
	default:
		f.put(instance, "survey_response", id, object{"response_id": fmt.Sprintf(own, "response"), "question_id": "canonical:" + instance + ":question:q", "survey_id": "canonical:" + instance + ":survey:s",
			"identity_id": who, "responded_at": at, "score_raw": float64(f.random.IntN(5)), "is_complete": true}, false)
	}
}

// ids lists a column of the instance's live records of a stream, in order.
func (f *livingForum) ids(stream, instance, column string) []string {
	var ids []string
	for _, key := range slices.Sorted(maps.Keys(f.live)) {
		if strings.HasPrefix(key, stream+" "+instance+" ") {
			ids = append(ids, f.live[key][column].(string))
		}
	}
	return ids
}

// change edits or deletes a live record.
func (f *livingForum) change(deleted bool) {
	keys := slices.Sorted(maps.Keys(f.live))
	parts := strings.SplitN(keys[f.random.IntN(len(keys))], " ", 3)
	record := maps.Clone(f.live[strings.Join(parts, " ")])
	if !deleted {
		record["source_updated_at"] = f.now.Format(time.RFC3339)
		for column, value := range map[string]any{"is_removed": true, "category": "b", "char_len": 200, "event_type": "vote", "outcome": "upheld", "minutes_attended": 45, "is_staff": true, "join_channel": "invite"} {
			if _, has := record[column]; (has || column == "is_removed") && f.random.IntN(3) == 0 {
				record[column] = value
			}
		}
		if threads := f.ids("thread", parts[1], "thread_id"); parts[0] == "thread_reply" && len(threads) > 0 && f.random.IntN(3) == 0 {
			record["thread_id"] = threads[f.random.IntN(len(threads))]
		}
		if threads := f.ids("thread", parts[1], "thread_id"); parts[0] == "thread" && f.random.IntN(8) == 0 {
			record["merged_into_thread_id"] = threads[f.random.IntN(len(threads))]
		}
	}
	f.put(parts[1], parts[0], parts[2], record, deleted)
}

// once is what happens in one of the steps each; all else is left to chance.
func (f *livingForum) once() []func() string {
	return []func() string{
		f.post, f.edit, f.remove, f.backfill,
		func() string {
			f.cfg.Exclude = config.Exclude{Identities: []string{"canonical:one:u3"}}
			return "an exclusion"
		},
		func() string {
			f.cfg.EngagementRules = []config.EngagementRule{{EventType: "reaction", Reaction: "heart", Tier: 2, Helpful: true, From: f.now.AddDate(0, -2, 0)}}
			return "a rule change"
		},
		f.post,
		func() string {
			f.cfg.Parameters = map[string]string{"unanswered_window_hours": "24", "helpful_window_days": "2"}
			return "parameters"
		},
		f.join,
		func() string {
			f.instances = append(f.instances, "two")
			for range 100 {
				f.record("two", 3*365)
			}
			return "a second forum with three years of history"
		},
		f.promote, f.wait,
	}
}

// step is one thing that happens between two builds.
func (f *livingForum) step(i, steps int) string {
	once := f.once()
	if every := steps / len(once); i%every == 0 && i/every < len(once) {
		return once[i/every]()
	}
	likely := []func() string{f.post, f.post, f.post, f.edit, f.edit, f.remove, f.backfill, f.wait, f.join, f.promote, func() string { return "nothing" }}
	return likely[f.random.IntN(len(likely))]()
}

func (f *livingForum) somewhere() string { return f.instances[f.random.IntN(len(f.instances))] }

func (f *livingForum) post() string {
	instance := f.somewhere()
	for range 1 + f.random.IntN(6) {
		f.record(instance, 4)
	}
	return "new records"
}

func (f *livingForum) edit() string {
	for range 1 + f.random.IntN(3) {
		f.change(false)
	}
	return "edits"
}

func (f *livingForum) remove() string {
	f.change(true)
	return "a deletion"
}

func (f *livingForum) backfill() string {
	instance := f.somewhere()
	for range 3 {
		f.record(instance, 900)
	}
	return "late records"
}

func (f *livingForum) wait() string {
	f.now = f.now.AddDate(0, 0, 1+f.random.IntN(9))
	return "days pass"
}

// join adds a member whom nobody has seen, with a first thread.
func (f *livingForum) join() string {
	f.next++
	instance, id, at := f.somewhere(), fmt.Sprint(f.next), f.at(3)
	who := "canonical:" + instance + ":n" + id
	f.put(instance, "community_member", id, object{"member_id": "canonical:" + instance + ":member:" + id, "community_id": "canonical:" + instance,
		"identity_id": who, "joined_at": at, "join_channel": "invite"}, false)
	f.put(instance, "thread", id, object{"thread_id": "canonical:" + instance + ":thread:" + id, "community_id": "canonical:" + instance,
		"author_identity_id": who, "created_at": at}, false)
	return "a new person"
}

// promote makes a member staff, or no longer.
func (f *livingForum) promote() string {
	instance := f.somewhere()
	who := f.someone(instance)
	user := strings.TrimPrefix(who, "canonical:"+instance+":")
	f.put(instance, "identity", user, object{"identity_id": who, "source": "canonical", "source_instance": instance, "source_user_id": user,
		"is_staff": f.random.IntN(2) == 0, "source_updated_at": f.now.Format(time.RFC3339)}, false)
	return "a role change"
}

// tablesOf prints every table of core, mart and kpi, what names the build and
// its time aside.
func (l *lake) tablesOf() map[string][]string {
	l.t.Helper()
	printed := map[string][]string{}
	for _, name := range l.rows(`select schema_name || '.' || table_name from duckdb_tables()
where database_name = 'marts' and schema_name in ('ref', 'core', 'mart', 'kpi')
and schema_name || '.' || table_name not in ('kpi.value_history', 'kpi.build', 'kpi.release') order by 1`) {
		columns := l.rows(`select '"' || column_name || '"' from duckdb_columns() where database_name = 'marts' and schema_name || '.' || table_name = ?
and column_name not in ('build_id', 'computed_at', 'valid_from_build', 'first_build_id') order by column_index`, name)
		printed[name] = l.rows("select cast(to_json(t) as varchar) from (select " + strings.Join(columns, ", ") + " from " + name + ") as t order by 1")
	}
	return printed
}

// rebuilt copies the lake and builds it whole elsewhere.
func (f *livingForum) rebuilt(source transforms.Source) map[string][]string {
	f.t.Helper()
	require.NoError(f.t, f.db.Lake.Checkpoint(f.t.Context()))
	dir := f.t.(*testing.T).TempDir()
	text, err := os.ReadFile(warehouse.LakePath(f.cfg.DataDir))
	require.NoError(f.t, err)
	require.NoError(f.t, os.WriteFile(warehouse.LakePath(dir), text, 0o600))
	db, err := warehouse.Open(f.t.Context(), warehouse.Options{Dir: dir, MemoryLimit: "1GB"})
	require.NoError(f.t, err)
	other := &lake{t: f.t, db: db, cfg: f.cfg, now: f.now}
	other.buildEvenIfChecksFail(other.builderOver(rollcallsql.FS, source), transforms.BuildRequest{Full: true})
	printed := other.tablesOf()
	require.NoError(f.t, db.Close())
	require.NoError(f.t, os.RemoveAll(dir))
	return printed
}

// Twelve steps compared every sixth are what CI does. ROLLCALL_STEPS asks for
// more, compared one by one.
func TestBuild_ofFiftyStepsEqualsAFullBuildEach(t *testing.T) {
	t.Parallel()
	steps, every := 12, 6
	if text := os.Getenv("ROLLCALL_STEPS"); text != "" {
		var err error
		steps, err = strconv.Atoi(text)
		require.NoError(t, err)
		require.GreaterOrEqual(t, steps, 12, "each special step comes once")
		every = 1
	}
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	f := &livingForum{lake: newLake(t), random: rand.New(rand.NewPCG(4, 7)), instances: []string{"one"}, pending: map[string][]pendingRecord{}, live: map[string]object{}}
	f.cfg.TimeZone = zone
	for range 250 {
		f.record("one", 500)
	}
	source := canonical(t, "one", "two")
	actions := map[transforms.Action]int{}
	computed := map[transforms.Action]int{} // KPIs
	var did []string
	for i := range steps {
		did = append(did, f.step(i, steps))
		f.sync()
		f.manyRows = int64(i % 2) // every other build commits each model by itself
		build := f.buildEvenIfChecksFail(f.builderOver(rollcallsql.FS, source), transforms.BuildRequest{})
		for _, s := range build.Steps {
			actions[s.Action]++
		}
		for _, action := range f.rows("select action from checks.model where not contains(model, '.') and version = ?", build.ID) {
			computed[transforms.Action(action)]++
		}
		if (i+1)%every > 0 {
			continue
		}
		incremental, whole := f.tablesOf(), f.rebuilt(source)
		require.Equal(t, slices.Sorted(maps.Keys(whole)), slices.Sorted(maps.Keys(incremental)))
		for name := range whole {
			require.Equal(t, whole[name], incremental[name], "step %d: %s: %v\n%v", i, name, did[i+1-every:], build.Steps)
		}
	}
	t.Log(actions, computed, did)
	require.Greater(t, actions[transforms.Slice], steps, "slices are computed")
	require.Greater(t, actions[transforms.Skip], 5*steps, "what did not change is skipped")
	require.Greater(t, computed[transforms.Slice], 5*steps, "KPIs are computed from the day on that changed")
	require.Less(t, computed[transforms.Slice]+computed[transforms.Whole], 45*steps, "KPIs of which nothing changed are skipped")
}
