package sync

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/config"
)

func TestMovedFrom_takesOverDataCursorsAndToken(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	r.read("posts", numbered(0, 5)...)
	require.NoError(t, tokens{r.config.KeysDir()}.save("feed", "one", []byte(`{"a":1}`)))
	moved := instance("feed", "two", r.server.URL)
	moved.MovedFrom = "one"
	next := *r.config
	next.Connectors = []config.Connector{r.config.Connectors[0], moved}
	require.ErrorContains(t, r.engine.Reload(ctx, &next), "still configured")
	next.Connectors = next.Connectors[1:]
	require.NoError(t, r.engine.Reload(ctx, &next))
	r.serve(always(page{Records: numbered(0, 6), End: true}))
	outcomes, err := r.engine.Sync(ctx, Request{Selections: []Selection{{Instance: "two", Streams: []string{"posts"}}}})
	require.NoError(t, err)
	require.EqualValues(t, 1, outcomes[0].Appended)
	require.Equal(t, []string{"posts?end"}, r.requests())
	require.Equal(t, []string{"two"}, r.column("select distinct instance from lake.raw.feed__posts"))
	require.FileExists(t, filepath.Join(r.config.KeysDir(), "token-feed-two.json"))
	require.Equal(t, []string{"feed one two"}, r.column("select source || ' ' || former_instance || ' ' || source_instance from lake.identity.renamed"), "for what was erased under the old name")
}

func TestPurge_removesAnInstanceTakenOutOfTheConfig(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	r.read("posts", numbered(0, 5)...)
	_, err := r.engine.Purge(ctx, "one")
	require.ErrorContains(t, err, "still configured")
	other := instance("pages", "one", r.server.URL)
	next := *r.config
	next.Connectors = []config.Connector{other}
	require.ErrorContains(t, r.engine.Reload(ctx, &next), "rollcall purge one")
	next.Connectors = nil
	require.NoError(t, r.engine.Reload(ctx, &next))
	status, err := r.engine.Status(ctx)
	require.NoError(t, err)
	require.Len(t, status, 1)
	require.False(t, status[0].Configured)
	require.EqualValues(t, 5, status[0].Rows)
	report, err := r.engine.Purge(ctx, "one")
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"posts": 5}, report.Rows)
	require.Empty(t, r.versions("posts"))
	status, err = r.engine.Status(ctx)
	require.NoError(t, err)
	require.Empty(t, status)
	_, err = r.engine.Purge(ctx, "one")
	require.Error(t, err)
	next.Connectors = []config.Connector{other}
	require.NoError(t, r.engine.Reload(ctx, &next), "the name is free again")
}

func TestCheck_givesASavedTokenBack(t *testing.T) {
	r, ctx := newRig(t), context.Background()
	first, err := r.engine.Check(ctx, "one")
	require.NoError(t, err)
	require.Equal(t, "token ", first.Account)
	second, err := r.engine.Check(ctx, "one")
	require.NoError(t, err)
	require.Equal(t, `token {"access":"fresh"}`, second.Account)
	info, err := os.Stat(filepath.Join(r.config.KeysDir(), "token-feed-one.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = r.engine.Check(ctx, "nobody")
	require.Error(t, err)
}

func TestBadSettings_stopTheInstanceWithTheSetting(t *testing.T) {
	r := newRig(t)
	r.config.Connectors[0].Settings, _ = json.Marshal(map[string]string{"url": "bad"})
	out := r.sync("posts")
	require.Equal(t, StatusFailed, out.Status)
	require.Contains(t, out.Reason, `setting "url"`)
}

func TestPermits_areSharedByCredentialAndGrantedInOrder(t *testing.T) {
	clock, ctx := newClock(), context.Background()
	p := newPermits(clock)
	one, two, other := instance("feed", "one", "http://a"), instance("feed", "two", "http://a"), instance("feed", "three", "http://b")
	start := clock.Now()
	require.NoError(t, p.bucket(one, "slow").wait(ctx, 1))
	require.Equal(t, start, clock.Now(), "the first at once")
	require.NoError(t, p.bucket(other, "slow").wait(ctx, 1))
	require.Equal(t, start, clock.Now(), "another server has its own budget")
	require.NoError(t, p.bucket(two, "slow").wait(ctx, 1))
	require.Equal(t, start.Add(time.Minute), clock.Now(), "the same credential does not")
	require.NoError(t, p.bucket(one, "undeclared").wait(ctx, 1000))
	require.Equal(t, start.Add(time.Minute), clock.Now())

	one.Rates = map[string]config.Rate{"slow": {Limit: 2, Per: time.Minute}}
	require.NoError(t, p.bucket(one, "slow").wait(ctx, 4))
	require.Equal(t, start.Add(3*time.Minute), clock.Now(), "the operator's rate, and a cost above the burst")

	api := p.bucket(one, "api")
	api.report(2, clock.Now().Add(time.Hour))
	api.report(5, clock.Now().Add(time.Hour)) // an answer overtaken by a later one
	now := clock.Now()
	require.NoError(t, api.wait(ctx, 2))
	require.Equal(t, now, clock.Now())
	require.NoError(t, api.wait(ctx, 1))
	require.Equal(t, now.Add(time.Hour), clock.Now(), "spent until the reset")
	require.NoError(t, api.wait(ctx, 100))
	require.Equal(t, now.Add(time.Hour), clock.Now(), "unlimited after it")
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	api.report(0, clock.Now().Add(time.Hour))
	require.ErrorIs(t, api.wait(cancelled, 1), context.Canceled)
}
