package github

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/github/githubtest"
)

func TestRead_oneRepositorysRefusalIsSaidAndTheOthersAreRead(t *testing.T) {
	for _, status := range []int{http.StatusNotFound, http.StatusForbidden, http.StatusUnavailableForLegalReasons} {
		b := newBench(t, githubtest.Generate(21, githubtest.Small(), today))
		b.with = map[string]any{"repositories": []string{"acme/repo0", "acme/repo1", "acme/repo2"}}
		b.server.Deny = map[string]int{"acme/repo1": status}
		for _, stream := range []string{"discussions", "issues", "issue_comments", "stars", "labels", "traffic", "repositories"} {
			l := newLake()
			f := forbidden(t, b.read(l, stream, true))
			require.Equal(t, stream, f.Stream)
			require.Contains(t, f.Reason, "acme/repo1", "%s with %d", stream, status)
			require.NotEmpty(t, l.live, stream)
			asked := b.server.Requests()
			forbidden(t, b.read(l, stream, false))
			require.LessOrEqual(t, b.server.Requests()-asked, 12, "%s: a refusal is not tried again and again", stream)
		}
		l := newLake()
		forbidden(t, b.read(l, "issues", true))
		b.server.Deny = nil
		b.sync(l, "issues")
		b.holdsAll(l, "Issue", "PullRequest")
	}
}

func TestRead_disabledFeatureIsEmptyAndNoFailure(t *testing.T) {
	b := newBench(t, githubtest.Generate(22, githubtest.Small(), today))
	b.server.Deny = map[string]int{"acme/repo1": http.StatusGone}
	for _, stream := range []string{"issues", "issue_comments", "reactions"} {
		b.sync(newLake(), stream)
	}
}

func TestTraffic_withoutPushIsForbiddenButForOthers(t *testing.T) {
	world := githubtest.Generate(23, githubtest.Small(), today)
	world.Set(world.All("Repository")[0], "viewerPermission", "READ")
	b := newBench(t, world)
	l := newLake()
	f := forbidden(t, b.read(l, "traffic", false))
	require.Contains(t, f.Reason, "acme/repo0: Must have push access")
	require.Len(t, l.live, 2*2*14)
}

func TestMembers_needAnOrganizationAndItsScope(t *testing.T) {
	b := newBench(t, githubtest.Generate(24, githubtest.Small(), today))
	b.server.NoMembers = true
	require.Contains(t, forbidden(t, b.read(newLake(), "members", false)).Reason, "read:org")
	b.with = map[string]any{"repositories": []string{"acme/repo0"}}
	require.Contains(t, forbidden(t, b.read(newLake(), "members", false)).Reason, "organization")
}

func TestRead_withoutEmailScopeGoesWithoutAddresses(t *testing.T) {
	b := newBench(t, githubtest.Generate(25, githubtest.Small(), today), officially(t)...)
	b.server.NoEmails = true
	l := newLake()
	b.sync(l, "discussions")
	b.holdsAll(l, "Discussion")
	for _, data := range l.live {
		require.False(t, gjson.GetBytes(data, "author.email").Exists())
	}
}

func TestRead_heavyQueriesAreAskedForLess(t *testing.T) {
	for _, stream := range []string{"discussions", "discussion_comments", "reactions", "stars", "issues"} {
		b := newBench(t, githubtest.Generate(26, githubtest.Small(), today))
		b.server.HeavyOver = 250 // an object alone may have 100 labels
		l := newLake()
		b.sync(l, stream)
		if types := kinds[stream]; types != nil {
			b.holdsAll(l, types...)
		}
	}
}

func TestRead_nullsForLackOfResourcesLoseNoRecord(t *testing.T) {
	for i, stream := range []string{"discussions", "discussions", "discussion_comments", "discussion_comments", "stars", "labels"} {
		b := newBench(t, githubtest.Generate(27, githubtest.Small(), today))
		b.server.NullsOver, b.server.Silent = 12, i%2 == 0
		l := newLake()
		b.sync(l, stream)
		if types := kinds[stream]; types != nil {
			b.holdsAll(l, types...)
		} else {
			require.Len(t, l.live, 75)
		}
	}
}

func TestRead_giveUpOnALastingFaultIsTransient(t *testing.T) {
	for _, fault := range []githubtest.Fault{githubtest.Unavailable, githubtest.Unspecific, githubtest.Garbage} {
		b := newBench(t, githubtest.Generate(28, githubtest.Small(), today))
		b.server.Fail = func(n int, _ *http.Request) githubtest.Fault {
			if n > 3 {
				return fault
			}
			return githubtest.None
		}
		for _, stream := range []string{"discussions", "issues", "reactions", "members"} {
			var transient *connectors.Transient
			require.ErrorAs(t, b.read(newLake(), stream, false), &transient, stream)
		}
		require.Less(t, b.server.Requests(), 120)
	}
}

func TestRead_rateLimitPausesUntilTheReset(t *testing.T) {
	for _, stream := range []string{"discussions", "issues"} {
		world := many(180)
		repo, author := world.All("Repository")[0], world.All("User")[0]
		for range 180 {
			world.Advance(time.Second)
			world.Issue(repo, author, "Issue", false)
		}
		b := newBench(t, world)
		b.server.Fail = func(n int, _ *http.Request) githubtest.Fault {
			if n == 5 {
				return githubtest.RateLimited
			}
			return githubtest.None
		}
		l := newLake()
		var limited *connectors.RateLimited
		require.ErrorAs(t, b.read(l, stream, false), &limited, stream)
		require.WithinDuration(t, world.Now().Add(time.Hour), limited.Until, time.Minute)
		world.Advance(limited.Until.Sub(world.Now()))
		b.sync(l, stream)
		b.holdsAll(l, kinds[stream]...)
	}
}

func TestRead_budgetUsedUpIsPausedAndResumed(t *testing.T) {
	world := many(180)
	b := newBench(t, world)
	b.server.Limit = 12
	l := newLake()
	for pauses := 0; ; pauses++ {
		require.Less(t, pauses, 20)
		err := b.read(l, "discussion_comments", false)
		if err == nil {
			require.Positive(t, pauses)
			break
		}
		var limited *connectors.RateLimited
		require.ErrorAs(t, err, &limited)
		world.Advance(limited.Until.Sub(world.Now()))
	}
	b.holdsAll(l, "DiscussionComment")
}

func TestRead_secondaryLimitsAreWaitedOut(t *testing.T) {
	for _, fault := range []githubtest.Fault{githubtest.Secondary, githubtest.TooMany} {
		b := newBench(t, githubtest.Generate(29, githubtest.Small(), today))
		b.server.Fail = func(n int, _ *http.Request) githubtest.Fault {
			if n%4 == 2 {
				return fault
			}
			return githubtest.None
		}
		for _, stream := range []string{"discussions", "issue_comments"} {
			l := newLake()
			b.sync(l, stream)
			b.holdsAll(l, kinds[stream]...)
		}
	}
}

func TestRead_randomFaultsLeaveTheSameRecords(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	faults := []githubtest.Fault{githubtest.Secondary, githubtest.TooMany, githubtest.Unavailable, githubtest.Garbage, githubtest.Unspecific}
	b := newBench(t, githubtest.Generate(30, githubtest.Small(), today))
	b.server.Fail = func(int, *http.Request) githubtest.Fault {
		if random.IntN(12) == 0 {
			return faults[random.IntN(len(faults))]
		}
		return githubtest.None
	}
	for stream, types := range kinds {
		l := newLake()
		b.sync(l, stream)
		b.holdsAll(l, types...)
	}
}

func TestRead_badTokenIsUnauthorizedAndNeverShown(t *testing.T) {
	b := newBench(t, githubtest.Generate(31, githubtest.Small(), today))
	b.server.Token = "another"
	for _, s := range streams() {
		err := b.read(newLake(), s.Name, false)
		require.ErrorIs(t, err, connectors.ErrUnauthorized, s.Name)
		require.NotContains(t, err.Error(), token)
	}
	_, err := b.source().Check(context.Background())
	require.ErrorIs(t, err, connectors.ErrUnauthorized)
}

func TestRead_cancelEndsIt(t *testing.T) {
	b := newBench(t, githubtest.Generate(32, githubtest.Small(), today))
	ctx, cancel := context.WithCancel(context.Background())
	err := b.source().Read(ctx, "issues", nil, func(connectors.Batch) error { cancel(); return nil })
	require.True(t, errors.Is(err, context.Canceled), "%v", err)
}

func TestRead_asksForPermitsNearTheRealCost(t *testing.T) {
	b := newBench(t, githubtest.Generate(33, githubtest.Small(), today))
	for _, stream := range []string{"discussions", "discussion_comments", "stars", "reactions"} {
		b.host.spent = map[string]int{}
		before := b.server.Spent("graphql")
		b.sync(newLake(), stream)
		real := b.server.Spent("graphql") - before
		require.GreaterOrEqual(t, b.host.spent[bucketGraphQL], real*8/10, stream)
		require.LessOrEqual(t, b.host.spent[bucketGraphQL], real*2+2, stream)
	}
	require.Equal(t, 5000-b.server.Spent("graphql"), b.host.reported[bucketGraphQL])
	require.Positive(t, b.host.reported[bucketREST])
}

func TestCheck_saysWhatTheTokenMayRead(t *testing.T) {
	world := githubtest.Generate(34, githubtest.Small(), today)
	for _, repo := range world.All("Repository") {
		world.Set(repo, "viewerPermission", "READ")
	}
	world.Set(world.All("Repository")[2], "hasDiscussionsEnabled", false)
	b := newBench(t, world, officially(t)...)
	b.with = map[string]any{"repositories": []string{"acme/repo0", "acme/repo2", "acme/nowhere"}}
	access, err := b.source().Check(context.Background())
	require.NoError(t, err)
	require.Equal(t, "rollcall", access.Account)
	require.WithinDuration(t, today, access.ServerTime, time.Minute)
	require.Len(t, access.Streams, len(streams()))
	notes := strings.Join(access.Notes, "\n")
	require.Contains(t, notes, "acme/nowhere is not there")
	require.Contains(t, notes, "acme/repo2 has discussions switched off")
	for _, s := range access.Streams {
		require.Equal(t, s.Stream != "traffic" && s.Stream != "members", s.Readable, s.Stream)
	}

	b.with = map[string]any{"organization": "nobody"}
	access, err = b.source().Check(context.Background())
	require.NoError(t, err)
	require.False(t, access.Streams[0].Readable)
	require.Contains(t, access.Streams[0].Reason, "nobody")
}

func TestComments_refusedOnesAreNeverTakenForDeleted(t *testing.T) {
	world := githubtest.Generate(35, githubtest.Small(), today)
	b := newBench(t, world)
	l := newLake()
	b.census(l, "discussion_comments")
	refused := world.All("DiscussionComment")[0]
	b.server.Refuse = map[string]bool{refused.ID: true}
	for _, o := range world.All("Discussion") {
		world.Edit(o, "changed")
	}
	f := forbidden(t, b.read(l, "discussion_comments", true))
	require.Contains(t, f.Reason, "part of discussion_comments")
	require.Contains(t, l.live, refused.ID)
}
