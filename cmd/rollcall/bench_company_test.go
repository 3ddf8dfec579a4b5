package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world"
)

// benchSeed and benchMemory hold for every scale. The memory is DuckDB's own
// limit, for a build that may take 4 GB resident.
const (
	benchSeed   = 1
	benchMemory = "2800MB"
)

// A benchedCompany is a company in a process of its own.
type benchedCompany struct {
	Control string // address of what moves it on
	Places  world.Places
	Config  string // path of the configuration that reads it
	Logins  int
	Events  int // by now
	Fresh   int // that its sources show later
	Ends    time.Time

	pid int
}

// startCompany makes a company up and serves it as of now. After it was moved
// on, it shows about one event in a hundred more.
func startCompany(b *testing.B, scale float64) *benchedCompany {
	b.Helper()
	began := time.Now()
	cmd := benchCommand(b, "company", b.TempDir(), strconv.FormatFloat(scale, 'g', -1, 64))
	cmd.Stderr = os.Stderr
	hold, err := cmd.StdinPipe()
	require.NoError(b, err)
	out, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() { _ = hold.Close(); _ = cmd.Wait() })
	c := &benchedCompany{pid: cmd.Process.Pid}
	require.NoError(b, json.NewDecoder(out).Decode(c))
	say("scale %g: %d logins, %d events, %d more later; made in %.0f s (%.1f CPU seconds, %.0f MB); load %s",
		scale, c.Logins, c.Events, c.Fresh, time.Since(began).Seconds(), c.cpu(b), treeMB(c.pid), load(b))
	return c
}

// cpu are the CPU seconds that the company has used so far.
func (c *benchedCompany) cpu(b *testing.B) float64 {
	b.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.pid))
	require.NoError(b, err)
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')'):]))
	user, _ := strconv.ParseFloat(fields[12], 64)
	system, _ := strconv.ParseFloat(fields[13], 64)
	const ticks = 100 // a second, as Linux shows them
	return (user + system) / ticks
}

// note begins to write down, at a path, what is asked of the company; "" ends it.
func (c *benchedCompany) note(path string) error { return c.order("/note?to=" + path) }

// move shows what the company holds back, and makes it later.
func (c *benchedCompany) move() error { return c.order("/move") }

func (c *benchedCompany) order(path string) error {
	response, err := http.Get(c.Control + path)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, body)
	}
	return err
}

// benchCompany serves a company until its standard input ends, as it does when
// whoever started it is gone. Usage: DIR SCALE
func benchCompany(args []string) error {
	scale, err := strconv.ParseFloat(args[1], 64)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	days, err := lastPercent(scale, now)
	if err != nil {
		return err
	}
	clock, notes := &movedClock{now: now.AddDate(0, 0, days)}, &notebook{}
	a := &app{now: clock.Now}
	company, err := a.openTidewater(args[0], demoRun{seed: benchSeed, scale: scale, around: notes.around})
	if err != nil {
		return err
	}
	clock.set(now)
	shown := world.MomentOf(now)
	if err := company.export(company.world.Start, shown); err != nil {
		return err
	}
	if err := limitMemory(company.configPath()); err != nil {
		return err
	}
	c := &servedCompany{tidewater: company, clock: clock, notes: notes, shown: shown}
	return c.serveControl()
}

// lastPercent is how many days a company takes for the last hundredth of its
// events.
func lastPercent(scale float64, end time.Time) (days int, err error) {
	w, err := world.New(world.Options{Seed: benchSeed, Scale: min(scale, 1), End: end})
	if err != nil {
		return 0, err
	}
	left := len(w.Events) - len(w.Events)/100
	for _, event := range w.Shown(w.Start, w.End) {
		if left--; left == 0 {
			return int(math.Ceil(w.End.Time().Sub(event.Seen.Time()).Hours() / 24)), nil
		}
	}
	return 0, fmt.Errorf("a company of %d events shows fewer", len(w.Events))
}

func limitMemory(config string) error {
	file, err := os.OpenFile(config, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "\nmemory {\n  build = %q\n}\n", benchMemory)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

// A servedCompany is the company in its own process.
type servedCompany struct {
	*tidewater
	clock *movedClock
	notes *notebook
	shown world.Moment
}

func (c *servedCompany) serveControl() error {
	told := benchedCompany{Places: c.places, Config: c.configPath(), Logins: len(c.world.Logins), Ends: c.world.End.Time()}
	for range c.world.Shown(c.world.Start, c.shown) {
		told.Events++
	}
	for range c.world.Shown(c.shown, c.world.End) {
		told.Fresh++
	}
	if err := c.warm(); err != nil {
		return err
	}
	mux := http.NewServeMux()
	answer := func(path string, do func(r *http.Request) error) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if err := do(r); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})
	}
	answer("/move", func(*http.Request) error { return c.moveOn() })
	answer("/note", func(r *http.Request) error { return c.notes.open(r.FormValue("to")) })
	address, _, err := listen(mux)
	if err != nil {
		return err
	}
	told.Control = address
	if err := json.NewEncoder(os.Stdout).Encode(told); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func (c *servedCompany) moveOn() error {
	c.clock.set(c.world.End.Time())
	if err := c.export(c.shown, c.world.End); err != nil {
		return err
	}
	c.shown = c.world.End
	return c.warm()
}

// warm lets the APIs catch up with the moment, which is none of a reader's
// cost.
func (c *servedCompany) warm() error {
	for _, address := range []string{c.places.Forum + "/site/basic-info.json", c.places.Lab + "/site/basic-info.json", c.places.GitHub + "/"} {
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		authorize(request)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		response.Body.Close()
	}
	return nil
}

// authorize lets a request in, whichever API it is for.
func authorize(r *http.Request) {
	r.Header.Set("Api-Key", demoKey)
	r.Header.Set("Api-Username", "system")
	r.Header.Set("Authorization", "Bearer "+demoKey)
}

// A request is one that was made of an API.
type request struct {
	Method, URL, Body string
}

// host is the API's.
func (r request) host() string { return strings.SplitN(r.URL, "/", 4)[2] }

// A notebook writes down what is asked of the APIs while it is open.
type notebook struct {
	mu   gosync.Mutex
	file *os.File
	out  *bufio.Writer
}

// open begins a list at a path, after closing the one before; "" begins none.
func (n *notebook) open(path string) (err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.file != nil {
		if err := n.out.Flush(); err != nil {
			return err
		}
		if err := n.file.Close(); err != nil {
			return err
		}
		n.file = nil
	}
	if path == "" {
		return nil
	}
	n.file, err = os.Create(path)
	n.out = bufio.NewWriter(n.file)
	return err
}

func (n *notebook) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		n.write(request{Method: r.Method, URL: "http://" + r.Host + r.URL.RequestURI(), Body: string(body)})
		next.ServeHTTP(w, r)
	})
}

func (n *notebook) write(asked request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.file != nil {
		_ = json.NewEncoder(n.out).Encode(asked) // a full disk shows when it is closed
	}
}

// readNotes returns what was asked of each API, in order.
func readNotes(path string) (map[string][]request, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	asked := map[string][]request{}
	for decoder := json.NewDecoder(bufio.NewReader(file)); decoder.More(); {
		var r request
		if err := decoder.Decode(&r); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
		asked[r.host()] = append(asked[r.host()], r)
	}
	return asked, nil
}
