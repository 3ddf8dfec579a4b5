package main

import (
	"context"
	gosql "database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/internal/demoforum"
	"rollcall/internal/warehouse"
)

const (
	demoSeed    = 11
	demoKey     = "demo-forum-key"
	demoKeyFile = "forum.key" // beside the configuration, which may not hold a secret
)

func (a *app) demoCommand() *cobra.Command {
	var keep string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole line against a made-up forum and print six KPIs",
		Long: `Makes up a customer forum of eighteen months, serves it on the loopback
interface by Discourse's rules, syncs it through the real connector process,
builds, publishes, and prints six KPIs of the last months.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), keep) },
	}
	cmd.Flags().StringVar(&keep, "keep", "", "put everything into this new directory (default: a temporary one, which is left for you to look at)")
	return cmd
}

// demoResult is what --json prints.
type demoResult struct {
	Dir    string    `json:"dir"`
	Config string    `json:"config"`
	KPIs   []demoKPI `json:"kpis"`
}

func (a *app) demo(ctx context.Context, keep string) (err error) {
	dir, err := demoDir(keep)
	if err != nil {
		return err
	}
	forum := demoforum.New(demoforum.Options{Seed: demoSeed, End: a.now().UTC().Truncate(24 * time.Hour)})
	address, stop, err := serveForum(forum)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	fmt.Fprintf(a.stderr, "a made-up forum: %s topics, %s posts, %s people, at %s\n",
		count(int64(len(forum.Topics))), count(int64(len(forum.Posts))), count(int64(len(forum.Users))), address)

	a.configPath = filepath.Join(dir, "rollcall.hcl")
	for path, text := range map[string]string{a.configPath: demoConfig(address), filepath.Join(dir, demoKeyFile): demoKey} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	if err := a.demoRound(ctx); err != nil {
		return err
	}
	kpis, err := readDemoKPIs(ctx, filepath.Join(dir, "data", "published", "rollcall.duckdb"))
	if err != nil {
		return err
	}
	if a.json {
		return a.printJSON(demoResult{Dir: dir, Config: a.configPath, KPIs: kpis})
	}
	return a.printDemo(dir, kpis)
}

// demoRound is what `run --once` does, with its progress.
func (a *app) demoRound(ctx context.Context) error {
	show := a.newProgress()
	var result onceResult
	raw, err := a.performHere(ctx, "once", noArgs{}, show.raw)
	show.end()
	if err == nil {
		err = json.Unmarshal(raw, &result)
	}
	if err != nil {
		return err
	}
	if !a.json && result.Build != nil {
		fmt.Fprintf(a.stderr, "built %d models and %d KPIs in %s, all checks passed\n\n", result.Build.Models, result.Build.KPIs, took(result.Build.Finished.Sub(result.Build.Started)))
	}
	return nil
}

func demoDir(keep string) (string, error) {
	if keep == "" {
		return os.MkdirTemp("", "rollcall-demo-")
	}
	dir, err := filepath.Abs(keep)
	if err != nil {
		return "", err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, os.ErrExist) {
			return "", usageError("%s exists already: name a new directory", dir)
		}
		return "", err
	}
	return dir, nil
}

// serveForum serves the made-up forum on a free port of the loopback
// interface.
func serveForum(forum *demoforum.Forum) (address string, stop func() error, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: forum.Handler(demoKey), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	stop = func() error {
		err := server.Close()
		if served := <-served; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	}
	return "http://" + listener.Addr().String(), stop, nil
}

// demoConfig reads the forum without its usual courtesy of 55 requests a
// minute, since it is our own.
func demoConfig(address string) string {
	return fmt.Sprintf(`# Written by rollcall demo. The forum it names was served by the demo itself.
data_dir  = "data"
time_zone = "UTC"
currency  = "EUR"

privacy {
  identity_matching = "opt_in"
}

connector "discourse" "forum" {
  url     = %q
  api_key = file(%q)

  rate "api" {
    limit = 1000000
    per   = "1m"
  }
}
`, address, demoKeyFile)
}

// demoKPI is one KPI's last complete months.
type demoKPI struct {
	ID     string      `json:"kpi_id"`
	Name   string      `json:"name"`
	Unit   string      `json:"unit"`
	Months []demoMonth `json:"months"`
}

type demoMonth struct {
	Start time.Time `json:"period_start"`
	Value *float64  `json:"value"`
}

// demoMonths is how many months the demo prints.
const demoMonths = 4

// demoKPIs are those that the demo prints: how many take part, whether they
// come back, and how they are helped.
func demoKPIs() []string {
	return []string{"community_mau", "community_new_members", "community_post_volume", "returning_active_member_rate", "first_response_time_median_hours", "unanswered_question_rate"}
}

// readDemoKPIs reads the last complete months from the published file, as an
// analyst would.
func readDemoKPIs(ctx context.Context, path string) ([]demoKPI, error) {
	query := fmt.Sprintf(`
with month as (
    select kpi_id, period_start, value,
        row_number() over (partition by kpi_id order by period_start desc) as age
    from kpi.value
    where grain = 'month' and segment_type = 'all' and period_end <= current_date
)
select d.kpi_id, d.name, d.unit, m.period_start, m.value
from kpi.dictionary as d
join month as m on d.kpi_id = m.kpi_id and m.age <= %[1]d
where list_contains(['%[2]s'], d.kpi_id)
order by list_position(['%[2]s'], d.kpi_id), m.period_start`, demoMonths, strings.Join(demoKPIs(), "', '"))
	var list []demoKPI
	err := warehouse.SelectFile(ctx, path, queryMemory, query, func(rows *gosql.Rows) error {
		for rows.Next() {
			var k demoKPI
			var m demoMonth
			var value gosql.NullFloat64
			if err := rows.Scan(&k.ID, &k.Name, &k.Unit, &m.Start, &value); err != nil {
				return err
			}
			if value.Valid {
				m.Value = &value.Float64
			}
			if len(list) == 0 || list[len(list)-1].ID != k.ID {
				list = append(list, k)
			}
			last := &list[len(list)-1]
			last.Months = append(last.Months, m)
		}
		return rows.Err()
	})
	return list, err
}

func (a *app) printDemo(dir string, kpis []demoKPI) error {
	if len(kpis) == 0 {
		return errors.New("the published file holds no KPI")
	}
	head := []string{"KPI"}
	for _, month := range kpis[0].Months {
		head = append(head, month.Start.Format("Jan 2006"))
	}
	t := newTable(append(head, "UNIT", "CHANGE")...)
	for i := range kpis[0].Months {
		t.right(i + 1)
	}
	t.right(len(head) + 1)
	for _, k := range kpis {
		cells := []string{k.Name}
		for _, month := range k.Months {
			cells = append(cells, amount(month.Value, k.Unit))
		}
		for len(cells) < len(head) {
			cells = append(cells, "-")
		}
		t.add(append(cells, unitWord(k.Unit), k.change())...)
	}
	if err := t.print(a.stdout, true); err != nil { // aligned everywhere: this one is for reading
		return err
	}
	_, err := fmt.Fprintf(a.stdout, `
published  %[1]s/data/published/rollcall.duckdb (open it with duckdb -readonly)
parquet    %[1]s/data/published/parquet
raw data   %[1]s/data/lake.duckdb
config     %[1]s/rollcall.hcl

try next:
  %[2]s --config %[1]s/rollcall.hcl kpi list
  %[2]s --config %[1]s/rollcall.hcl kpi explain unanswered_question_rate --period %[3]s --rows
  %[2]s --config %[1]s/rollcall.hcl query "select period_start, value, n from kpi.value where kpi_id = 'community_mau' and grain = 'week' and segment_type = 'all' order by 1"
`, dir, programName(), kpis[0].Months[len(kpis[0].Months)-1].Start.Format("2006-01"))
	return err
}

// programName is how this program was probably called.
func programName() string {
	if self, err := os.Executable(); err == nil && strings.Contains(self, "go-build") {
		return "go run ./cmd/rollcall"
	}
	return "rollcall"
}

func amount(value *float64, unit string) string {
	switch {
	case value == nil:
		return "-"
	case unit == "ratio":
		return fmt.Sprintf("%.1f", 100**value)
	case unit == "count":
		return count(int64(*value + 0.5))
	}
	return fmt.Sprintf("%.1f", *value)
}

func unitWord(unit string) string {
	if unit == "ratio" {
		return "%"
	}
	return unit
}

// change compares the last month with the one before: in percentage points
// for shares, in percent otherwise.
func (k demoKPI) change() string {
	if len(k.Months) < 2 {
		return "-"
	}
	last, before := k.Months[len(k.Months)-1].Value, k.Months[len(k.Months)-2].Value
	switch {
	case last == nil || before == nil:
		return "-"
	case k.Unit == "ratio":
		return fmt.Sprintf("%+.1f pts", 100*(*last-*before))
	case *before == 0:
		return "-"
	}
	return fmt.Sprintf("%+.0f %%", 100*(*last / *before - 1))
}
