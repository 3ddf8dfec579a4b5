package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"rollcall/internal/world"
	"rollcall/internal/world/serve"
)

// A demoRun is what a demo was asked for.
type demoRun struct {
	keep   string
	seed   uint64
	scale  float64
	serves bool
	faults serve.Faults // none; tests have them

	around func(http.Handler) http.Handler // nil; the benchmark notes what is asked
}

func (a *app) demoCommand() *cobra.Command {
	run := demoRun{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole line against a made-up company and say how its community does",
		Long: `Makes up a software company, Tidewater, with two years of its customers; serves
its two forums and its GitHub organisation on the loopback interface as the
vendors do, and writes what its CRM, billing, helpdesk, survey, product and
event tools export as files. Then syncs all of it through the real connector
processes, resolves who is who, builds, publishes, and prints the primary KPIs
and a finding.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), run) },
	}
	cmd.Flags().StringVar(&run.keep, "keep", "", "put everything into `DIR`, a new directory (default: a temporary one, which is left for you to look at)")
	cmd.Flags().Uint64Var(&run.seed, "seed", 11, "which company to make up: the same seed and day make the same one")
	cmd.Flags().Float64Var(&run.scale, "scale", 1, "its size: 1 is 2,000 people and 60,000 events")
	cmd.Flags().BoolVar(&run.serves, "serve", false, "leave forums and GitHub running until interrupted, so that the written configuration can be used")
	return cmd
}

func (a *app) demo(ctx context.Context, run demoRun) (err error) {
	if !(run.scale >= world.MinScale) {
		return usageError("--scale %g is too small: at least %g", run.scale, world.MinScale)
	}
	dir, err := demoDir(run.keep)
	if err != nil {
		return err
	}
	company, err := a.openTidewater(dir, run)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, company.close()) }()
	if err := company.export(company.world.Start, company.world.End); err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "a made-up company: %s customers and colleagues with %s log-ins, %s events in two years\n",
		count(int64(len(company.world.People))), count(int64(len(company.world.Logins))), count(int64(len(company.world.Events))))
	a.configPath = company.configPath()
	if err := a.demoRound(ctx); err != nil {
		return err
	}
	report, err := readDemoReport(ctx, filepath.Join(dir, "data", "published", "rollcall.duckdb"))
	if err != nil {
		return err
	}
	report.Dir, report.Config = dir, a.configPath
	if err := a.printDemo(report); err != nil || !run.serves {
		return err
	}
	fmt.Fprintf(a.stderr, "\nserving until interrupted: forum %s, lab %s, GitHub %s\n", company.places.Forum, company.places.Lab, company.places.GitHub)
	<-ctx.Done()
	return nil
}

// demoRound is what `run --once` does, with its progress.
func (a *app) demoRound(ctx context.Context) error {
	show := a.newProgress()
	var result onceResult
	raw, err := a.performHere(ctx, "once", noArgs{}, func(raw json.RawMessage) {
		if event, ok := decodeEvent(raw); ok {
			show.show(event)
		}
	})
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

// programName is how this program was probably called.
func programName() string {
	if self, err := os.Executable(); err == nil && strings.Contains(self, "go-build") {
		return "go run ./cmd/rollcall"
	}
	return "rollcall"
}
