package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	"rollcall/sync"
)

// An app is one run of the program with everything it may touch.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) (string, bool)
	now            func() time.Time
	after          func(time.Duration) <-chan time.Time // what the daemon naps by
	terminal       bool                                 // stdout is one: tables and bars
	asks           bool                                 // stdin is one: questions can be asked

	configPath string
	json       bool
}

// Exit codes, told apart for scripts and documented in docs/commands.md.
const (
	exitInternal = 1 // something broke that is neither of the below
	exitUsage    = 2 // the command line is wrong
	exitConfig   = 3 // the configuration is wrong
	exitSource   = 4 // a source does not answer or refuses the credentials
	exitPartial  = 5 // something was done, but not all: a stream paused or failed
)

const exitHelp = `Exit codes: 0 done, 1 internal fault, 2 wrong usage, 3 wrong configuration,
4 a source cannot be read, 5 partly done (a stream paused or failed).`

// exitError carries an exit code up to run, also through the daemon's socket.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }
func (e *exitError) ExitCode() int { return e.code }

func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// run carries out one command line and returns its exit code.
func (a *app) run(ctx context.Context, args []string) int {
	root := a.root()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = &exitError{exitPartial, errors.New("stopped; what was read is kept")}
	}
	if warehouse.IsDiskFull(err) {
		err = &exitError{codeOf(err), fmt.Errorf("disk full: free space and run it again; what was stored and published before is intact: %w", err)}
	}
	a.report(err)
	return codeOf(err)
}

func codeOf(err error) int {
	var coded interface{ ExitCode() int }
	var diags *config.Diagnostics
	var taken *sync.NameTaken
	switch {
	case errors.As(err, &coded):
		return coded.ExitCode()
	case errors.As(err, &diags), errors.As(err, &taken):
		return exitConfig
	}
	return exitInternal
}

// report prints an error once, as JSON where asked.
func (a *app) report(err error) {
	if !a.json {
		fmt.Fprintln(a.stderr, "rollcall:", strings.TrimPrefix(err.Error(), "Error: "))
		return
	}
	out := struct {
		Error       string              `json:"error"`
		Exit        int                 `json:"exit"`
		Diagnostics []config.Diagnostic `json:"diagnostics,omitempty"`
	}{Error: err.Error(), Exit: codeOf(err)}
	var diags *config.Diagnostics
	if errors.As(err, &diags) {
		out.Error, out.Diagnostics = "the configuration is wrong", diags.List()
	}
	raw, _ := json.Marshal(out) // plain strings and numbers
	fmt.Fprintln(a.stderr, string(raw))
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "rollcall",
		Short: "What does our customer community do for us?",
		Long: `rollcall syncs community platforms, CRM, helpdesk, billing and survey tools into
DuckDB and publishes a dictionary of KPIs as a DuckDB file and as Parquet.

Start with: rollcall demo, or: rollcall init discourse

` + exitHelp,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.PersistentFlags().StringVar(&a.configPath, "config", "", "configuration file (default ./rollcall.hcl, then /etc/rollcall/rollcall.hcl)")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError("%v; see `%s --help`", err, cmd.CommandPath())
	})
	root.AddCommand(a.initCommand(), a.validateCommand(), a.connectorsCommand(), a.doctorCommand(), a.syncCommand(),
		a.buildCommand(), a.publishCommand(), a.kpiCommand(), a.identityCommand(), a.accountCommand(), a.runCommand(), a.statusCommand(), a.queryCommand(), a.backupCommand(),
		a.restoreCommand(), a.purgeCommand(), a.forgetCommand(), a.versionCommand(), a.demoCommand(), a.connectorCommand())
	usageArguments(root)
	return root
}

// usageArguments makes wrong arguments of every command usage errors, with the
// near miss of a misspelt command.
func usageArguments(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			if cmd.HasSubCommands() && len(args) > 0 {
				return unknown("command", args[0], commandNames(cmd))
			}
			if err := check(cmd, args); err != nil {
				return usageError("%v; see `%s --help`", err, cmd.CommandPath())
			}
			return nil
		}
	}
	for _, child := range cmd.Commands() {
		usageArguments(child)
	}
}

func commandNames(cmd *cobra.Command) []string {
	var names []string
	for _, child := range cmd.Commands() {
		if !child.Hidden {
			names = append(names, child.Name())
		}
	}
	return names
}

// unknown is the usage error of a name that does not exist. Of many names it
// lists the nearest.
func unknown(what, name string, names []string) error {
	listed := strings.Join(names, ", ")
	if len(names) > listedNames {
		listed = fmt.Sprintf("%s and %d more", strings.Join(config.Nearest(name, names)[:listedNames], ", "), len(names)-listedNames)
	}
	if near, ok := config.NearMiss(name, names); ok {
		return usageError("there is no %s %q; did you mean %q? Known are: %s", what, name, near, listed)
	}
	if len(names) == 0 {
		return usageError("there is no %s %q; none is configured", what, name)
	}
	return usageError("there is no %s %q; known are: %s", what, name, listed)
}

// logger writes to stderr as the configuration says.
func (a *app) logger(l config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: l.Level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(a.stderr, options))
	}
	return slog.New(slog.NewTextHandler(a.stderr, options))
}

// printJSON writes a value for --json.
func (a *app) printJSON(v any) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// findConfig names the configuration file that --config or the defaults mean.
func (a *app) findConfig() string {
	if a.configPath != "" {
		return a.configPath
	}
	const local, system = "rollcall.hcl", "/etc/rollcall/rollcall.hcl"
	if _, err := os.Stat(local); err != nil {
		if _, err := os.Stat(system); err == nil {
			return system
		}
	}
	return local
}
