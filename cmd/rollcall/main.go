// Command rollcall measures what a customer community does for a B2B software
// company: it syncs community platforms and business systems into DuckDB and
// publishes KPIs. See `rollcall --help`.
//
// Only this package reads flags, the environment and the wall clock.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // zones on machines that carry none

	"golang.org/x/term"
)

func main() {
	// DuckDB makes its files and their write-ahead logs readable to all; what
	// is published is opened to others on purpose.
	syscall.Umask(0o077)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	a := &app{
		stdin:    os.Stdin,
		stdout:   os.Stdout,
		stderr:   os.Stderr,
		getenv:   os.LookupEnv,
		now:      time.Now,
		after:    time.After,
		terminal: term.IsTerminal(int(os.Stdout.Fd())),
		asks:     term.IsTerminal(int(os.Stdin.Fd())),
	}
	code := a.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}
