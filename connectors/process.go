package connectors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	plugin "github.com/hashicorp/go-plugin"

	"rollcall/connectors/wire"
)

const (
	healthTimeout = time.Second            // a child that does not answer so long is ended by force
	shutdownGrace = 600 * time.Millisecond // between Shutdown and force
	killGrace     = 300 * time.Millisecond // the kernel's own time to end a group
)

// A Process is a running connector, seen from the host. It implements
// [Connector]; the sources it opens end with it.
type Process struct {
	name   string
	log    *slog.Logger
	redact *redactor
	child  *child
	watch  *watch
	client *plugin.Client
	grpc   plugin.ClientProtocol
	stub   wire.ConnectorClient
	spec   Spec

	stopping sync.Mutex
}

// Spec is what the connector says of itself.
func (p *Process) Spec() Spec { return p.spec }

// PID is the child's process id, which is also its process group.
func (p *Process) PID() int { return p.child.pid }

// Done is closed when the child is gone.
func (p *Process) Done() <-chan struct{} { return p.child.exited }

// Err is nil while the child lives and the *Died of its calls afterwards.
func (p *Process) Err() error {
	if p.child.running() {
		return nil
	}
	return &Died{Name: p.name, Reason: p.child.reason()}
}

// RSS is the resident size in bytes of the child's process group when last
// looked at, and the largest seen.
func (p *Process) RSS() (now, peak int64) { return p.watch.resident() }

// CPUTime is what the child has used so far, user and system.
func (p *Process) CPUTime() time.Duration { return p.child.cpuTime() }

// Open checks the settings' form in the child and returns the source of one
// instance.
func (p *Process) Open(ctx context.Context, settings Settings, host Host) (Source, error) {
	call := p.watch.enter("Open")
	defer p.watch.leave(call)
	response, err := p.stub.Open(ctx, &wire.OpenRequest{Settings: settings})
	if err != nil {
		return nil, p.callError(ctx, "open", err)
	}
	return &remoteSource{process: p, id: response.GetSource(), host: host}, nil
}

func (p *Process) describe(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	response, err := p.stub.Describe(limited, &wire.DescribeRequest{})
	if err != nil {
		if limited.Err() != nil && ctx.Err() == nil {
			return &Bug{Name: p.name, Reason: fmt.Sprintf("did not answer Describe within %s", describeTimeout)}
		}
		return p.callError(ctx, "describe", err)
	}
	p.spec = specFromWire(response)
	if err := p.spec.Validate(); err != nil {
		return &Bug{Name: p.name, Reason: "its description cannot be used: " + shorten(p.redact.text(err.Error()), maxMessageBytes)}
	}
	return nil
}

// Stop ends the child: by Shutdown, or by force where it does not answer
// within a second or go within another. It returns when the child is gone,
// at the latest after two seconds, and may be called again.
func (p *Process) Stop(ctx context.Context) error {
	p.stopping.Lock()
	defer p.stopping.Unlock()
	if !p.child.running() {
		return nil
	}
	if err := p.healthy(ctx); err != nil {
		p.child.kill(p.child.hangReason(fmt.Sprintf("failed its health check: %s", p.redact.text(err.Error()))))
		p.log.Warn("connector ended by force", "reason", p.child.reason())
	} else {
		p.child.expect("stopped by the host")
		go p.client.Kill() // Shutdown; has no deadline of its own
		if !p.child.gone(ctx, shutdownGrace) {
			p.child.kill("stopped by the host")
		}
	}
	if !p.child.gone(context.Background(), killGrace) {
		return fmt.Errorf("connector %s: process %d does not end", p.name, p.child.pid)
	}
	return nil
}

func (p *Process) healthy(ctx context.Context) error {
	timer := time.NewTimer(healthTimeout)
	defer timer.Stop()
	answer := make(chan error, 1)
	go func() { answer <- p.grpc.Ping() }() // ends with the connection at the latest
	select {
	case err := <-answer:
		return err
	case <-timer.C:
		return fmt.Errorf("no answer within %s", healthTimeout)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stopAfter ends a child that started but cannot be used.
func (p *Process) stopAfter(err error) {
	if stopErr := p.Stop(context.Background()); stopErr != nil {
		p.log.Warn("connector cannot be used and does not end", "err", errors.Join(err, stopErr))
	}
}

// cleanUp removes what a child leaves behind, however it ended.
func (p *Process) cleanUp() {
	<-p.child.exited
	p.client.Kill()
	p.child.forget()
}
