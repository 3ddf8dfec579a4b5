package github

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/connectortest/stagetest"
	"rollcall/connectors/github/githubtest"
)

// stage reads every stream whole and puts what is new, changed or gone since
// the last time into the lake.
func (b *bench) stage(l *stagetest.Lake, before map[string]map[string]string) {
	b.t.Helper()
	for _, s := range streams() {
		found := newLake()
		b.census(found, s.Name)
		if before[s.Name] == nil {
			before[s.Name] = map[string]string{}
		}
		var records []connectors.Record
		for key, data := range found.live {
			if before[s.Name][key] != string(data) {
				records = append(records, connectors.Record{Key: key, Data: data})
			}
			before[s.Name][key] = string(data)
		}
		for key, data := range before[s.Name] {
			if _, live := found.live[key]; !live {
				records = append(records, connectors.Record{Key: key, Data: []byte(data), Deleted: true})
				delete(before[s.Name], key)
			}
		}
		l.Put(s.Name, records...)
	}
	l.Stage(false)
}

// A hub is a repository with one of everything.
type hub struct {
	*githubtest.World
	repo, ann, bob, root                *githubtest.Object
	question, issue, pull               *githubtest.Object
	comment, reply, onIssue, onPull     *githubtest.Object
	thumb, heart, rocket, eyes, onPulls *githubtest.Object
}

func newHub() *hub {
	w := githubtest.NewWorld(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	acme := w.Organization("acme")
	h := &hub{World: w, repo: w.Repository(acme, "one"), ann: w.User("ann", "ann@example.com"), bob: w.User("bob", ""), root: w.User("root", "")}
	w.Join(acme, h.root, "ADMIN")
	h.question = w.Discussion(h.repo, h.ann, "Q&A", "How?")
	h.issue, h.pull = w.Issue(h.repo, h.ann, "Broken", false), w.Issue(h.repo, h.ann, "Mend", true)
	h.comment = w.Comment(h.question, h.bob, "So.")
	h.reply = w.Comment(h.comment, h.ann, "Thanks")
	h.onIssue, h.onPull = w.Comment(h.issue, h.bob, "Buy pills"), w.Comment(h.pull, h.bob, "ok")
	w.Advance(time.Minute)
	h.thumb, h.heart = w.React(h.question, h.bob, "THUMBS_UP"), w.React(h.comment, h.ann, "HEART")
	h.rocket, h.eyes = w.React(h.issue, h.bob, "ROCKET"), w.React(h.onIssue, nil, "THUMBS_DOWN")
	h.onPulls = w.React(h.onPull, h.ann, "EYES")
	w.React(h.pull, h.ann, "EYES")
	w.Star(h.repo, h.bob)
	w.Answer(h.comment, h.ann)
	w.Set(h.onIssue, "isMinimized", true)
	w.Set(h.onIssue, "minimizedReason", "off-topic")
	w.Set(h.reply, "isMinimized", true)
	w.Set(h.reply, "minimizedReason", "resolved")
	return h
}

// id is how staging names an object, or an account without a word for its kind.
func id(kind string, o *githubtest.Object) string {
	if kind == "" {
		return fmt.Sprint("github:x:", o.Number())
	}
	return "github:x:" + kind + ":" + o.ID
}

func TestStaging_readsActs(t *testing.T) {
	h := newHub()
	b, l, before := newBench(t, h.World), stagetest.New(t, New().Spec()), map[string]map[string]string{}
	b.stage(l, before)
	question, issue := id("discussion", h.question), id("issue", h.issue)
	act := func(o *githubtest.Object, who, reaction, thread, content string, whose *githubtest.Object) string {
		return strings.Join([]string{id("reaction", o), id("", h.repo), who, "reaction", reaction, thread, content, id("", whose), "2026-03-01 12:01:00", "true"}, "|")
	}
	star := strings.Join([]string{fmt.Sprintf("github:x:star:%d:%s", h.repo.Number(), h.bob.ID), id("", h.repo), id("", h.bob), "bookmark", "", "", "", "", "2026-03-01 12:01:00", "true"}, "|")
	columns := []string{"event_id", "community_id", "identity_id", "event_type", "reaction", "thread_id", "content_id", "target_identity_id", "occurred_at", "deleted_at is null"}
	rest := []string{
		act(h.heart, id("", h.ann), "heart", question, id("discussion_comment", h.comment), h.bob),
		act(h.rocket, id("", h.bob), "rocket", issue, issue, h.ann),
		act(h.eyes, "", "-1", "", id("issue_comment", h.onIssue), h.bob),
		star,
	}
	require.ElementsMatch(t, append(rest, act(h.thumb, id("", h.bob), "+1", question, question, h.ann)), l.Rows("community_event", columns...))
	h.Unreact(h.thumb)
	b.stage(l, before)
	ended := strings.TrimSuffix(act(h.thumb, id("", h.bob), "+1", question, question, h.ann), "true") + "false"
	require.ElementsMatch(t, append(rest, ended), l.Rows("community_event", columns...))
	l.RequireSameWhenFull()
	require.Empty(t, l.Rejected())
}

func TestStaging_readsAnswersModerationAndRoles(t *testing.T) {
	h := newHub()
	b, l, before := newBench(t, h.World), stagetest.New(t, New().Spec()), map[string]map[string]string{}
	b.stage(l, before)
	require.Equal(t, []string{strings.Join([]string{id("discussion", h.question), id("discussion_comment", h.comment), id("", h.repo), "2026-03-01 12:01:00", id("", h.ann)}, "|")},
		l.Rows("answer", "thread_id", "reply_id", "community_id", "accepted_at", "accepted_by_identity_id"))
	require.Equal(t, []string{strings.Join([]string{id("minimized", h.onIssue), id("issue_comment", h.onIssue), "off_topic", "", "upheld"}, "|")},
		l.Rows("moderation_action", "action_id", "content_id", "reason", "flagged_at", "outcome"))
	require.ElementsMatch(t, []string{id("discussion_comment", h.comment) + "|false", id("discussion_comment", h.reply) + "|false", id("issue_comment", h.onIssue) + "|true"},
		l.Rows("thread_reply", "reply_id", "is_removed"))
	require.Equal(t, []string{id("", h.root) + "|staff||"}, l.Rows("identity_role", "identity_id", "role_name", "valid_from", "valid_to"))
	require.ElementsMatch(t, []string{id("", h.repo) + "|acme/one||false|false", id("", h.repo) + "||true||"},
		l.Rows("community", "community_id", "name", "supports_accept", "exposes_visits", "exposes_views"))

	kim := h.User("kim", "")
	h.Answer(h.reply, kim)
	h.Set(h.onIssue, "isMinimized", false)
	h.Set(h.comment, "isMinimized", true)
	h.Set(h.comment, "minimizedReason", "SPAM")
	h.Set(h.repo, "hasDiscussionsEnabled", true)
	h.Edit(h.onIssue, "Sorry")
	h.Edit(h.comment, "Buy pills")
	b.stage(l, before)
	require.Equal(t, []string{id("discussion_comment", h.reply) + "|" + id("", kim)}, l.Rows("answer", "reply_id", "accepted_by_identity_id"))
	require.Contains(t, l.Rows("identity", "identity_id", "username"), id("", kim)+"|kim", "who did nothing but choose")
	require.Equal(t, []string{id("discussion_comment", h.comment) + "|spam"}, l.Rows("moderation_action", "content_id", "reason"))
	l.RequireSameWhenFull()
	require.Empty(t, l.Rejected())
}

func TestStaging_seesEveryAccountOfAGeneratedWorld(t *testing.T) {
	b, l := newBench(t, githubtest.Generate(50, githubtest.Small(), today)), stagetest.New(t, New().Spec())
	b.stage(l, map[string]map[string]string{})
	require.Len(t, l.Rows("thread", "thread_id"), len(keys(b.world, "Discussion"))+len(keys(b.world, "Issue")))
	onIssues := 0
	for _, o := range b.world.All("IssueComment") {
		if strings.Contains(o.Text("url"), "/issues/") {
			onIssues++
		}
	}
	require.Len(t, l.Rows("thread_reply", "reply_id"), len(keys(b.world, "DiscussionComment"))+onIssues)
	require.Subset(t, l.Rows("(select distinct identity_id from lake.staging.identity)", "identity_id"),
		l.Rows("(select distinct identity_id from lake.staging.community_event where identity_id is not null)", "identity_id"))
	require.Equal(t, []string{"true"}, l.Rows("(select bool_or(is_bot) as found from lake.staging.identity)", "found"))
	require.Equal(t, []string{"bug"}, l.Rows("(select max(tags) as tags from lake.staging.thread where thread_id like '%:issue:%')", "tags"))
	require.Empty(t, l.Rows("(select email from lake.staging.identity where email = '')", "email"))
	require.Empty(t, l.Rejected())
	l.RequireSameWhenFull()
}
