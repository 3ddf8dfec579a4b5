package sync

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	gosync "sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/connectortest"
	"rollcall/internal/config"
	"rollcall/internal/warehouse"
)

// A world is a source that changes: a log of posts with edits and deletions
// (incremental), users that come and go (snapshot; topics are the same users by
// a census), and threads whose replies are listed whole (scopes).
type world struct {
	mu      gosync.Mutex
	random  *rand.Rand
	log     []item
	users   map[int]int         // id -> revision
	threads []int               // log of threads touched
	replies map[int]map[int]int // thread -> reply -> revision
	nextID  int
}

func newWorld(seed uint64) *world {
	w := &world{random: rand.New(rand.NewPCG(seed, 1)), users: map[int]int{}, replies: map[int]map[int]int{}}
	w.turn(2000)
	return w
}

// turn makes n changes of each kind.
func (w *world) turn(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range n {
		w.nextID++
		switch id := w.random.IntN(w.nextID) + 1; w.random.IntN(10) {
		case 0:
			w.log = append(w.log, item{Key: fmt.Sprint(id), Deleted: true})
			delete(w.users, id)
		case 1, 2:
			w.log = append(w.log, obj(fmt.Sprint(id), fmt.Sprintf(`{"id":%d,"edit":%d}`, id, w.nextID)))
			if _, found := w.users[id]; found {
				w.users[id]++
			}
		default:
			w.log = append(w.log, obj(fmt.Sprint(w.nextID), fmt.Sprintf(`{"id":%d,"edit":0}`, w.nextID)))
			w.users[w.nextID] = 0
		}
		thread := w.random.IntN(w.nextID/10+1) + 1
		if w.replies[thread] == nil {
			w.replies[thread] = map[int]int{}
		}
		w.replies[thread][w.nextID] = w.nextID
		for reply := range w.replies[thread] {
			if w.random.IntN(8) == 0 {
				delete(w.replies[thread], reply)
			}
		}
		w.threads = append(w.threads, thread)
	}
}

func (w *world) ServeHTTP(response http.ResponseWriter, q *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, _ := strconv.Atoi(q.URL.Query().Get("cursor"))
	var p page
	switch q.URL.Path {
	case "/posts":
		until := min(at+60, len(w.log))
		p = page{Records: w.log[at:until], Cursor: strconv.Itoa(until), End: until == len(w.log)}
	case "/users", "/topics":
		p = page{End: true}
		for id := at + 1; id <= w.nextID; id++ {
			if revision, found := w.users[id]; found {
				p.Records = append(p.Records, obj(fmt.Sprint(id), fmt.Sprintf(`{"id":%d,"revision":%d}`, id, revision)))
			}
			if p.Cursor = strconv.Itoa(id); len(p.Records) == 60 {
				p.End = false
				break
			}
		}
	case "/views":
		p = page{End: at == len(w.threads), Cursor: strconv.Itoa(at)}
		for ; at < len(w.threads) && len(p.Records) < 200; at++ {
			thread := w.threads[at]
			for id, revision := range w.replies[thread] {
				p.Records = append(p.Records, obj(fmt.Sprint("r", id), fmt.Sprintf(`{"thread":%d,"revision":%d}`, thread, revision)))
			}
			p.Scopes, p.Cursor = append(p.Scopes, fmt.Sprintf("thread=%d", thread)), strconv.Itoa(at+1)
		}
	}
	// A source pauses between pages; without it there is nothing to interrupt.
	p.Bucket = "none"
	_ = json.NewEncoder(response).Encode(p)
}

var killStreams = []string{"posts", "users", "topics", "views"}

// daemon is a process that syncs once and may be killed while it does.
func daemon(dir, address string) int {
	ctx := context.Background()
	db, err := warehouse.Open(ctx, warehouse.Options{Dir: dir, MemoryLimit: "192MB"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if _, err := db.Migrate(ctx, filepath.Join(dir, "backups"), time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	// Checkpoints come as often as commits do, so that they are hit as often.
	events := func(Event) { _ = db.Lake.Checkpoint(ctx) }
	engine, err := New(ctx, Options{DB: db, Config: killConfig(dir, address), Clock: wallClock{}, Log: slog.New(slog.DiscardHandler), Events: events, Bundled: bundled})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if _, err := engine.Sync(ctx, killRequest()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_, _ = engine.Close(), db.Close()
	return 0
}

// killConfig has a census in every run.
func killConfig(dir, address string) *config.Config {
	c := testConfig(dir, address)
	c.Connectors[0].CensusEvery = 0
	return c
}

func killRequest() Request {
	return Request{Selections: []Selection{{Instance: "one", Streams: killStreams}}, AcceptDeletes: true}
}

// kills is how many deaths a test deals: 20, in the nightly run 100.
func kills() int {
	if n, err := strconv.Atoi(os.Getenv("ROLLCALL_KILLS")); err == nil {
		return n
	}
	return 20
}

// disturbed makes a world behind faults and a rig that reads it.
func disturbed(t *testing.T, seed uint64) (*world, *rig, *connectortest.FaultyHandler) {
	w := newWorld(seed)
	faulty := connectortest.Faults{Kinds: append(connectortest.Passing(), connectortest.TimeOut), Rate: 0.05, Seed: seed}.Wrap(w)
	server := httptest.NewServer(faulty)
	t.Cleanup(server.Close)
	r := newRig(t)
	r.config = killConfig(r.dir, server.URL)
	r.reopen()
	return w, r, faulty
}

// state is every key's latest live version, and every cursor.
func (r *rig) state() (all []string) {
	r.t.Helper()
	for _, stream := range killStreams {
		all = append(all, r.column(`select ? || ' ' || key || ' ' || data from (
				select key, data, is_deleted, count(*) over (partition by key, version) as twice
				from lake.raw."feed__`+stream+`" qualify version = max(version) over (partition by key))
			where not is_deleted order by key`, stream)...)
		require.Empty(r.t, r.column(`select key from lake.raw."feed__`+stream+`" group by key, version having count(*) > 1`), "a version stored twice")
		require.Empty(r.t, r.column(`select key from lake.raw."feed__`+stream+`" group by key having count(*) <> max(version)`), "a version missing")
	}
	return append(all, r.column("select stream || ' ' || coalesce(cursor::varchar, 'none') from lake.ops.cursor order by stream")...)
}

// requireUndisturbed compares the rig's lake with one that read the same
// world in peace.
func requireUndisturbed(t *testing.T, w *world, r *rig) {
	t.Helper()
	for range 2 { // an interrupted listing is ended by the first
		outcomes, err := r.engine.Sync(context.Background(), killRequest())
		require.NoError(t, err)
		for _, o := range outcomes {
			require.Equal(t, StatusOK, o.Status, o.Reason)
		}
	}
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	peace := newRig(t)
	peace.config = killConfig(peace.dir, server.URL)
	peace.reopen()
	outcomes, err := peace.engine.Sync(context.Background(), killRequest())
	require.NoError(t, err)
	require.NotZero(t, outcomes[0].Appended)
	require.Equal(t, peace.state(), r.state())
	require.Greater(t, len(r.state()), 1000)
}

func TestKill_ofTheDaemonLosesAndDoublesNothing(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	w, r, faulty := disturbed(t, seed)
	address := feedURL(t, r)
	r.close()
	killed := 0
	for tries := 0; killed < kills(); tries++ {
		require.Less(t, tries, 20*kills(), "it hardly lives long enough to be killed")
		cmd := exec.Command("/proc/self/exe", "daemon", r.dir, address)
		cmd.Stderr = os.Stderr
		require.NoError(t, cmd.Start())
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-time.After(time.Duration(100+random.IntN(900)) * time.Millisecond):
			require.NoError(t, cmd.Process.Kill())
			<-ended
			killed++
		case err := <-ended:
			require.NoError(t, err)
		}
		w.turn(300)
	}
	r.open()
	requireUndisturbed(t, w, r)
	t.Logf("%d kills, %d faults", killed, total(faulty))
	require.NotZero(t, total(faulty))
	require.NotEqual(t, []string{"0"}, r.column("select count(*) from lake.ops.run where status = 'interrupted'"))
}

func TestKill_ofTheChildLosesAndDoublesNothing(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	w, r, faulty := disturbed(t, seed)
	killed := 0
	for tries := 0; killed < kills(); tries++ {
		require.Less(t, tries, 20*kills(), "it hardly lives long enough to be killed")
		ended := make(chan error, 1)
		go func() {
			_, err := r.engine.Sync(context.Background(), killRequest())
			ended <- err
		}()
		wait := time.After(time.Duration(20+random.IntN(400)) * time.Millisecond)
		for running := true; running; {
			select {
			case <-wait:
				if pid, _ := strconv.Atoi(childPID()); pid > 0 && syscall.Kill(pid, syscall.SIGKILL) == nil {
					killed++
				}
				wait = nil
			case err := <-ended:
				require.NoError(t, err)
				running = false
			}
		}
		w.turn(300)
	}
	requireUndisturbed(t, w, r)
	t.Logf("%d kills, %d faults", killed, total(faulty))
	require.NotZero(t, total(faulty))
}

func feedURL(t *testing.T, r *rig) string {
	var settings feedSettings
	require.NoError(t, r.config.Connectors[0].Settings.Decode(&settings))
	return settings.URL
}

func total(f *connectortest.FaultyHandler) (n int) {
	for _, count := range f.Injected() {
		n += count
	}
	return n
}
