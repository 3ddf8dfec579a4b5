package connectortest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"rollcall/connectors"
)

// parallelFaults is how many lasting faults are shown at once: most of their
// time is spent between tries.
const parallelFaults = 64

// longWait is what a rate limit asks for that a child must not sit out.
const longWait = time.Hour

// lastingFaults checks that a source that fails in one way for ever ends every
// stream in the typed failure that the contract has for it.
func (s *suite) lastingFaults() {
	var group errgroup.Group
	group.SetLimit(parallelFaults)
	var endless sync.Mutex // one at a time: each costs a whole body of memory
	for i, stream := range s.streams() {
		for fault := range outcomes(stream.Name) {
			if slow := fault == TimeOut || fault == SlowBody; slow && i > 0 {
				continue // they cost minutes, and no stream has a clock of its own
			}
			if fault == Forbidden && !s.forbids(stream.Name) {
				continue
			}
			source := s.open(s.serve(Faults{Kinds: []Fault{fault}, Rate: 1, Wait: longWait}.Wrap(s.c.Server())), promptHost{})
			group.Go(func() error {
				if fault == EndlessBody {
					endless.Lock()
					defer endless.Unlock()
				}
				s.lastingFault(source, stream.Name, fault)
				return nil
			})
		}
	}
	_ = group.Wait() // failures are reported where they are found
	select {
	case <-s.process.Done():
		s.Errorf("the child did not survive the faults: %v", s.process.Err())
	default:
	}
}

func (s *suite) forbids(stream string) bool {
	for _, name := range s.c.Forbids {
		if name == stream {
			return true
		}
	}
	return s.c.Forbids == nil
}

func (s *suite) lastingFault(source connectors.Source, stream string, fault Fault) {
	ctx, cancel := context.WithTimeout(s.Context(), s.c.FaultLimit)
	defer cancel()
	batches, err := s.read(ctx, source, stream, nil)
	switch {
	case ctx.Err() != nil:
		s.Errorf("stream %s, %s: not given up on within %s", stream, fault, s.c.FaultLimit)
	case err == nil:
		s.Errorf("stream %s, %s: Read ended well", stream, fault)
	case !outcomes(stream)[fault](err):
		s.Errorf("stream %s, %s: ended in the wrong failure: %T: %v", stream, fault, err, err)
	}
	for _, batch := range batches {
		if len(batch.Records) > 0 {
			s.Errorf("stream %s, %s: %d records came from a source that never answered well", stream, fault, len(batch.Records))
		}
	}
}

// outcomes says for each lasting fault which failure is right.
func outcomes(stream string) map[Fault]func(error) bool {
	transient := func(err error) bool { var e *connectors.Transient; return errors.As(err, &e) }
	limited := func(err error) bool {
		var e *connectors.RateLimited
		return errors.As(err, &e) && time.Until(e.Until) > longWait/2 && time.Until(e.Until) < longWait*2
	}
	forbidden := func(err error) bool { var e *connectors.ErrForbidden; return errors.As(err, &e) && e.Stream == stream }
	return map[Fault]func(error) bool{
		Unauthorized:  func(err error) bool { return errors.Is(err, connectors.ErrUnauthorized) },
		Forbidden:     forbidden,
		RateLimitJSON: limited, RateLimitText: limited, RateLimitHeader: limited,
		ServerError: transient, TimeOut: transient, Reset: transient, CutBody: transient, MalformedJSON: transient,
		WrongType: transient, EmptyBody: transient, EndlessBody: transient, SlowBody: transient,
	}
}

// passingFaults checks that a source that fails now and then is read as if it
// never failed.
func (s *suite) passingFaults() {
	healthy := s.healthy()
	var group errgroup.Group
	for i, stream := range s.streams() {
		faulty := Faults{Kinds: Passing(), Rate: 0.2, Seed: uint64(i) + 1, Nth: map[int]Fault{1: ServerError, 3: CutBody}}.Wrap(s.c.Server())
		source := s.open(s.serve(faulty), promptHost{})
		group.Go(func() error { s.passingFault(healthy, source, stream, faulty); return nil })
	}
	_ = group.Wait() // faults are reported where they are found
}

func (s *suite) passingFault(healthy, source connectors.Source, stream connectors.Stream, faulty *FaultyHandler) {
	whole, got := newLake(stream), newLake(stream)
	whole.store(s.readWell(healthy, stream.Name, nil))
	batches, err := s.read(s.Context(), source, stream.Name, nil)
	if err != nil {
		s.Errorf("stream %s: passing faults (%v) ended the Read: %v", stream.Name, faulty.Injected(), err)
		return
	}
	got.store(batches)
	if fault := got.compare(whole); fault != "" {
		s.Errorf("stream %s: after passing faults (%v): %s", stream.Name, faulty.Injected(), fault)
	}
}

// cancelRequest checks that a cancelled Read ends within a second, and the
// request that it waited for with it.
func (s *suite) cancelRequest() {
	asked, left := make(chan struct{}, 1), make(chan struct{}, 1)
	url := s.serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- struct{}{}
		_, _ = io.Copy(io.Discard, r.Body) // else the server would not notice that the client left
		<-r.Context().Done()
		left <- struct{}{}
	}))
	s.cancelled(s.open(url, promptHost{}), asked)
	select {
	case <-left:
	case <-time.After(time.Second):
		s.Errorf("a second after the Read was cancelled the child still waits for its request")
	}
}

// cancelWait checks that a cancelled Read ends within a second while the
// child waits out a rate limit.
func (s *suite) cancelWait() {
	asked := make(chan struct{}, 100)
	limited := Faults{Kinds: []Fault{RateLimitJSON}, Rate: 1, Wait: 20 * time.Second}.Wrap(http.NotFoundHandler())
	url := s.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		limited.ServeHTTP(w, r)
		asked <- struct{}{}
	}))
	s.cancelled(s.open(url, promptHost{}), asked)
}

// cancelled reads until asked says that the source is being asked, cancels,
// and checks that Read ends in time.
func (s *suite) cancelled(source connectors.Source, asked <-chan struct{}) {
	ctx, cancel := context.WithCancel(s.Context())
	defer cancel()
	ended := make(chan error, 1)
	stream := s.streams()[0].Name
	go func() {
		_, err := s.read(ctx, source, stream, nil)
		ended <- err
	}()
	select {
	case <-asked:
	case err := <-ended:
		s.Fatalf("stream %s: Read ended before it asked the source: %v", stream, err)
	}
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			s.Errorf("stream %s: a cancelled Read ended well", stream)
		}
	case <-time.After(endsWithin):
		s.Errorf("stream %s: a cancelled Read did not end within a second", stream)
	}
}
