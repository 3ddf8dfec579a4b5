package transforms

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"rollcall/internal/warehouse"
)

// A check selects offending rows. Any row of one with severity fail stops
// publication; warn is reported.
type check struct {
	id       string
	severity string
	about    string
	tree     *tree
}

// A CheckResult is one check of one build.
type CheckResult struct {
	Check, Severity string
	FailingRows     int64
	Sample          string // the first offending rows as JSON, addresses masked: it is published
}

// Failed reports whether the result stops publication.
func (r CheckResult) Failed() bool { return r.Severity == "fail" && r.FailingRows > 0 }

// A ChecksFailed is the error of a build whose checks found offending rows. It
// publishes nothing.
type ChecksFailed struct {
	BuildID string
	Results []CheckResult // those that failed
}

func (e *ChecksFailed) Error() string {
	var parts []string
	for _, r := range e.Results {
		parts = append(parts, fmt.Sprintf("%s (%d rows)", r.Check, r.FailingRows))
	}
	return fmt.Sprintf("build %s failed its checks: %s; see checks.result", e.BuildID, strings.Join(parts, ", "))
}

func (b *Builder) loadChecks(ctx context.Context, _ *sql.Conn) []error {
	names, err := fs.Glob(b.opts.SQL, "checks/*.sql")
	if err != nil {
		return []error{err}
	}
	tables := b.knownTables()
	for _, m := range b.models {
		tables[m.name()] = true
	}
	for _, name := range b.publishedTables() {
		tables[name] = true
	}
	var errs []error
	for _, name := range names {
		text, err := fs.ReadFile(b.opts.SQL, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		t, err := parse(ctx, b.opts.DB.SQL(), name, string(text))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		about := readDoc(string(text))
		c := &check{id: strings.TrimSuffix(path.Base(name), ".sql"), severity: about.Columns["severity"], about: about.Table, tree: t}
		if c.severity != "fail" && c.severity != "warn" {
			errs = append(errs, t.fault(0, "a check begins with -- severity: fail or -- severity: warn"))
		}
		errs = append(errs, checkReads(t, tables)...)
		errs = append(errs, b.checkParams(t)...)
		b.checks = append(b.checks, c)
	}
	return errs
}

func checkReads(t *tree, tables map[string]bool) []error {
	var errs []error
	reads, faults := t.references()
	for _, f := range faults {
		errs = append(errs, f)
	}
	for _, read := range reads {
		if name := read.Schema + "." + read.Table; !tables[name] {
			errs = append(errs, t.fault(read.Offset, "unknown table %s", name))
		}
	}
	return errs
}

// runChecks runs every check against the committed marts, as many at a time as
// there are threads, and writes checks.result and the build's status.
func (b *Builder) runChecks(ctx context.Context, build *Build, threads int) error {
	build.Checks = make([]CheckResult, len(b.checks))
	err := b.opts.DB.Marts.Apart(ctx, threads, "set search_path = "+literal(searchPath()), func(connections []*warehouse.Tx) error {
		return b.runApart(ctx, build, connections)
	})
	if err == nil {
		build.Status = StatusPassed
		if build.selected != nil {
			build.Status = StatusPartial
		}
		if len(build.failed()) > 0 {
			build.Status = StatusFailed
		}
		err = b.writeSteps(ctx, build, b.writeCheckResults)
	}
	if err != nil {
		return fmt.Errorf("run checks: %w", err)
	}
	return nil
}

// runApart runs each check on whatever connection is free.
func (b *Builder) runApart(ctx context.Context, build *Build, connections []*warehouse.Tx) error {
	waiting := make(chan int, len(b.checks))
	for i := range b.checks {
		waiting <- i
	}
	close(waiting)
	var done int
	var mu sync.Mutex // held by the listener to events
	tasks, apart := errgroup.WithContext(ctx)
	for _, tx := range connections {
		tasks.Go(func() error {
			for i := range waiting {
				c, began := b.checks[i], b.opts.Now()
				result, err := c.run(apart, tx)
				if err != nil {
					return c.tree.locate(err, 1)
				}
				build.Checks[i] = *result
				mu.Lock()
				done++
				b.opts.Events(Event{Step: "check", Name: c.id, Done: done, Total: len(b.checks), Took: b.opts.Now().Sub(began)})
				mu.Unlock()
			}
			return nil
		})
	}
	return tasks.Wait()
}

func (c *check) run(ctx context.Context, tx *warehouse.Tx) (*CheckResult, error) {
	result := &CheckResult{Check: c.id, Severity: c.severity}
	text := strings.TrimRight(strings.TrimSpace(c.tree.text), ";")
	rows, err := tx.Query(ctx, `with check_rows as materialized (
`+text+`
)

select (select count(*) from check_rows),
    regexp_replace(coalesce(cast((select to_json(list(r)) from (select * from check_rows limit 3) as r) as varchar), '[]'), `+
		literal(address)+`, `+literal(addressMask)+`, 'g')`)
	if err != nil {
		return nil, err
	}
	return result, scanOne(rows, &result.FailingRows, &result.Sample)
}

func (b *Builder) writeCheckResults(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	for _, r := range build.Checks {
		err := tx.Exec(ctx, "insert into checks.result values (?, ?, ?, ?, ?)", build.ID, r.Check, r.Severity, r.FailingRows, r.Sample)
		if err != nil {
			return err
		}
	}
	return b.writeBuildRow(ctx, tx, build)
}
