package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rollcall/internal/world"
	"rollcall/internal/world/serve"
)

// demoKey opens the made-up forums and GitHub organisation.
const demoKey = "tidewater-demo-key"

// Files beside the demo's configuration, which may not hold a secret.
const (
	demoKeyFile    = "tidewater.key"
	demoSecretFile = "addresses.secret" // hides addresses in the keys of files
)

// A tidewater is the made-up company in a directory: its APIs, its export files and the
// configuration that reads them.
type tidewater struct {
	dir    string
	world  *world.World
	places world.Places
	stops  []func() error
}

// openTidewater makes the company up, serves what it has as APIs, and writes the
// configuration that reads them and the files of export.
func (a *app) openTidewater(dir string, run demoRun) (_ *tidewater, err error) {
	w, err := world.New(world.Options{Seed: run.seed, Scale: run.scale, End: a.now()})
	if err != nil {
		return nil, err
	}
	c := &tidewater{dir: dir, world: w}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	key, secret := filepath.Join(dir, demoKeyFile), filepath.Join(dir, demoSecretFile)
	c.places = world.Places{
		ForumKey: key, GitHubToken: key, KeySecret: secret, Exports: filepath.Join(dir, "exports"),
		Limit:          1_000_000, // the usual courtesy, of 55 requests a minute, is for others' forums
		BookmarksQuery: serve.BookmarksQuery,
		Settle:         "0s",
	}
	if err := c.serve(serve.Options{Now: a.now, Key: demoKey, Faults: run.faults}, run.around); err != nil {
		return nil, err
	}
	for path, text := range map[string]string{key: demoKey, secret: "what hides addresses in the keys of Tidewater's files", c.configPath(): c.config()} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *tidewater) configPath() string { return filepath.Join(c.dir, "rollcall.hcl") }

// export writes what other tools show in [from, to).
func (c *tidewater) export(from, to world.Moment) error {
	return c.world.Export(c.places.Exports, from, to)
}

// serve puts the APIs on free ports of the loopback interface.
func (c *tidewater) serve(options serve.Options, around func(http.Handler) http.Handler) error {
	if around == nil {
		around = func(h http.Handler) http.Handler { return h }
	}
	for _, api := range []struct {
		address *string
		handler http.Handler
	}{
		{&c.places.Forum, serve.Discourse(c.world, world.Forum, options)},
		{&c.places.Lab, serve.Discourse(c.world, world.Lab, options)},
		{&c.places.GitHub, serve.GitHub(c.world, options)},
	} {
		address, stop, err := listen(around(api.handler))
		if err != nil {
			return err
		}
		*api.address = address
		c.stops = append(c.stops, stop)
	}
	return nil
}

// close stops the APIs.
func (c *tidewater) close() error {
	var errs []error
	for _, stop := range c.stops {
		errs = append(errs, stop())
	}
	return errors.Join(errs...)
}

func listen(handler http.Handler) (address string, stop func() error, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
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

// demoPurpose is what the made-up community is for.
const demoPurpose = "Customers get their planning questions answered by each other, and stay because of it."

// demoPrimary lists the KPIs that tell whether it does that, in HCL's quotes or
// SQL's.
func demoPrimary(quote string) string {
	ids := []string{"unanswered_question_rate", "accepted_solution_rate", "member_retention_rate", "member_satisfaction_share"}
	return "[" + quote + strings.Join(ids, quote+", "+quote) + quote + "]"
}

// config reads all that the company has.
func (c *tidewater) config() string {
	return fmt.Sprintf(`# Written by rollcall demo. The addresses are those of APIs that the demo itself
# serves: while it runs, or until it is interrupted with --serve.
data_dir  = "data"
time_zone = %q
currency  = "EUR"

log {
  level = "error" # files that do without some columns are no news here
}

privacy {
  identity_matching = "opt_in"
}

community {
  purpose = %q
  primary = %s
}

`, world.Zone, demoPurpose, demoPrimary(`"`)) + c.world.Config(c.places)
}
