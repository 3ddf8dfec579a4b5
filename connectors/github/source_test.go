package github

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/github/githubtest"
)

// kinds are the types of object that streams keyed by node id hold.
var kinds = map[string][]string{
	"repositories":        {"Repository"},
	"labels":              {"Label"},
	"discussions":         {"Discussion"},
	"discussion_comments": {"DiscussionComment"},
	"issues":              {"Issue", "PullRequest"},
	"issue_comments":      {"IssueComment"},
	"reactions":           {"Reaction"},
}

func TestRead_bringsEveryRecordWithOfficialQueries(t *testing.T) {
	b := newBench(t, githubtest.Generate(1, githubtest.Small(), today), officially(t)...)
	for stream, types := range kinds {
		l := newLake()
		b.census(l, stream)
		b.holdsAll(l, types...)
		require.NotEmpty(t, l.live, stream)
	}
	stars, members, traffic := newLake(), newLake(), newLake()
	b.census(stars, "stars")
	require.Len(t, stars.live, 3*25)
	b.sync(members, "members")
	require.Len(t, members.live, 3)
	b.sync(traffic, "traffic")
	require.Len(t, traffic.live, 3*2*14)
}

func TestRead_continuesNestedListsPastAPage(t *testing.T) {
	b := newBench(t, deepWorld(), officially(t)...)
	for _, stream := range []string{"discussion_comments", "labels", "reactions"} {
		l := newLake()
		b.census(l, stream)
		b.holdsAll(l, kinds[stream]...)
	}
	stars := newLake()
	b.census(stars, "stars")
	require.Len(t, stars.live, 230)
	require.Subset(t, b.server.Queries, []string{"moreComments", "moreReplies", "moreReactions"})
}

// deepWorld has more than a page of everything that nests.
func deepWorld() *githubtest.World {
	w := githubtest.NewWorld(today.AddDate(0, -1, 0))
	acme := w.Organization("acme")
	repo := w.Repository(acme, "deep")
	author := w.User("author", "author@example.com")
	discussion := w.Discussion(repo, author, "Q&A", "Long")
	var comment *githubtest.Object
	for i := range 130 {
		w.Advance(time.Second)
		comment = w.Comment(discussion, author, fmt.Sprintf("comment %d", i))
	}
	for i := range 220 {
		w.Comment(comment, author, fmt.Sprintf("reply %d", i))
	}
	issue := w.Issue(repo, author, "Popular", false)
	for i := range 230 {
		fan := w.User(fmt.Sprintf("fan%d", i), "")
		w.React(issue, fan, "HEART")
		w.React(comment, fan, "ROCKET")
		w.Star(repo, fan)
		w.Label(repo, fmt.Sprintf("label %d", i))
	}
	w.Advance(today.Sub(w.Now()))
	return w
}

func TestRead_resumesFromEveryCursorWithoutLoss(t *testing.T) {
	size := githubtest.Small()
	size.Discussions, size.Issues, size.People, size.Stars = 130, 230, 150, 140
	world := githubtest.Generate(2, size, today)
	b := newBench(t, world)
	for _, s := range streams() {
		var batches []connectors.Batch
		require.NoError(t, b.source().Read(context.Background(), s.Name, nil, func(batch connectors.Batch) error {
			batches = append(batches, batch)
			return nil
		}))
		all := newLake()
		for _, batch := range batches {
			all.store(batch)
		}
		require.NotEmpty(t, all.live, s.Name)
		upTo := newLake()
		for i, batch := range batches {
			upTo.store(batch)
			if batch.Cursor == nil || i%5 != 0 && i < len(batches)-2 {
				continue
			}
			resumed := newLake()
			for _, earlier := range batches[:i+1] {
				resumed.store(earlier)
			}
			b.sync(resumed, s.Name)
			require.ElementsMatch(t, all.keys(), resumed.keys(), "%s resumed after batch %d of %d", s.Name, i+1, len(batches))
		}
	}
}

func TestRead_sinceReadsOnlyWhatChangedThen(t *testing.T) {
	b := newBench(t, githubtest.Generate(3, githubtest.Small(), today))
	since := today.AddDate(0, -3, 0)
	for _, stream := range []string{"discussions", "issues", "issue_comments"} {
		l := newLake()
		l.cursor = connectors.SinceCursor(since)
		b.sync(l, stream)
		for _, typ := range kinds[stream] {
			for _, o := range b.world.All(typ) {
				changed, err := time.Parse(time.RFC3339, o.Text("updatedAt"))
				require.NoError(t, err)
				if !changed.Before(since) {
					require.Contains(t, l.live, o.ID)
				}
			}
		}
		require.Less(t, len(l.live), len(keys(b.world, kinds[stream]...)), stream)
	}
}

func TestRead_secondTimeAsksLittle(t *testing.T) {
	b := newBench(t, githubtest.Generate(4, githubtest.Small(), today))
	for stream := range kinds {
		l := newLake()
		b.census(l, stream)
		b.world.Advance(48 * time.Hour)
		before := b.server.Requests()
		b.sync(l, stream)
		require.LessOrEqual(t, b.server.Requests()-before, 15, stream)
	}
}

func TestRead_recordsAreTheObjectsAsSent(t *testing.T) {
	world := githubtest.NewWorld(today)
	acme := world.Organization("acme")
	repo := world.Repository(acme, "one")
	asker, helper := world.User("asker", "asker@example.com"), world.User("helper", "")
	question := world.Discussion(repo, asker, "Q&A", "How?")
	answer := world.Comment(question, helper, "So.")
	reply := world.Comment(answer, nil, "Thanks")
	world.Answer(answer, asker)
	b := newBench(t, world)

	discussions, comments := newLake(), newLake()
	b.census(discussions, "discussions")
	d := gjson.ParseBytes(discussions.live[question.ID])
	require.Equal(t, answer.ID, d.Get("answer.id").String())
	require.True(t, d.Get("category.isAnswerable").Bool())
	require.Equal(t, "asker@example.com", d.Get("author.email").String())
	require.NotEmpty(t, d.Get("answerChosenAt").String())
	require.Equal(t, repo.ID, d.Get("repository.id").String())

	b.census(comments, "discussion_comments")
	c := gjson.ParseBytes(comments.live[answer.ID])
	require.True(t, c.Get("isAnswer").Bool())
	require.Equal(t, gjson.Null, c.Get("replyTo").Type)
	require.Equal(t, question.ID, c.Get("discussion.id").String())
	r := gjson.ParseBytes(comments.live[reply.ID])
	require.Equal(t, answer.ID, r.Get("replyTo.id").String())
	require.True(t, r.Get("author").Exists())
	require.Equal(t, gjson.Null, r.Get("author").Type, "a deleted account stays null")
	require.False(t, c.Get("replies").Exists(), "replies are records of their own")
}

func TestRead_pullRequestsAndTheirCommentsAreMarked(t *testing.T) {
	world := githubtest.NewWorld(today)
	repo := world.Repository(world.Organization("acme"), "one")
	author := world.User("author", "")
	issue, pull := world.Issue(repo, author, "Broken", false), world.Issue(repo, author, "Fix", true)
	onIssue, onPull := world.Comment(issue, author, "yes"), world.Comment(pull, author, "no")
	b := newBench(t, world)
	issues, comments := newLake(), newLake()
	b.census(issues, "issues")
	b.census(comments, "issue_comments")
	require.Equal(t, "Issue", gjson.GetBytes(issues.live[issue.ID], "__typename").String())
	require.Equal(t, "PullRequest", gjson.GetBytes(issues.live[pull.ID], "__typename").String())
	require.Equal(t, issue.ID, gjson.GetBytes(comments.live[onIssue.ID], "issue.id").String())
	require.Equal(t, pull.ID, gjson.GetBytes(comments.live[onPull.ID], "pullRequest.id").String())
	require.Len(t, comments.live, 2)
}

func TestRead_claimsCoverageOfAWholeRoundOnly(t *testing.T) {
	b := newBench(t, githubtest.Generate(5, githubtest.Small(), today))
	l := newLake()
	b.census(l, "discussions")
	require.Len(t, l.covered, 1)
	first := b.world.All("Repository")[0]
	require.Equal(t, first.Text("createdAt"), l.covered[0].From.Format(time.RFC3339))
	require.WithinDuration(t, today, l.covered[0].Until, 5*time.Second)

	b.server.Deny = map[string]int{"acme/repo1": 403}
	b.world.Advance(time.Hour)
	forbidden(t, b.read(l, "discussions", false))
	require.Len(t, l.covered, 1, "nothing is claimed while a repository is left out")

	traffic := newLake()
	b.server.Deny = nil
	b.sync(traffic, "traffic")
	require.Equal(t, 14*24*time.Hour, traffic.covered[0].Until.Sub(traffic.covered[0].From))
}

func TestRead_unknownStreamIsABug(t *testing.T) {
	b := newBench(t, githubtest.NewWorld(today))
	require.ErrorContains(t, b.source().Read(context.Background(), "nope", nil, nil), `no stream "nope"`)
}

func TestRead_returnsEmitsError(t *testing.T) {
	b := newBench(t, githubtest.Generate(6, githubtest.Small(), today))
	refused := fmt.Errorf("disk full")
	for _, s := range streams() {
		err := b.source().Read(context.Background(), s.Name, nil, func(connectors.Batch) error { return refused })
		require.ErrorIs(t, err, refused, s.Name)
	}
}

func TestSpec_namesItsPathsAndFields(t *testing.T) {
	spec := New().Spec()
	b := newBench(t, githubtest.Generate(7, githubtest.Small(), today))
	for _, s := range spec.Streams {
		var fields map[string]any
		require.NoError(t, json.Unmarshal([]byte(s.Fields), &fields), s.Name)
		l := newLake()
		b.sync(l, s.Name)
		for _, path := range append(append([]string{}, s.Personal...), s.Volatile...) {
			require.True(t, somewhere(l, path), "%s: no record has %s", s.Name, path)
		}
		for name := range fields {
			require.True(t, somewhere(l, name), "%s: no record has the field %s", s.Name, name)
		}
		require.NotEmpty(t, s.Help)
	}
	for table, sql := range spec.Staging {
		require.NotContains(t, strings.ToLower(sql), "cast(", table)
	}
}

func somewhere(l *lake, path string) bool {
	for _, data := range l.live {
		if gjson.GetBytes(data, path).Exists() {
			return true
		}
	}
	return false
}
