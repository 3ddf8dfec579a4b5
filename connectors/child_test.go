package connectors_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"rollcall/connectors"
)

type readFunc = func(ctx context.Context, h connectors.Host, cursor connectors.Cursor, emit func(connectors.Batch) error) error

// child is the main function of the connector's process called name.
func child(name string) {
	long := strings.Repeat("x", 70_000)
	connector := sample{streams: streams()}
	switch name {
	case "long-line-before":
		fmt.Println(long)
	case "exit-early":
		fmt.Fprintln(os.Stderr, "cannot find my library")
		os.Exit(3)
	case "silent":
		select {}
	case "other-version":
		fmt.Println("1|7|unix|" + os.Getenv("PLUGIN_UNIX_SOCKET_DIR") + "/s|grpc|")
		select {}
	case "mute":
		path := os.Getenv("PLUGIN_UNIX_SOCKET_DIR") + "/s"
		if _, err := net.Listen("unix", path); err != nil {
			panic(err)
		}
		fmt.Println("1|1|unix|" + path + "|grpc|")
		select {}
	case "foreign-socket":
		fmt.Println("1|1|unix|/tmp/elsewhere.sock|grpc|")
		select {}
	case "orphan": // does not see that its host is gone
		r, w, err := os.Pipe()
		if err != nil {
			panic(err)
		}
		os.Stdin = r
		defer runtime.KeepAlive(w)
	case "reserved-setting":
		connector.change = func(s *connectors.Spec) {
			s.Settings = append(s.Settings, connectors.Setting{Name: "memory_limit", Type: connectors.TypeInt})
		}
	}
	connectors.Serve(connector)
}

func streams() map[string]readFunc {
	all := map[string]readFunc{
		"posts": readPosts, "faulty": readFaulty, "permits": readPermits, "environment": readEnvironment, "endless": readEndless,
		"bulk": readBulk,
	}
	for name, read := range misbehaviour() {
		all[name] = read
	}
	for name, err := range failures() {
		all[name] = func(context.Context, connectors.Host, connectors.Cursor, func(connectors.Batch) error) error {
			return fmt.Errorf("while reading: %w", err)
		}
	}
	return all
}

func failures() map[string]error {
	return map[string]error{
		"unauthorized": connectors.ErrUnauthorized,
		"expired":      connectors.ErrCursorExpired,
		"forbidden":    &connectors.ErrForbidden{Stream: "forbidden", Reason: "needs an admin key"},
		"limited":      &connectors.RateLimited{Until: time.Unix(1800000000, 0).UTC()},
		"transient":    &connectors.Transient{After: 5 * time.Second, Err: errors.New("502 from the source, token s3cret-token")},
		"config":       &connectors.ErrConfig{Setting: "url", Reason: "is not a forum"},
		"untyped":      errors.New("index out of luck"),
	}
}

// readPosts emits 25 pages of 1,000 records after the cursor's.
func readPosts(_ context.Context, _ connectors.Host, cursor connectors.Cursor, emit func(connectors.Batch) error) error {
	var first int
	if cursor != nil {
		if err := json.Unmarshal(cursor, &first); err != nil {
			return connectors.ErrCursorExpired
		}
	}
	for page := range 25 {
		var b connectors.Batch
		for i := range 1000 {
			b.Records = append(b.Records, record(first+page*1000+i))
		}
		b.Cursor = connectors.Cursor(fmt.Sprint(first + (page+1)*1000))
		b.Covered = []connectors.Interval{{From: time.Unix(int64(page), 0), Until: time.Unix(int64(page+1), 0)}}
		b.Scopes = []string{fmt.Sprintf("page=%d", page)}
		b.Progress = connectors.Progress{Done: int64(page + 1), Total: 25}
		if err := emit(b); err != nil {
			return err
		}
	}
	return nil
}

func readFaulty(_ context.Context, _ connectors.Host, _ connectors.Cursor, emit func(connectors.Batch) error) error {
	return emit(connectors.Batch{Cursor: connectors.Cursor("c"), Records: []connectors.Record{
		record(1),
		{Key: "utf8", Data: json.RawMessage("{\"a\":\"\xff\xfe\"}")},
		{Key: "cut", Data: json.RawMessage(`{"a":`)},
		{Key: "null", Data: json.RawMessage("{\"a\":\"\x00\"}")},
		{Key: "gone", Deleted: true},
		{Key: "large", Data: json.RawMessage(`"` + strings.Repeat("a", 17<<20) + `"`)},
		{Key: "key\xff", Data: json.RawMessage(`{}`)},
		record(2),
	}})
}

// readPermits emits a page, asks for a permit, reports a budget and saves a
// token, and emits another.
func readPermits(ctx context.Context, h connectors.Host, _ connectors.Cursor, emit func(connectors.Batch) error) error {
	if err := emit(connectors.Batch{Records: []connectors.Record{record(1)}, Cursor: connectors.Cursor("1")}); err != nil {
		return err
	}
	// A context of another origin must do as well.
	if err := h.Wait(context.Background(), "api", 3); err != nil {
		return err
	}
	h.Report(ctx, "api", 41, time.Unix(1800000000, 0))
	if err := h.SaveToken(ctx, []byte("new")); err != nil {
		return err
	}
	return emit(connectors.Batch{Records: []connectors.Record{record(2)}, Cursor: connectors.Cursor("2")})
}

func readEnvironment(_ context.Context, _ connectors.Host, _ connectors.Cursor, emit func(connectors.Batch) error) error {
	data, err := json.Marshal(map[string]any{"environment": environment(), "arguments": os.Args})
	if err != nil {
		return err
	}
	return emit(connectors.Batch{Records: []connectors.Record{{Key: "environment", Data: data}}})
}

// readEndless emits until it is told to stop, and then says when it stopped.
func readEndless(ctx context.Context, _ connectors.Host, _ connectors.Cursor, emit func(connectors.Batch) error) error {
	for i := 0; ctx.Err() == nil; i++ {
		if err := emit(connectors.Batch{Records: []connectors.Record{record(i)}}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// readBulk emits pages of 1,000 records of 680 bytes; the cursor says how many
// pages.
func readBulk(_ context.Context, _ connectors.Host, cursor connectors.Cursor, emit func(connectors.Batch) error) error {
	pages, err := strconv.Atoi(string(cursor))
	if err != nil {
		return err
	}
	data := json.RawMessage(`{"id":1,"body":"` + strings.Repeat("a", 680-17) + `"}`)
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprint(1_000_000 + i)
	}
	at := time.Now()
	for range pages {
		records := make([]connectors.Record, 1000)
		for i := range records {
			records[i] = connectors.Record{Key: keys[i], Data: data, At: at}
		}
		if err := emit(connectors.Batch{Records: records, Cursor: cursor}); err != nil {
			return err
		}
	}
	return nil
}

type offspring struct{ cmd *exec.Cmd }

func grandchild(name string, args ...string) offspring {
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = os.NewFile(1, "stdout"), os.NewFile(2, "stderr")
	return offspring{cmd}
}

func (o offspring) start() {
	if err := o.cmd.Start(); err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stderr, "grandchild", o.cmd.Process.Pid)
}

func misbehaviour() map[string]readFunc {
	type (
		b = connectors.Batch
		c = connectors.Cursor
	)
	quiet := func(fn func()) readFunc {
		return func(context.Context, connectors.Host, c, func(b) error) error { fn(); return nil }
	}
	return map[string]readFunc{
		"hang":  quiet(func() { select {} }),
		"crash": quiet(func() { go func() { panic("nil map in a goroutine, s3cret-token") }(); select {} }),
		"panic": quiet(func() { panic("nil map") }),
		"exit":  quiet(func() { fmt.Fprintln(os.Stderr, "my last words"); os.Exit(4) }),
		"sigkill": quiet(func() {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}),
		"sigabrt": quiet(func() {
			_ = syscall.Kill(os.Getpid(), syscall.SIGABRT)
			select {}
		}),
		"freeze": quiet(func() { _ = syscall.Kill(os.Getpid(), syscall.SIGSTOP); select {} }),
		"swallow": quiet(func() {
			var held [][]byte
			for {
				held = append(held, make([]byte, 8<<20))
				last := held[len(held)-1]
				for i := 0; i < len(last); i += 4096 {
					last[i] = 1
				}
			}
		}),
		"long-stdout": quiet(func() {
			// Past go-plugin's replacement of os.Stdout, as a C library would.
			raw := os.NewFile(1, "stdout")
			fmt.Fprintln(raw, strings.Repeat("y", 70_000))
			fmt.Println("chatter with s3cret-token")
			for i := range 5000 {
				fmt.Fprintln(raw, "chatter", i)
			}
		}),
		"flood": quiet(func() {
			for i := range 50_000 {
				slog.Info("flood", "i", i, "token", "s3cret-token")
			}
			fmt.Fprintln(os.NewFile(2, "stderr"), strings.Repeat("z", 300_000))
		}),
		"chatty": quiet(func() {
			for range 8 {
				slog.Info("still listing", "page", 7, "token", "s3cret-token")
				time.Sleep(200 * time.Millisecond)
			}
		}),
		"logs": quiet(func() {
			slog.Debug("a detail", "group", map[string]int{"n": 1})
			slog.Error("a fault", "err", errors.New("401 for s3cret-token"))
			fmt.Fprintln(os.Stderr, `{"@level":"warn","@message":"as hclog","n":2}`)
			fmt.Fprintln(os.Stderr, "not JSON, s3cret%2Ftoken")
		}),
		"family": quiet(func() { // a grandchild in the group, and one that left it and holds the pipes
			grandchild("sleep", "600").start()
			away := grandchild("sleep", "3")
			away.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
			away.start()
			os.Exit(5)
		}),
		"huge-cursor": func(_ context.Context, _ connectors.Host, _ c, emit func(b) error) error {
			return emit(b{Cursor: make(c, connectors.MaxCursorBytes+1)})
		},
		"empty-key": func(_ context.Context, _ connectors.Host, _ c, emit func(b) error) error {
			return emit(b{Records: []connectors.Record{{Data: json.RawMessage(`{}`)}}})
		},
		"deaf": func(_ context.Context, _ connectors.Host, _ c, emit func(b) error) error {
			_ = emit(b{Records: []connectors.Record{record(1)}, Cursor: c("1")})
			select {}
		},
		"noted": func(ctx context.Context, _ connectors.Host, _ c, _ func(b) error) error {
			connectors.NoteRequest(ctx, "GET", "/posts.json")
			return errors.New("unexpected shape")
		},
	}
}
