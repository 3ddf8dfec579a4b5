package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	gosync "sync"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/builtin"
	"rollcall/internal/config"
	"rollcall/internal/control"
	"rollcall/sql"
	"rollcall/transforms"
)

// describeTimeout bounds how long a third-party connector may take to say
// what it is.
const describeTimeout = 15 * time.Second

// load reads the configuration, asking third-party connectors for their specs.
func (a *app) load(ctx context.Context) (*config.Config, error) {
	return config.Load(a.findConfig(), a.loadOptions(ctx, func(message string) {
		fmt.Fprintln(a.stderr, "rollcall: warning:", message)
	}))
}

func (a *app) loadOptions(ctx context.Context, warn func(string)) config.LoadOptions {
	asked := map[string]connectors.Spec{}
	return config.LoadOptions{
		Types:      bundledTypes(),
		Getenv:     a.getenv,
		Warn:       warn,
		Dictionary: gosync.OnceValue(func() config.Dictionary { return transforms.Dictionary(sql.FS) }),
		Spec: func(typ string, command []string, checksum string) (connectors.Spec, error) {
			if len(command) == 0 {
				return bundledSpec(typ)
			}
			key := strings.Join(command, "\x00") + checksum
			if spec, ok := asked[key]; ok {
				return spec, nil
			}
			spec, err := a.describe(ctx, typ, command, checksum)
			if err == nil {
				asked[key] = spec
			}
			return spec, err
		},
	}
}

func bundledTypes() []string {
	var types []string
	for _, connector := range builtin.Connectors() {
		types = append(types, connector.Spec().Type)
	}
	slices.Sort(types)
	return types
}

func bundledSpec(typ string) (connectors.Spec, error) {
	for _, connector := range builtin.Connectors() {
		if spec := connector.Spec(); spec.Type == typ {
			return spec, nil
		}
	}
	return connectors.Spec{}, fmt.Errorf("there is no bundled connector %q", typ)
}

// describe starts a third-party connector, asks what it is and stops it.
func (a *app) describe(ctx context.Context, name string, command []string, checksum string) (connectors.Spec, error) {
	runtimeDir, err := a.runtimeDir()
	if err != nil {
		return connectors.Spec{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	process, err := connectors.Start(ctx, connectors.Launch{
		Command: command, Checksum: checksum, RuntimeDir: runtimeDir, Name: name,
		Log: slog.New(slog.DiscardHandler), StallTimeout: describeTimeout,
	})
	if err != nil {
		return connectors.Spec{}, err
	}
	spec := process.Spec()
	return spec, process.Stop(ctx)
}

// runtimeDir holds sockets: the daemon's where the data directory's path is
// too long, and those of children.
func (a *app) runtimeDir() (string, error) {
	xdg, _ := a.getenv("XDG_RUNTIME_DIR")
	return control.RuntimeDir(xdg)
}

// bundledCommand re-executes this program as a connector. /proc/self/exe is
// the running file even when another has taken its place on disk.
func bundledCommand(typ string) []string {
	self := "/proc/self/exe"
	if _, err := os.Stat(self); err != nil {
		if self, err = os.Executable(); err != nil {
			self = os.Args[0]
		}
	}
	return []string{self, "connector", typ}
}
