package sync

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/internal/warehouse"
)

// split takes a page of objects apart without copying them.
func split(body []byte) (records []connectors.Record, err error) {
	list := gjson.Parse(text(body))
	if !list.IsArray() {
		return nil, fmt.Errorf("the page is a %s", list.Type)
	}
	records = make([]connectors.Record, 0, perPage)
	list.ForEach(func(_, object gjson.Result) bool {
		at := object.Index
		records = append(records, connectors.Record{Key: object.Get("id").Raw, Data: body[at : at+len(object.Raw)]})
		return true
	})
	return records, nil
}

const perPage = 1000

// pageServer serves /page?n= of so many records of about 680 bytes, and pages
// that take a while.
func pageServer(records int, latency time.Duration) http.Handler {
	words := strings.Fields("community member asks why the import of contacts stops after some rows and whether a later version will say which")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		time.Sleep(latency)
		first, last := n*perPage, min((n+1)*perPage, records)
		body := make([]byte, 0, 700*perPage)
		body = append(body, '[')
		for i := first; i < last; i++ {
			if i > first {
				body = append(body, ',')
			}
			body = appendRecord(body, i, words)
		}
		_, _ = w.Write(append(body, ']'))
	})
}

func appendRecord(body []byte, i int, words []string) []byte {
	body = append(body, `{"id":`...)
	body = strconv.AppendInt(body, int64(i), 10)
	body = append(body, `,"topic_id":`...)
	body = strconv.AppendInt(body, int64(i/12), 10)
	body = append(body, `,"username":"member`...)
	body = strconv.AppendInt(body, int64(i*7919%50021), 10)
	body = append(body, `","created_at":"2026-03-04T05:06:07.890Z","updated_at":"2026-03-05T05:06:07.890Z","reads":`...)
	body = strconv.AppendInt(body, int64(i%977), 10)
	body = append(body, `,"score":12.5,"hidden":false,"trust_level":2,"reply_to":null,"tags":["import","crm"],"raw":"`...)
	for end, j := len(body)+420, uint64(i); len(body) < end; {
		j = j*6364136223846793005 + 1442695040888963407
		body = append(body, words[j>>40%uint64(len(words))]...)
		body = append(body, ' ')
	}
	return append(body, `"}`...)
}

// A measure is what one contestant's process says of its run.
type measure struct {
	Records            int64
	Seconds, CPU       float64 // CPU of host and child
	HostRSS, ChildRSS  int64   // peaks, MB
	HalfRSS, EndRSS    int64   // both processes, MB, at half and at the end
	Load               float64 // seconds to load the stored hashes
	Second, SecondCold float64 // seconds of a sync that finds an empty page
	Sync               float64 // of Seconds, those after the lake was open
	Onward             float64 // records a second once the first batch was stored, and with it the hashes loaded
}

func (m measure) rate() float64 { return float64(m.Records) / m.Seconds }

func (m measure) cpu() float64 { return m.CPU * 1e6 / float64(m.Records) }

// spent notes what the process and its ended children used so far.
func (m *measure) spent() {
	m.CPU = cpuTime(syscall.RUSAGE_SELF) + cpuTime(syscall.RUSAGE_CHILDREN)
	m.HostRSS = memory("self", "VmHWM")
}

// benchRole is the main function of a contestant.
func benchRole(args []string) int {
	role, dir, address := args[0], args[1], args[2]
	var m measure
	var err error
	switch role {
	case "server":
		return serveBench(dir, address)
	case "engine":
		m, err = benchEngine(dir, address)
	case "bare":
		m, err = benchBare(dir, address)
	case "read_json":
		m, err = benchReadJSON(dir, address)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_ = json.NewEncoder(os.Stdout).Encode(m)
	return 0
}

// serveBench prints its address and serves until it is killed.
func serveBench(records, latency string) int {
	n, _ := strconv.Atoi(records)
	wait, _ := time.ParseDuration(latency)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 1
	}
	fmt.Println("http://" + listener.Addr().String())
	_ = http.Serve(listener, pageServer(n, wait))
	return 0
}

func cpuTime(who int) float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(who, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// memory reads a line of a process's status in MB.
func memory(pid, line string) int64 {
	status, _ := os.ReadFile("/proc/" + pid + "/status")
	for _, l := range strings.Split(string(status), "\n") {
		if fields := strings.Fields(l); len(fields) > 1 && fields[0] == line+":" {
			kb, _ := strconv.ParseInt(fields[1], 10, 64)
			return kb >> 10
		}
	}
	return 0
}

func childPID() string {
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, task := range tasks {
		if list, _ := os.ReadFile(task); len(bytes.Fields(list)) > 0 {
			return string(bytes.Fields(list)[0])
		}
	}
	return "0"
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func benchEngine(dir, address string) (m measure, err error) {
	ctx := context.Background()
	start := time.Now()
	total, _ := strconv.ParseInt(os.Getenv("BENCH_TOTAL"), 10, 64)
	var first, firstRecords = start, int64(0)
	var events func(e Event)
	events = func(e Event) {
		if firstRecords == 0 && e.Records > 0 {
			first, firstRecords = time.Now(), e.Records
		}
		pid := childPID()
		m.ChildRSS = max(m.ChildRSS, memory(pid, "VmHWM"))
		m.EndRSS = memory("self", "VmRSS") + memory(pid, "VmRSS")
		if e.Records <= total/2 {
			m.HalfRSS = m.EndRSS
		}
	}
	db, err := warehouse.Open(ctx, warehouse.Options{Dir: dir, MemoryLimit: "192MB"})
	if err != nil {
		return m, err
	}
	if _, err := db.Migrate(ctx, filepath.Join(dir, "backups"), start); err != nil {
		return m, err
	}
	cfg := testConfig(dir, address)
	cfg.Connectors[0] = instance("pages", "one", address)
	engine, err := New(ctx, Options{DB: db, Config: cfg, Clock: wallClock{}, Log: slog.New(slog.DiscardHandler),
		Events: func(e Event) {
			if events != nil {
				events(e)
			}
		}, Bundled: bundled})
	if err != nil {
		return m, err
	}
	opened := time.Now()
	outcomes, err := engine.Sync(ctx, Request{})
	if err != nil {
		return m, err
	}
	m.Sync = time.Since(opened).Seconds()
	m.Records, m.Seconds = outcomes[0].Records, time.Since(start).Seconds()
	m.Onward = float64(m.Records-firstRecords) / time.Since(first).Seconds()
	m.spent()
	events = nil
	if outcomes[0].Status != StatusOK {
		return m, fmt.Errorf("%s: %s", outcomes[0].Status, outcomes[0].Reason)
	}
	if outcomes[0].Records == 0 {
		m.SecondCold = m.Seconds
	}
	start = time.Now()
	known, err := loadContents(ctx, db, streamID{"pages", "one", "posts"}, false)
	if err != nil {
		return m, err
	}
	m.Load = time.Since(start).Seconds()
	known.close()
	start = time.Now()
	if _, err := engine.Sync(ctx, Request{}); err != nil {
		return m, err
	}
	m.Second = time.Since(start).Seconds()
	if err := engine.Close(); err != nil {
		return m, err
	}
	return m, db.Close()
}

// benchBare fetches, splits and appends the same columns in one process and
// one transaction.
func benchBare(dir, address string) (m measure, err error) {
	ctx := context.Background()
	start := time.Now()
	db, err := warehouse.Open(ctx, warehouse.Options{Dir: dir, MemoryLimit: "192MB"})
	if err != nil {
		return m, err
	}
	if _, err := db.Migrate(ctx, filepath.Join(dir, "backups"), start); err != nil {
		return m, err
	}
	id := streamID{"pages", "one", "posts"}
	if err := ensureTable(ctx, db, id); err != nil {
		return m, err
	}
	err = db.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		return tx.Append(ctx, "raw", id.table(), func(row func(...driver.Value) error) error {
			var one, no, number, at driver.Value = []byte("one"), false, int64(1), time.Now().UTC()
			for n := 0; ; n++ {
				body, err := get(ctx, address+"/page?n="+strconv.Itoa(n))
				if err != nil || bytes.HasPrefix(body, []byte("[]")) {
					return err
				}
				records, err := split(body)
				if err != nil {
					return err
				}
				for i := range records {
					r := &records[i]
					if err := row(one, []byte(r.Key), []byte(r.Data), no, number, nil, at, number,
						xxhash.Sum64String(r.Key), xxhash.Sum64(r.Data), uint64(0)); err != nil {
						return err
					}
				}
				m.Records += int64(len(records))
			}
		})
	})
	if err != nil {
		return m, err
	}
	if err := db.Lake.Checkpoint(ctx); err != nil {
		return m, err
	}
	m.Seconds = time.Since(start).Seconds()
	m.spent()
	return m, db.Close()
}

// benchReadJSON fetches the pages to a file and has DuckDB insert it.
func benchReadJSON(dir, address string) (m measure, err error) {
	ctx := context.Background()
	start := time.Now()
	path := filepath.Join(dir, "pages.json")
	file, err := os.Create(path)
	if err != nil {
		return m, err
	}
	for n := 0; ; n++ {
		body, err := get(ctx, address+"/page?n="+strconv.Itoa(n))
		if err != nil {
			return m, err
		}
		if bytes.HasPrefix(body, []byte("[]")) {
			break
		}
		lines := bytes.ReplaceAll(body[1:len(body)-1], []byte("},{"), []byte("}\n{"))
		if _, err := file.Write(append(lines, '\n')); err != nil {
			return m, err
		}
	}
	if err := file.Close(); err != nil {
		return m, err
	}
	db, err := warehouse.Open(ctx, warehouse.Options{Dir: dir, MemoryLimit: "192MB"})
	if err != nil {
		return m, err
	}
	err = db.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		return tx.Exec(ctx, "create schema if not exists raw; create table raw.json as select * from read_json("+warehouse.Literal(path)+", format = 'newline_delimited')")
	})
	if err != nil {
		return m, err
	}
	if err := db.SQL().QueryRow("select count(*) from lake.raw.json").Scan(&m.Records); err != nil {
		return m, err
	}
	if err := db.Lake.Checkpoint(ctx); err != nil {
		return m, err
	}
	m.Seconds = time.Since(start).Seconds()
	m.spent()
	return m, db.Close()
}
