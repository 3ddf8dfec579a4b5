package connectors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"rollcall/connectors/wire"
)

// deathGrace is between a broken connection and the news of the child's end.
const deathGrace = 2 * time.Second

// remoteSource is a source inside a child, seen from the host.
type remoteSource struct {
	process *Process
	id      uint64
	host    Host
}

func (s *remoteSource) Check(ctx context.Context) (Access, error) {
	t, err := s.begin(ctx, "Check", s.process.stub.Check, &wire.Start{Source: s.id})
	if err != nil {
		return Access{}, err
	}
	defer t.close()
	if err := t.serve(ctx, nil); err != nil {
		return Access{}, err
	}
	if t.access == nil {
		return Access{}, t.bug("Check ended without an answer")
	}
	return accessFromWire(t.access), nil
}

func (s *remoteSource) Read(ctx context.Context, stream string, cursor Cursor, emit func(Batch) error) error {
	start := &wire.Start{Source: s.id, Stream: stream, Cursor: cursor, HasCursor: cursor != nil}
	t, err := s.begin(ctx, "Read "+stream, s.process.stub.Read, start)
	if err != nil {
		return err
	}
	defer t.close()
	return t.serve(ctx, emit)
}

type openStream func(context.Context, ...grpc.CallOption) (grpc.BidiStreamingClient[wire.HostMessage, wire.SourceMessage], error)

// begin opens the call. It outlives ctx by cancelGrace, so that a child can be
// seen to obey.
func (s *remoteSource) begin(ctx context.Context, name string, open openStream, start *wire.Start) (*talk, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	own, reset := context.WithCancel(context.WithoutCancel(ctx))
	stream, err := open(own, grpc.ForceCodecV2(newFrameCodec()))
	if err == nil {
		err = stream.Send(&wire.HostMessage{Message: &wire.HostMessage_Start{Start: start}})
	}
	if errors.Is(err, io.EOF) { // the call is over already; receiving says why
		_, err = stream.Recv()
	}
	if err != nil {
		reset()
		return nil, s.process.callError(ctx, name, err)
	}
	t := &talk{source: s, name: name, stream: stream, reset: reset, call: s.process.watch.enter(name),
		asked: make(chan struct{}, maxAsked), batches: make(chan *sourceFrame, 1)}
	t.stored.Store(true)
	t.host, t.release = context.WithCancel(ctx)
	go t.receive()
	return t, nil
}

// accept holds a batch of any implementation to the contract.
func (p *Process) accept(b *Batch) error {
	if bug := checkBatch(*b); bug != nil {
		bug.Name = p.name
		return bug
	}
	kept := b.Records[:0]
	for _, r := range b.Records {
		if reject, ok := rejectOf(r); ok {
			b.Rejects = append(b.Rejects, reject)
		} else {
			kept = append(kept, r)
		}
	}
	b.Records = kept
	return nil
}

// callError is the error of a call as the host's code sees it.
func (p *Process) callError(ctx context.Context, name string, err error) error {
	if failure := failureIn(err); failure != nil {
		failure.Message = p.redact.text(failure.GetMessage())
		return errorOf(failure, p.name)
	}
	if died := p.Err(); died != nil {
		return died
	}
	st := status.Convert(err)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	broken := st.Code() == codes.Unavailable
	if broken || st.Code() == codes.Canceled { // what gRPC says of a dead child
		if p.child.gone(ctx, deathGrace) {
			return p.Err()
		}
	}
	if broken {
		p.child.kill(p.child.hangReason(fmt.Sprintf("broke its connection during %s", name)))
		return &Died{Name: p.name, Reason: p.child.reason()}
	}
	return &Bug{Name: p.name, Reason: fmt.Sprintf("%s: %s: %s", name, st.Code(), shorten(p.redact.text(st.Message()), maxMessageBytes))}
}
