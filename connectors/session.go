package connectors

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"rollcall/connectors/wire"
)

// permitPatience is how long a permit may take before what was read meanwhile
// is sent to be stored. A permit that is free takes 0.3 ms.
const permitPatience = 5 * time.Millisecond

// hostStream is the child's end of Check or Read.
type hostStream interface {
	SendMsg(any) error
	Recv() (*wire.HostMessage, error)
}

// A session is one running Check or Read inside the child: it numbers what
// goes up and hands each answer to whoever waits for it.
type session struct {
	stream  hostStream
	joiner  atomic.Pointer[joiner]
	request atomic.Pointer[string] // last request, "GET /posts.json"

	sending sync.Mutex // gRPC allows one sender

	mu      sync.Mutex
	lastID  uint64
	waiting map[uint64]chan error
	gone    error // why no answer will come any more
}

type sessionKey struct{}

func newSession(stream hostStream) *session {
	return &session{stream: stream, waiting: map[uint64]chan error{}}
}

// sessionOf is the session that a context of Check or Read belongs to.
func sessionOf(ctx context.Context) *session {
	s, _ := ctx.Value(sessionKey{}).(*session)
	return s
}

// NoteRequest remembers the request a source is about to make, so that a bug
// is reported with it. ctx is the one Check or Read was given or one made from
// it; path goes without its query.
func NoteRequest(ctx context.Context, method, path string) {
	if s := sessionOf(ctx); s != nil {
		request := method + " " + path
		s.request.Store(&request)
	}
}

func (s *session) lastRequest() string {
	if request := s.request.Load(); request != nil {
		return *request
	}
	return ""
}

// receive hands out the host's answers until the stream ends, which cancels
// the call: the host ends its side to say so.
func (s *session) receive(cancel context.CancelFunc) {
	defer cancel()
	for {
		message, err := s.stream.Recv()
		if err != nil {
			s.leave(context.Canceled)
			return
		}
		switch m := message.GetMessage().(type) {
		case *wire.HostMessage_Stored:
			s.answer(m.Stored.GetId(), nil)
		case *wire.HostMessage_Refused:
			s.answer(m.Refused.GetId(), fmt.Errorf("%w a batch: %s", errRefused, m.Refused.GetError()))
		case *wire.HostMessage_Permit:
			s.answer(m.Permit.GetId(), outcome("a permit", m.Permit.GetError()))
		case *wire.HostMessage_TokenSaved:
			s.answer(m.TokenSaved.GetId(), outcome("to save a token", m.TokenSaved.GetError()))
		}
	}
}

// outcome is the answer to a request: no text means that it was granted.
func outcome(request, text string) error {
	if text == "" {
		return nil
	}
	return fmt.Errorf("%w %s: %s", errRefused, request, text)
}

func (s *session) answer(id uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if waiting, ok := s.waiting[id]; ok {
		delete(s.waiting, id)
		waiting <- err
	}
}

func (s *session) leave(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = why
	for id, waiting := range s.waiting {
		delete(s.waiting, id)
		waiting <- why
	}
}

// ask sends the message that build makes of a new id and returns the channel
// of its answer.
func (s *session) ask(build func(id uint64) any) (<-chan error, error) {
	answer := make(chan error, 1)
	s.mu.Lock()
	if s.gone != nil {
		s.mu.Unlock()
		return nil, s.gone
	}
	s.lastID++
	id := s.lastID
	s.waiting[id] = answer
	s.mu.Unlock()
	return answer, s.send(build(id))
}

func (s *session) send(message any) error {
	s.sending.Lock()
	defer s.sending.Unlock()
	return s.stream.SendMsg(message)
}

// emit sends a joined batch and waits until the host has stored it.
func (s *session) emit(b Batch) error {
	answer, err := s.ask(func(id uint64) any { return &batchFrame{id: id, batch: &b} })
	if err != nil {
		return err
	}
	return <-answer
}

// childHost is the Host a source inside the child is given. Its requests
// travel on the stream of the call that ctx belongs to.
type childHost struct {
	mu   sync.Mutex
	live map[*session]struct{} // calls of this source
}

var errNoCall = errors.New("asked the host outside of Check and Read")

// session is that of ctx; a source that lost its context on the way is served
// over any call it has running.
func (h *childHost) session(ctx context.Context) (*session, error) {
	if s := sessionOf(ctx); s != nil {
		return s, nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.live {
		return s, nil
	}
	return nil, &Bug{Reason: errNoCall.Error()}
}

func (h *childHost) enter(s *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.live[s] = struct{}{}
}

func (h *childHost) leave(s *session) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.live, s)
}

func (h *childHost) Wait(ctx context.Context, bucket string, cost int) error {
	s, err := h.session(ctx)
	if err != nil {
		return err
	}
	answer, err := s.ask(func(id uint64) any {
		return &wire.SourceMessage{Message: &wire.SourceMessage_PermitRequest{
			PermitRequest: &wire.PermitRequest{Id: id, Bucket: bucket, Cost: int64(cost)}}}
	})
	if err != nil {
		return err
	}
	patience := time.NewTimer(permitPatience)
	defer patience.Stop()
	for {
		select {
		case err := <-answer:
			return err
		case <-ctx.Done():
			return ctx.Err()
		case <-patience.C:
			if j := s.joiner.Load(); j != nil {
				j.flush()
			}
		}
	}
}

func (h *childHost) SaveToken(ctx context.Context, token []byte) error {
	s, err := h.session(ctx)
	if err != nil {
		return err
	}
	answer, err := s.ask(func(id uint64) any {
		return &wire.SourceMessage{Message: &wire.SourceMessage_Token{Token: &wire.Token{Id: id, Token: token}}}
	})
	if err != nil {
		return err
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (h *childHost) Report(ctx context.Context, bucket string, remaining int, reset time.Time) {
	s, err := h.session(ctx)
	if err != nil {
		return
	}
	remaining = max(0, min(remaining, math.MaxInt32))
	// A budget that cannot be sent is lost with the call; the call says why.
	_ = s.send(&wire.SourceMessage{Message: &wire.SourceMessage_Budget{
		Budget: &wire.Budget{Bucket: bucket, Remaining: int64(remaining), ResetUnixUs: microsOrZero(reset)}}})
}
