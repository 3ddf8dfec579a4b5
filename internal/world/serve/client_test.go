package serve_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
	"golang.org/x/sys/unix"

	"rollcall/internal/world"
	"rollcall/internal/world/serve"
)

// interpreter is Python with the clients of requirements.txt, in a virtual
// environment that is made on first use and again when they change. Where it
// cannot be had the test is skipped, or fails if ROLLCALL_REQUIRE_PYTHON is set.
func interpreter(t *testing.T) string {
	t.Helper()
	requirements, err := os.ReadFile("clients/requirements.txt")
	require.NoError(t, err)
	sum := sha256.Sum256(requirements)
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	environment := filepath.Join(cache, "rollcall", "clients-"+hex.EncodeToString(sum[:6]))
	require.NoError(t, os.MkdirAll(filepath.Dir(environment), 0o700))
	lock, err := os.OpenFile(environment+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	require.NoError(t, err)
	defer lock.Close() // which unlocks it
	require.NoError(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	python, ready := filepath.Join(environment, "bin", "python"), filepath.Join(environment, "ready")
	if _, err := os.Stat(ready); err == nil {
		return python
	}
	for _, command := range [][]string{
		{"python3", "-m", "venv", environment},
		{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "clients/requirements.txt"},
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			if os.Getenv("ROLLCALL_REQUIRE_PYTHON") != "" {
				t.Fatalf("python3 with pydiscourse and gql cannot be had: %v\n%s", err, out)
			}
			t.Skipf("python3 with pydiscourse and gql cannot be had: %v", err)
		}
	}
	require.NoError(t, os.WriteFile(ready, nil, 0o600))
	return python
}

// walked is what a client's program saw.
func walked(t *testing.T, program string, arguments ...string) gjson.Result {
	t.Helper()
	var out, said bytes.Buffer
	command := exec.CommandContext(t.Context(), interpreter(t), append([]string{"-B", "clients/" + program}, arguments...)...)
	command.Stdout, command.Stderr = &out, &said
	require.NoError(t, command.Run(), said.String())
	require.True(t, gjson.ValidBytes(out.Bytes()))
	return gjson.ParseBytes(out.Bytes())
}

// versionOf is a post's latest one.
func versionOf(w *world.World, id world.PostID) int {
	version := 1
	for i := range w.Events {
		if e := &w.Events[i]; e.Kind == world.Edited && e.Object == int32(id) {
			version = int(e.Detail)
		}
	}
	return version
}

func TestDiscourse_aClientThatOthersWroteSeesTheSame(t *testing.T) {
	w := smallWorld(t)
	server := httptest.NewServer(serve.Discourse(w, world.Forum, options(w.End)))
	defer server.Close()
	saw := walked(t, "discourse.py", server.URL, key, strconv.Itoa(serve.BookmarksQuery))

	alive := living(w, world.Forum, w.End)
	var latest []int64
	for _, id := range saw.Get("latest").Array() {
		latest = append(latest, id.Int())
	}
	require.ElementsMatch(t, alive, latest)
	posts, likes := saw.Get("posts").Map(), 0
	for _, pair := range saw.Get("likes").Array() {
		require.Contains(t, posts, pair.Get("0").Raw)
		likes++
	}
	require.Positive(t, likes)
	for i := range w.Posts {
		p := &w.Posts[i]
		if w.Communities[w.Threads[p.Thread].Community].Source == world.Forum && p.Removed == world.Never && posts[strconv.FormatInt(p.ID, 10)].Exists() && !p.System {
			require.Equal(t, "<p>"+w.Body(world.PostID(i), versionOf(w, world.PostID(i)))+"</p>", posts[strconv.FormatInt(p.ID, 10)].Str)
		}
	}
	for _, id := range alive {
		require.Contains(t, posts, strconv.FormatInt(id, 10))
	}
	users := saw.Get("users").Map()
	for i := range w.Logins {
		l := &w.Logins[i]
		if l.Source != world.Forum || l.Gone != world.Never {
			continue
		}
		var shown []string
		for _, email := range users[strconv.FormatInt(l.ID, 10)].Array() {
			if strings.Contains(email.Str, "@") {
				shown = append(shown, email.Str)
			}
		}
		require.ElementsMatch(t, w.AddressesOf(world.LoginID(i), w.End), shown)
	}
	require.Len(t, saw.Get("categories").Array(), len(w.Communities[0].Categories))
	require.NotEmpty(t, saw.Get("staff").Array())
	require.Positive(t, saw.Get("bookmarks").Int())
}

func TestGitHub_aClientThatOthersWroteSeesTheSame(t *testing.T) {
	w := smallWorld(t)
	server := httptest.NewServer(serve.GitHub(w, options(w.End)))
	defer server.Close()
	saw := walked(t, "github.py", server.URL, key, serve.Organization)

	threads, comments := saw.Get("threads").Map(), saw.Get("comments").Map()
	expected := 0
	for i := range w.Threads {
		thread := &w.Threads[i]
		opening := &w.Posts[thread.Opening]
		if w.Communities[thread.Community].Source != world.GitHub || opening.Removed != world.Never {
			continue
		}
		expected++
		seen := threads[strconv.FormatInt(thread.ID, 10)]
		require.True(t, seen.Exists(), "thread %d", thread.ID)
		require.EqualValues(t, thread.Number, seen.Get("0").Int())
		require.Equal(t, w.Title(world.ThreadID(i)), seen.Get("1").Str)
		require.Equal(t, w.Body(thread.Opening, versionOf(w, thread.Opening)), seen.Get("2").Str)
	}
	require.Len(t, threads, expected)
	replies := 0
	for i := range w.Posts {
		p := &w.Posts[i]
		thread := &w.Threads[p.Thread]
		if w.Communities[thread.Community].Source != world.GitHub || p.Removed != world.Never || w.Posts[thread.Opening].Removed != world.Never || thread.Opening == world.PostID(i) {
			continue
		}
		replies++
		require.Equal(t, w.Body(world.PostID(i), versionOf(w, world.PostID(i))), comments[strconv.FormatInt(p.ID, 10)].Str, "comment %d", p.ID)
	}
	require.Greater(t, replies, 20)
	require.NotEmpty(t, saw.Get("answers").Array())
	require.Positive(t, saw.Get("stars").Int())
	require.NotEmpty(t, strings.TrimSpace(saw.Get("members").Raw))
}
