package connectors

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"rollcall/connectors/wire"
)

const (
	cancelGrace = time.Second // a cancelled call may take so long to end
	maxAsked    = 64          // requests of one call that wait for the host
)

// A talk is one Check or Read, seen from the host.
type talk struct {
	source  *remoteSource
	name    string
	stream  grpc.BidiStreamingClient[wire.HostMessage, wire.SourceMessage]
	reset   context.CancelFunc // ends the call at once
	call    *call
	host    context.Context // of the host's services to this call
	release context.CancelFunc

	sending sync.Mutex     // gRPC allows one sender
	asked   chan struct{}  // one token for each request the host works on
	working sync.WaitGroup // those requests
	batches chan *sourceFrame
	stored  atomic.Bool           // no batch is unacknowledged
	refused atomic.Pointer[error] // the first permit or token the host could not give
	ended   error                 // how the child ended the call; read once batches is closed
	access  *wire.Access
}

func (t *talk) close() {
	t.release()
	t.reset()
	for range t.batches { // until nothing more is received
	}
	t.working.Wait()
	t.source.process.watch.leave(t.call)
}

// serve takes the child's batches until it ends the call.
func (t *talk) serve(ctx context.Context, emit func(Batch) error) error {
	for {
		select {
		case <-ctx.Done():
			return t.cancel(ctx.Err())
		case frame, open := <-t.batches:
			if !open {
				return t.result(ctx)
			}
			if emit == nil {
				return t.bug("sent a batch during Check")
			}
			t.call.owe()
			err := emit(*frame.batch)
			t.call.paid()
			if err != nil {
				return t.refuse(frame.id, err)
			}
			t.stored.Store(true)
			t.send(&wire.HostMessage{Message: &wire.HostMessage_Stored{Stored: &wire.Stored{Id: frame.id}}})
		}
	}
}

func (t *talk) result(ctx context.Context) error {
	var bug *Bug
	switch {
	case errors.Is(t.ended, io.EOF):
		return nil
	case errors.As(t.ended, &bug):
		return bug
	}
	if refused := t.refused.Load(); refused != nil && failureIn(t.ended).GetKind() == wire.Failure_REFUSED {
		return *refused
	}
	return t.source.process.callError(ctx, t.name, t.ended)
}

// refuse tells the child that a batch was not stored and waits for it to end
// the call. The host's own error is the result.
func (t *talk) refuse(id uint64, err error) error {
	t.send(&wire.HostMessage{Message: &wire.HostMessage_Refused{
		Refused: &wire.Refused{Id: id, Error: t.words(err)}}})
	t.awaitEnd("the host refused a batch")
	return err
}

// cancel ends the call by closing the host's side of it.
func (t *talk) cancel(why error) error {
	t.sending.Lock()
	_ = t.stream.CloseSend() // fails when the call is over, which is as well
	t.sending.Unlock()
	if !t.awaitEnd("it was cancelled") {
		return fmt.Errorf("connector %s ignored the end of %s for %s: %w", t.source.process.name, t.name, cancelGrace, why)
	}
	return why
}

// awaitEnd waits for the child to end the call, as it must within a second.
func (t *talk) awaitEnd(after string) bool {
	timer := time.NewTimer(cancelGrace)
	defer timer.Stop()
	for {
		select {
		case _, open := <-t.batches: // too late to be stored
			if !open {
				return true
			}
		case <-timer.C:
			t.source.process.log.Warn("connector does not end a call", "call", t.name, "after", after, "waited", cancelGrace)
			return false
		}
	}
}

// receive reads what comes up until the call ends.
func (t *talk) receive() {
	defer close(t.batches)
	for {
		frame := &sourceFrame{}
		if err := t.stream.RecvMsg(frame); err != nil {
			t.ended = err
			return
		}
		if err := t.take(frame); err != nil {
			t.ended = err
			t.reset()
			return
		}
	}
}

// take handles one message; its error is a breach of the contract.
func (t *talk) take(frame *sourceFrame) error {
	if frame.batch != nil {
		if err := t.source.process.accept(frame.batch); err != nil {
			return err
		}
		if !t.stored.CompareAndSwap(true, false) {
			return t.bug("sent a batch before the last one was stored")
		}
		t.batches <- frame // has room: the last one was taken
		return nil
	}
	switch m := frame.other.GetMessage().(type) {
	case *wire.SourceMessage_PermitRequest:
		return t.work(func() error {
			cost := int(min(max(m.PermitRequest.GetCost(), 1), 1<<30))
			return t.source.host.Wait(t.host, m.PermitRequest.GetBucket(), cost)
		}, func(text string) *wire.HostMessage {
			return &wire.HostMessage{Message: &wire.HostMessage_Permit{Permit: &wire.Permit{Id: m.PermitRequest.GetId(), Error: text}}}
		})
	case *wire.SourceMessage_Token:
		return t.work(func() error {
			// A token that is lost cannot be refreshed again: the end of the
			// call does not stop it being saved.
			return t.source.host.SaveToken(context.WithoutCancel(t.host), m.Token.GetToken())
		}, func(text string) *wire.HostMessage {
			return &wire.HostMessage{Message: &wire.HostMessage_TokenSaved{TokenSaved: &wire.TokenSaved{Id: m.Token.GetId(), Error: text}}}
		})
	case *wire.SourceMessage_Budget:
		remaining := int(min(max(m.Budget.GetRemaining(), 0), 1<<30))
		t.source.host.Report(t.host, m.Budget.GetBucket(), remaining, timeOrZero(m.Budget.GetResetUnixUs()))
	case *wire.SourceMessage_Access:
		t.access = m.Access
	}
	return nil // an unknown message is one of a later minor version
}

// work does what the child asked for beside the batches and answers it.
func (t *talk) work(do func() error, answer func(string) *wire.HostMessage) error {
	select {
	case t.asked <- struct{}{}:
	default:
		return t.bug(fmt.Sprintf("has more than %d requests waiting for the host", maxAsked))
	}
	t.call.owe()
	t.working.Go(func() {
		text := ""
		if err := do(); err != nil {
			t.refused.CompareAndSwap(nil, &err)
			text = t.words(err)
		}
		t.call.paid()
		<-t.asked
		t.send(answer(text))
	})
	return nil
}

func (t *talk) send(m *wire.HostMessage) {
	t.sending.Lock()
	defer t.sending.Unlock()
	_ = t.stream.Send(m) // the call is over; receive learns why
}

// words is an error as the child may see it; it is never empty, which would
// mean that all went well.
func (t *talk) words(err error) string {
	text := t.source.process.redact.text(strings.ToValidUTF8(err.Error(), "\uFFFD"))
	if text == "" {
		text = "refused"
	}
	return shorten(text, maxMessageBytes)
}

func (t *talk) bug(reason string) error {
	return &Bug{Name: t.source.process.name, Reason: t.name + ": " + reason}
}
