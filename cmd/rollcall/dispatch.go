package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"

	"rollcall/internal/config"
	"rollcall/internal/control"
)

// perform carries a command out where the database is: in the daemon if one
// runs, else in this process under the data directory's lock. Both ways the
// arguments, events and result cross as JSON and the same code answers.
//
// result, a pointer, is filled even beside an error if something was done.
func (a *app) perform(ctx context.Context, command string, args any, events func(json.RawMessage), result any) error {
	raw, err := a.callDaemon(ctx, command, args, events)
	if errors.Is(err, control.ErrNoDaemon) {
		raw, err = a.performHere(ctx, command, args, events)
	}
	if len(raw) > 0 && string(raw) != "null" && result != nil {
		if decodeErr := json.Unmarshal(raw, result); decodeErr != nil {
			return errors.Join(err, fmt.Errorf("read the result of %s: %w", command, decodeErr))
		}
	}
	return err
}

// client speaks to the daemon of the configured data directory. It needs no
// secrets, so it reads nothing but data_dir.
func (a *app) client() (*control.Client, error) {
	dir, err := config.DataDir(a.findConfig(), a.getenv)
	if err != nil {
		return nil, err
	}
	runtimeDir, err := a.runtimeDir()
	if err != nil {
		return nil, err
	}
	return &control.Client{Socket: control.SocketPath(dir, runtimeDir), Version: version()}, nil
}

func (a *app) callDaemon(ctx context.Context, command string, args any, events func(json.RawMessage)) (json.RawMessage, error) {
	client, err := a.client()
	if err != nil {
		return nil, err
	}
	raw, hello, err := client.Call(ctx, command, args, events)
	if hello != nil && hello.Version != version() {
		fmt.Fprintf(a.stderr, "rollcall: warning: the daemon (pid %d) runs version %s, this is %s: restart it\n", hello.PID, hello.Version, version())
	}
	var failed *control.Error
	if errors.As(err, &failed) {
		err = &exitError{failed.Exit, errors.New(failed.Message)}
	}
	return raw, err
}

func (a *app) performHere(ctx context.Context, command string, args any, events func(json.RawMessage)) (_ json.RawMessage, err error) {
	rawArgs, err := json.Marshal(args)
	if err != nil {
		return nil, err
	}
	cfg, err := a.load(ctx)
	if err != nil {
		return nil, err
	}
	h, err := a.openHost(ctx, cfg, "rollcall "+command, a.logger(quietUnless(cfg.Log)))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	result, err := h.handle(ctx, command, rawArgs, func(event any) {
		if raw, marshalErr := json.Marshal(event); marshalErr == nil && events != nil {
			events(raw)
		}
	})
	raw, marshalErr := json.Marshal(result)
	return raw, errors.Join(err, marshalErr)
}

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" && len(setting.Value) >= 12 {
			return setting.Value[:12]
		}
	}
	return "devel"
}
