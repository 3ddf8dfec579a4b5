package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	gosync "sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"rollcall/internal/warehouse"
)

// A sharedStream is one that rollcall, read_json and dlt's REST source all read
// by the same requests.
type sharedStream struct {
	name       string
	path, says string // of its requests, and what their queries hold
	records    string // those of an answer, in DuckDB's words over read_json's columns
}

func sharedStreams() []sharedStream {
	return []sharedStream{
		{name: "posts", path: "/posts.json", records: "latest_posts"},
		{name: "topics", path: "/latest.json", says: "order=created", records: "topic_list.topics"},
		{name: "users", path: "/admin/users/list/active.json", records: "json"},
		{name: "discussions", path: "/graphql", says: "query discussions(", records: "data.node.discussions.nodes"},
	}
}

// of tells requests for the stream's pages.
func (s sharedStream) of(r request) bool {
	path, query, _ := strings.Cut(r.URL[len("http://")+len(r.host()):], "?")
	return path == s.path && strings.Contains(query+r.Body, s.says)
}

// benchBare asks the APIs for what was noted, all at once, and throws the
// answers away. Usage: NOTES
func benchBare(args []string) error {
	watch := startWatch()
	requests, received, err := askAgain(args[0], func(request, []byte) error { return nil })
	if err != nil {
		return err
	}
	seconds, cpu := watch.lap()
	cost{Stage: "all", Records: requests, Bytes: received, Seconds: seconds, CPU: cpu}.print()
	return nil
}

// askAgain asks each API for what was noted, in order, and hands the answers on.
func askAgain(notes string, take func(r request, body []byte) error) (requests, received int64, err error) {
	asked, err := readNotes(notes)
	if err != nil {
		return 0, 0, err
	}
	var group errgroup.Group
	var count, size atomic.Int64
	for _, list := range asked {
		group.Go(func() error {
			for _, r := range list {
				body, err := r.do()
				if err != nil {
					return err
				}
				count.Add(1)
				size.Add(int64(len(body)))
				if err := take(r, body); err != nil {
					return err
				}
			}
			return nil
		})
	}
	err = group.Wait()
	return count.Load(), size.Load(), err
}

func (r request) do() ([]byte, error) {
	again, err := http.NewRequest(r.Method, r.URL, strings.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	authorize(again)
	response, err := http.DefaultClient.Do(again)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// benchReadJSON asks for what was noted, writes the answers into a file for each
// stream and API, a line each, and has DuckDB insert their records. Usage: NOTES DIR
func benchReadJSON(args []string) error {
	watch := startWatch()
	pages := &pageFiles{dir: args[1], open: map[string]*os.File{}, asked: map[request]bool{}}
	requests, received, err := askAgain(args[0], pages.write)
	if err := errors.Join(err, pages.close()); err != nil {
		return err
	}
	seconds, cpu := watch.lap()
	cost{Stage: "fetch", Records: requests, Bytes: received, Seconds: seconds, CPU: cpu}.print()
	records, err := insertPages(context.Background(), args[1])
	if err != nil {
		return err
	}
	seconds, cpu = watch.lap()
	cost{Stage: "insert", Records: records, Seconds: seconds, CPU: cpu}.print()
	return nil
}

// pageFiles are the answers by stream and API.
type pageFiles struct {
	dir   string
	mu    gosync.Mutex
	open  map[string]*os.File
	asked map[request]bool
}

// write adds a page, once: GitHub's newest page is asked for again at the end.
// What a connector asks beside pages has no file.
func (p *pageFiles) write(r request, body []byte) error {
	p.mu.Lock()
	isAgain := p.asked[r]
	p.asked[r] = true
	p.mu.Unlock()
	if isAgain {
		return nil
	}
	for _, stream := range sharedStreams() {
		if !stream.of(r) {
			continue
		}
		file, err := p.file(stream.name + "_" + strings.ReplaceAll(r.host(), ":", "_") + ".jsonl")
		if err != nil {
			return err
		}
		_, err = file.Write(append(bytes.TrimSpace(body), '\n'))
		return err
	}
	return nil
}

func (p *pageFiles) file(name string) (_ *os.File, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[name] == nil {
		p.open[name], err = os.Create(filepath.Join(p.dir, name))
	}
	return p.open[name], err
}

func (p *pageFiles) close() error {
	var errs []error
	for _, file := range p.open {
		errs = append(errs, file.Close())
	}
	return errors.Join(errs...)
}

// insertPages makes a table of each stream's records, their columns as DuckDB
// finds them.
func insertPages(ctx context.Context, dir string) (records int64, err error) {
	db, err := warehouse.Open(ctx, warehouse.Options{Dir: dir, MemoryLimit: "256MB"})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, stream := range sharedStreams() {
		files := warehouse.Literal(filepath.Join(dir, stream.name+"_*.jsonl"))
		err := db.Lake.Write(ctx, func(tx *warehouse.Tx) error {
			return tx.Exec(ctx, fmt.Sprintf(`create or replace table lake.main.%s as
select record.* from (select unnest(%s) as record from read_json(%s, format = 'newline_delimited'))`, stream.name, stream.records, files))
		})
		if err != nil {
			return 0, fmt.Errorf("%s: %w", stream.name, err)
		}
		var rows int64
		if err := db.SQL().QueryRowContext(ctx, "select count(*) from lake.main."+stream.name).Scan(&rows); err != nil {
			return 0, err
		}
		records += rows
	}
	return records, db.Lake.Checkpoint(ctx)
}
