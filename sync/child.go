package sync

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"rollcall/connectors"
	"rollcall/internal/config"
)

// A child is the process of one instance's connector and the source opened in
// it, started when first needed.
type child struct {
	engine  *Engine
	config  config.Connector
	process *connectors.Process
	source  connectors.Source
}

// open returns the instance's source, starting the process if there is none.
func (c *child) open(ctx context.Context) (connectors.Source, error) {
	if c.source != nil {
		return c.source, nil
	}
	cfg := c.engine.config()
	command := c.config.Command
	if len(command) == 0 {
		command = c.engine.opts.Bundled(c.config.Type)
	}
	process, err := connectors.Start(ctx, connectors.Launch{
		Command: command, Checksum: c.config.Checksum, RuntimeDir: filepath.Join(cfg.DataDir, "run"),
		MemoryLimit: c.config.MemoryLimit, StallTimeout: c.config.StallTimeout, Log: c.engine.opts.Log,
		Secrets: c.config.Secrets, Name: c.config.Type + "." + c.config.Name,
	})
	if err != nil {
		return nil, &startError{err}
	}
	saved := tokens{cfg.KeysDir()}
	settings, err := saved.settings(c.config.Type, c.config.Name, c.config.Settings)
	if err == nil {
		c.source, err = process.Open(ctx, settings, &host{permits: c.engine.permits, config: c.config, tokens: saved})
	}
	c.process = process
	if err != nil {
		c.drop(ctx)
		return nil, err
	}
	return c.source, nil
}

// checkTimeout bounds how long a source may take to say whether it is there.
const checkTimeout = 30 * time.Second

// reachable asks the source for its cheapest answer, and tells one that is
// down from one in which a single stream fails.
func (c *child) reachable(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	source, err := c.open(ctx)
	if err != nil {
		return false
	}
	_, err = source.Check(ctx)
	var transient *connectors.Transient
	return !errors.As(err, &transient) && ctx.Err() == nil
}

// drop ends the process; the next open starts another.
func (c *child) drop(ctx context.Context) {
	if c.process == nil {
		return
	}
	if err := c.process.Stop(context.WithoutCancel(ctx)); err != nil {
		c.engine.opts.Log.Warn("connector did not stop as asked", "connector", c.config.Type, "instance", c.config.Name, "err", err)
	}
	c.process, c.source = nil, nil
}

// A startError is a connector's process that cannot be started.
type startError struct{ err error }

func (e *startError) Error() string { return e.err.Error() }

func (e *startError) Unwrap() error { return e.err }
