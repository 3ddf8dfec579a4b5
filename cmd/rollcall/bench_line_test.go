package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"rollcall/internal/warehouse"
	"rollcall/sql"
	"rollcall/transforms"
)

// A benchedLine is a host, with connectors in processes of their own, that
// prints what its stages cost.
type benchedLine struct {
	*host
	ahead atomic.Int64 // of the system's clock
	watch *stopwatch
	round string
	stage string // that the costs below are of
	cost  cost
	steps []cost // of the build
}

// openLine opens a host as a daemon does, and listens to what its builds do.
func openLine(ctx context.Context, config string) (*benchedLine, error) {
	l := &benchedLine{watch: startWatch()}
	a := &app{
		stdin: strings.NewReader(""), stdout: io.Discard, stderr: os.Stderr, getenv: os.LookupEnv,
		now: func() time.Time { return time.Now().Add(time.Duration(l.ahead.Load())) }, after: time.After, configPath: config,
	}
	cfg, err := a.load(ctx)
	if err != nil {
		return nil, err
	}
	if l.host, err = a.openHost(ctx, cfg, "benchmark", a.logger(cfg.Log)); err != nil {
		return nil, err
	}
	l.builder, err = transforms.New(ctx, transforms.Options{
		DB: l.db, Config: cfg, SQL: sql.FS, Sources: modelSources(cfg), Now: a.now, Log: l.log, Events: l.step,
	})
	return l, err
}

// step adds what was spent since the step before to the stage it belongs to.
func (l *benchedLine) step(e transforms.Event) {
	stage := map[string]string{
		"parse": "raw to staging", "stage": "raw to staging", "write": "raw to staging", "identity": "identity", "model": "core and marts",
		"kpi": "KPIs", "finish": "KPIs", "output": "KPIs", "check": "checks, history", "copy": "publish", "export": "publish",
	}[e.Step]
	if stage != l.stage {
		l.flush(0)
		l.stage = stage
	}
	seconds, cpu := l.spend()
	l.steps = append(l.steps, cost{Stage: e.Step + " " + e.Name, Seconds: seconds, CPU: cpu})
}

func (l *benchedLine) spend() (seconds, cpu float64) {
	seconds, cpu = l.watch.lap()
	l.cost.Seconds += seconds
	l.cost.CPU += cpu
	return seconds, cpu
}

// tellDearest says which steps of the build took most, and forgets them.
func (l *benchedLine) tellDearest() {
	slices.SortFunc(l.steps, func(x, y cost) int { return cmp.Compare(y.CPU, x.CPU) })
	for _, step := range l.steps[:min(8, len(l.steps))] {
		fmt.Fprintf(os.Stderr, "    %s%s: %.1f CPU seconds\n", l.round, step.Stage, step.CPU)
	}
	l.steps = nil
}

// flush prints the stage that is over.
func (l *benchedLine) flush(records int64) {
	if l.stage != "" {
		l.cost.Stage, l.cost.Records = l.round+l.stage, records
		l.cost.print()
	}
	l.stage, l.cost = "", cost{}
}

// ends prints a stage that ends here, with all that was spent since the last.
func (l *benchedLine) ends(stage string, records int64) {
	l.spend()
	l.stage = stage
	l.flush(records)
}

// benchLine takes a company from its APIs and files to a release, then moves
// it on and takes what is new. Usage: CONFIG CONTROL NOTES ENDS
func benchLine(args []string) (err error) {
	ctx := context.Background()
	company := &benchedCompany{Control: args[1]}
	ends, err := time.Parse(time.RFC3339, args[3])
	if err != nil {
		return err
	}
	l, err := openLine(ctx, args[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	l.ends("start", 0)
	if err := company.note(args[2]); err != nil {
		return err
	}
	if err := errors.Join(l.takeAll(ctx), company.note("")); err != nil {
		return err
	}
	if err := l.printSizes(ctx); err != nil {
		return err
	}
	if err := company.move(); err != nil {
		return err
	}
	l.ahead.Store(int64(time.Until(ends)))
	l.round = moreRound
	l.watch.lap()
	return l.takeAll(ctx)
}

// takeAll syncs, builds and publishes.
func (l *benchedLine) takeAll(ctx context.Context) error {
	var apis, files []string
	for _, c := range l.config().Connectors {
		if c.Type == "files" {
			files = append(files, c.Name)
		} else {
			apis = append(apis, c.Name)
		}
	}
	for _, source := range []struct {
		stage string
		names []string
	}{{apiStage, apis}, {"files to raw", files}} {
		n, err := l.read(ctx, source.names, nil)
		if err != nil {
			return err
		}
		l.ends(source.stage, n)
	}
	if _, err := l.build(ctx, buildArgs{}, nil); err != nil {
		return err
	}
	l.spend()
	l.flush(0)
	l.tellDearest()
	if _, err := l.publish(ctx, publishArgs{}, nil); err != nil {
		return err
	}
	l.ends("publish", 0)
	return nil
}

// read syncs instances, all of their streams or some, and counts what came.
func (l *benchedLine) read(ctx context.Context, names, streams []string) (records int64, err error) {
	result, err := l.sync(ctx, syncArgs{Names: names, Streams: streams}, func(any) {})
	if err != nil {
		return 0, err
	}
	for _, run := range result.(syncResult).Runs {
		records += run.Records
		if run.Rejected > 0 {
			return 0, fmt.Errorf("%s/%s: %d rejected", run.Instance, run.Stream, run.Rejected)
		}
	}
	return records, nil
}

const apiStage = "API to raw"

// moreRound begins the names of stages that took what was new.
const moreRound = "more: "

// Names under which sizes are printed.
const (
	jsonSize   = "JSON of the records"
	lakeSize   = "lake on disk"
	martsSize  = "marts on disk"
	publicSize = "published, one release"
)

// printSizes says how many records are stored and what they take.
func (l *benchedLine) printSizes(ctx context.Context) error {
	records, bytes, err := l.stored(ctx)
	if err != nil {
		return err
	}
	dir := l.config().DataDir
	cost{Stage: jsonSize, Records: records, Bytes: bytes}.print()
	for _, part := range []struct{ name, path string }{
		{lakeSize, filepath.Join(dir, "lake.duckdb")}, {martsSize, filepath.Join(dir, "marts.duckdb")},
		{publicSize, filepath.Join(l.config().PublishedDir(), "releases")},
	} {
		size, err := diskSize(part.path)
		if err != nil {
			return err
		}
		cost{Stage: part.name, Records: records, Bytes: size}.print()
	}
	return nil
}

// stored counts the rows of raw and the bytes of their JSON.
func (l *benchedLine) stored(ctx context.Context) (records, bytes int64, err error) {
	rows, err := l.db.SQL().QueryContext(ctx, "select table_name from duckdb_tables() where database_name = 'lake' and schema_name = 'raw'")
	if err != nil {
		return 0, 0, err
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return 0, 0, errors.Join(err, rows.Close())
		}
		tables = append(tables, "select data from lake.raw."+warehouse.Ident(name))
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return 0, 0, err
	}
	err = l.db.SQL().QueryRowContext(ctx, "select count(*), sum(strlen(data)) from ("+strings.Join(tables, " union all ")+")").Scan(&records, &bytes)
	return records, bytes, err
}

// diskSize is what a file or a folder takes, linked files once.
func diskSize(path string) (bytes int64, err error) {
	err = filepath.WalkDir(path, func(_ string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return bytes, err
}

// benchSync reads the streams that every contestant can read. Usage: CONFIG STREAM...
func benchSync(args []string) (err error) {
	ctx := context.Background()
	l, err := openLine(ctx, args[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	records, err := l.read(ctx, nil, args[1:])
	if err != nil {
		return err
	}
	l.ends("all", records)
	return nil
}
