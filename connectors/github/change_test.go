package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	"rollcall/connectors/github/githubtest"
)

var errCut = errors.New("cut off")

// firstRecords reads until the stream has emitted some batches with records.
func (b *bench) firstRecords(l *lake, stream string, batches int) {
	b.t.Helper()
	err := b.source().Read(context.Background(), stream, l.cursor, func(batch connectors.Batch) error {
		if len(batch.Records) > 0 {
			batches--
		}
		if batches < 0 {
			return errCut
		}
		l.store(batch)
		return nil
	})
	require.ErrorIs(b.t, err, errCut)
}

// many is one repository with more discussions than a page holds.
func many(n int) *githubtest.World {
	w := githubtest.NewWorld(today.AddDate(-1, 0, 0))
	repo := w.Repository(w.Organization("acme"), "one")
	author := w.User("author", "")
	for i := range n {
		w.Advance(time.Hour)
		discussion := w.Discussion(repo, author, "General", fmt.Sprintf("Discussion %d", i))
		w.Comment(discussion, author, "first")
	}
	w.Advance(today.Sub(w.Now()))
	return w
}

func TestNewestFirst_listsWhatMovesToTheTopDuringTheWalk(t *testing.T) {
	world := many(180)
	b := newBench(t, world)
	l := newLake()
	b.census(l, "discussions")
	b.server.Before = func(n int, _ *http.Request) {
		world.Advance(2 * time.Minute) // older than what a catch-up overlaps
		if all := world.All("Discussion"); n%2 == 0 && n < 40 {
			world.Edit(all[n], fmt.Sprintf("edited at request %d", n))
		}
	}
	b.census(l, "discussions")
	require.ElementsMatch(t, keys(world, "Discussion"), l.keys(), "a census makes what it does not list a deletion")
	b.server.Before = nil
	b.sync(l, "discussions")
	b.holdsAll(l, "Discussion")
}

func TestNewestFirst_interruptedWalkLosesNothing(t *testing.T) {
	for stream, batches := range map[string]int{"discussions": 2, "discussion_comments": 70} {
		world := many(180)
		b := newBench(t, world)
		l := newLake()
		b.firstRecords(l, stream, batches)
		require.NotNil(t, l.cursor)
		author := world.All("User")[0]
		for _, o := range world.All("Discussion")[:30] { // old ones jump above where the walk is
			world.Advance(time.Minute)
			world.Edit(o, "changed between")
			world.Comment(o, author, "late")
		}
		world.Advance(72 * time.Hour)
		b.sync(l, stream)
		b.holdsAll(l, kinds[stream]...)
		require.Len(t, l.covered, 2, "the round that was cut off, and the one that followed")
	}
}

func TestNewestFirst_watermarkWaitsForTheWholeWalk(t *testing.T) {
	b := newBench(t, many(180))
	l := newLake()
	b.firstRecords(l, "discussions", 1)
	p, err := parseCursor(l.cursor)
	require.NoError(t, err)
	require.Empty(t, p.Done)
	require.NotZero(t, p.Target)
	require.NotEmpty(t, p.Place.After)
}

func TestNewestFirst_startsOverWhenItsPageCursorExpired(t *testing.T) {
	for _, stream := range []string{"discussions", "discussion_comments", "reactions"} {
		world := many(180)
		for _, o := range world.All("Discussion") {
			world.React(o, world.All("User")[0], "HEART")
		}
		b := newBench(t, world)
		l := newLake()
		b.firstRecords(l, stream, 1)
		world.ExpireCursors()
		b.sync(l, stream)
		b.holdsAll(l, kinds[stream]...)
	}
}

func TestRead_followsEditsDeletionsAndNewItems(t *testing.T) {
	size := githubtest.Small()
	world := githubtest.Generate(11, size, today)
	b := newBench(t, world)
	lakes := map[string]*lake{}
	for stream := range kinds {
		lakes[stream] = newLake()
		b.census(lakes[stream], stream)
	}
	random := rand.New(rand.NewPCG(5, 5))
	for range 4 {
		for range 25 {
			change(world, random)
		}
		world.Advance(6 * time.Hour)
		for _, stream := range []string{"discussion_comments", "discussions", "issues", "issue_comments"} {
			b.sync(lakes[stream], stream)
			require.Subset(t, lakes[stream].keys(), keys(world, kinds[stream]...), stream)
		}
	}
	require.ElementsMatch(t, keys(world, "DiscussionComment"), lakes["discussion_comments"].keys(), "a deleted comment shows in its discussion")
	for stream, types := range kinds {
		b.census(lakes[stream], stream)
		b.holdsAll(lakes[stream], types...)
	}
}

// change does one thing that people do.
func change(w *githubtest.World, random *rand.Rand) {
	w.Advance(time.Duration(random.IntN(300)) * time.Second)
	pick := func(typ string) *githubtest.Object {
		all := w.All(typ)
		return all[random.IntN(len(all))]
	}
	user := pick("User")
	switch random.IntN(9) {
	case 0:
		w.Discussion(pick("Repository"), user, "Q&A", "New question")
	case 1:
		w.Comment(pick("Discussion"), user, "New comment")
	case 2:
		w.Comment(pick("Issue"), user, "New comment")
	case 3:
		w.Edit(pick("Discussion"), "Edited")
	case 4:
		w.Edit(pick("IssueComment"), "Edited")
	case 5:
		w.Delete(pick("DiscussionComment"))
	case 6:
		w.Delete(pick("IssueComment"))
	case 7:
		w.Issue(pick("Repository"), user, "New issue", random.IntN(2) == 0)
	case 8:
		w.Answer(pick("DiscussionComment"), user)
	}
}

func TestReactions_takenBackInARecentThreadAreGone(t *testing.T) {
	world := githubtest.Generate(12, githubtest.Small(), today)
	repo, user := world.All("Repository")[0], world.All("User")[0]
	discussion, issue := world.Discussion(repo, user, "Ideas", "Fresh"), world.Issue(repo, user, "Fresh", false)
	comment := world.Comment(issue, user, "Fresh")
	var recent []*githubtest.Object
	for _, o := range []*githubtest.Object{discussion, issue, comment} {
		recent = append(recent, world.React(o, user, "HEART"))
	}
	b := newBench(t, world)
	l := newLake()
	b.census(l, "reactions")
	b.holdsAll(l, "Reaction")
	world.Advance(24 * time.Hour)
	for _, reaction := range recent {
		world.Unreact(reaction)
	}
	world.React(comment, world.All("User")[1], "ROCKET")
	b.sync(l, "reactions")
	b.holdsAll(l, "Reaction")
}

func TestStars_takenBackShowInAFullListing(t *testing.T) {
	world := githubtest.Generate(13, githubtest.Small(), today)
	b := newBench(t, world)
	l := newLake()
	b.census(l, "stars")
	require.Len(t, l.live, 75)
	repo := world.All("Repository")[1]
	var starred []*githubtest.Object
	for _, user := range world.All("User") {
		if _, ok := l.live[starKey(repo, user)]; ok {
			starred = append(starred, user)
		}
	}
	world.Unstar(repo, starred[3])
	world.Advance(72 * time.Hour)
	fresh := world.User("fresh", "")
	world.Star(repo, fresh)
	b.sync(l, "stars")
	require.Contains(t, l.live, starKey(repo, fresh))
	require.Contains(t, l.live, starKey(repo, starred[3]), "nothing tells of a star taken back")
	b.census(l, "stars")
	require.NotContains(t, l.live, starKey(repo, starred[3]))
	require.Len(t, l.live, 75)
}

func starKey(repo, user *githubtest.Object) string {
	return fmt.Sprintf("%d:%s", repo.Number(), user.ID)
}

func TestIssues_thatShareOneSecondAreAllRead(t *testing.T) {
	world := githubtest.NewWorld(today)
	repo := world.Repository(world.Organization("acme"), "import")
	author := world.User("author", "")
	for i := range 350 { // an import gives all the same second
		world.Issue(repo, author, fmt.Sprintf("Imported %d", i), false)
	}
	world.Advance(time.Hour)
	world.Issue(repo, author, "Later", false)
	b := newBench(t, world)
	edited := 0
	b.server.Before = func(n int, r *http.Request) {
		if r.URL.Query().Get("page") == "2" && edited < 5 {
			world.Edit(world.All("Issue")[edited], "edited") // it leaves page one, and the others move up
			edited++
		}
	}
	l := newLake()
	b.sync(l, "issues")
	require.Positive(t, edited)
	require.ElementsMatch(t, keys(world, "Issue"), l.keys())
}

func TestRead_renamedRepositoryKeepsItsPlace(t *testing.T) {
	world := githubtest.Generate(14, githubtest.Small(), today)
	b := newBench(t, world)
	b.with = map[string]any{"repositories": []string{"acme/repo0", "acme/repo1"}}
	l := newLake()
	b.sync(l, "issues")
	before := len(l.live)
	require.Equal(t, 80, before)
	world.Rename(world.All("Repository")[0], "renamed")
	world.Advance(48 * time.Hour)
	asked := b.server.Spent("core")
	b.sync(l, "issues")
	require.Len(t, l.live, before)
	require.LessOrEqual(t, b.server.Spent("core")-asked, 2, "both repositories go on from where they were")
}

func TestRead_newRepositoryIsReadFromItsBeginning(t *testing.T) {
	world := githubtest.Generate(15, githubtest.Small(), today)
	b := newBench(t, world)
	b.with = map[string]any{"repositories": []string{"acme/repo0"}}
	l := newLake()
	b.sync(l, "discussions")
	require.Len(t, l.live, 30)
	b.with = map[string]any{"repositories": []string{"acme/repo0", "acme/repo2"}}
	world.Advance(time.Hour)
	b.sync(l, "discussions")
	require.Len(t, l.live, 60)
}

func TestRead_ghostsStayNull(t *testing.T) {
	world := githubtest.Generate(16, githubtest.Small(), today)
	b := newBench(t, world)
	for _, user := range world.All("User")[:10] {
		world.Ghost(user)
	}
	for stream, types := range kinds {
		l := newLake()
		b.census(l, stream)
		b.holdsAll(l, types...)
		for _, data := range l.live {
			require.True(t, json.Valid(data))
		}
	}
}
