package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/world"
	"rollcall/internal/world/serve"
	"rollcall/internal/world/truth"
)

// A company followed for a year, through faults, as its files grow, things are
// deleted and people merged, ends in what one full read at the last moment
// finds, and both in what the company's log says: the same people, companies
// and values, but for what only somebody who looked on can know (witnessed).
func TestEndToEnd_followedForAYearEqualsOneFullRead(t *testing.T) {
	var shown serve.Counts
	steps, run := worldSteps(t), demoRun{seed: 5, scale: worldScale(t, world.MinScale)}
	if isLongYear(t) {
		run.seed = 59 // at 0.2 a company in which every listed difference occurs
	}
	run.faults = serve.Faults{Seed: 5, Rate: 0.02, Skew: 40 * time.Second, Shown: &shown}
	followed := newReader(t, run)
	end := followed.company.world.End
	for step := range steps {
		followed.look(end.Add(-time.Duration(steps-1-step) * 52 * 7 * 24 * time.Hour / time.Duration(steps)))
		followed.do("build")
	}
	followed.do("publish")
	require.NotEmpty(t, shown.Of())
	require.True(t, !isLongYear(t) || len(shown.Of()) == len(serve.AllFaults()), "not each fault was met: %v", shown.Of())

	run.faults = serve.Faults{}
	fresh := newReader(t, run)
	fresh.look(end)
	fresh.do("build")
	fresh.do("publish")

	followed.requireTrue()
	fresh.requireTrue()
	requireSamePeopleBut(t, followed, fresh)
	require.Equal(t, followed.companies(), fresh.companies())
	requireSameValuesBut(t, followed, fresh, witnessed())
}

// worldSteps is in how many steps a year is followed: 26 by `make nightly`.
func worldSteps(t *testing.T) int {
	t.Helper()
	text := os.Getenv("ROLLCALL_WORLD_STEPS")
	if text == "" {
		return 4
	}
	steps, err := strconv.Atoi(text)
	require.NoError(t, err)
	return steps
}

func isLongYear(t *testing.T) bool { return worldSteps(t) >= 26 }

// A reader is a data directory that reads a made-up company's sources as they
// stand at some moments, and builds each time, by the commands of the program.
type reader struct {
	*site
	app     *app
	company *tidewater
	served  *movedClock // of the sources: stands still while they are read
	began   time.Time   // when the last look began
	looks   []world.Moment
}

// newReader makes the company up for a day that lies ahead: connectors have the
// system's clock, and what one says of the time until a limit ends must have
// passed on the host's.
func newReader(t *testing.T, run demoRun) *reader {
	t.Helper()
	r := &reader{site: newSite(t, ""), served: &movedClock{now: time.Date(2032, 3, 1, 0, 0, 0, 0, time.UTC)}, began: time.Now()}
	r.app = &app{stdin: strings.NewReader(""), stdout: io.Discard, stderr: os.Stderr, getenv: os.LookupEnv, now: r.now}
	company, err := (&app{now: r.served.Now}).openTidewater(r.dir, run)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, company.close()) })
	r.company, r.app.configPath = company, company.configPath()
	return r
}

// now is the host's clock: that of the sources when a look begins, and runs on.
func (r *reader) now() time.Time { return r.served.Now().Add(time.Since(r.began)) }

// look reads everything as it stands at a moment, and again what the sources
// refused.
func (r *reader) look(at world.Moment) {
	r.t.Helper()
	shown := r.company.world.Start
	if n := len(r.looks); n > 0 {
		shown = r.looks[n-1]
	}
	require.NoError(r.t, r.company.export(shown, at))
	r.served.set(at.Time())
	r.began = time.Now()
	r.looks = append(r.looks, at)
	for range 12 {
		// Of a handful of solutions one that is taken back is more than a fifth.
		_, err := r.app.performHere(context.Background(), "sync", syncArgs{AcceptDeletes: true}, nil)
		var partial *exitError
		if err == nil {
			return
		}
		require.True(r.t, errors.As(err, &partial) && partial.code == exitPartial, "%v", err)
	}
	require.FailNow(r.t, "the sources refuse for ever")
}

// do is a command without arguments.
func (r *reader) do(command string) {
	r.t.Helper()
	_, err := r.app.performHere(context.Background(), command, noArgs{}, nil)
	require.NoError(r.t, err)
}

// known are the people as the reader can know them.
func (r *reader) known() []int32 { return r.company.world.Known(r.looks...) }

// requireTrue holds people, companies and values against the company's log.
func (r *reader) requireTrue() {
	r.t.Helper()
	w := r.company.world
	r.requireSamePeople(w, r.known())
	r.requireSameCompanies(w, w.End)
	reading := truth.Reading{People: r.known(), Companies: w.KnownOrgs(w.End)}
	for _, look := range r.looks {
		reading.Looks = append(reading.Looks, look.Time())
	}
	r.requireTruth(w, truth.ComputeRead(w, w.End.Time(), reading))
}

// people are the persons of all logins that the reader knows of.
func (r *reader) people() map[string]string {
	return r.textPairs("select identity_id, person_id from core.person_identity")
}

// companies are, of every org, the smallest that is one company with it.
func (r *reader) companies() map[string]string {
	return r.textPairs("select org_id, min(org_id) over (partition by account_id) from core.account_source")
}
