package main

import "rollcall/sync"

// maxRelayed is how many events may wait for a caller that reads slowly.
const maxRelayed = 1024

// relay passes the engine's events to emit from a goroutine of its own, and
// leaves out what comes while too many wait: a caller that no longer reads,
// such as a command line stopped by Ctrl-Z, must not hold up the syncs it
// watches. drain passes the rest on and ends.
func relay(emit func(any)) (offer func(sync.Event), drain func()) {
	events, last, drained := make(chan sync.Event, maxRelayed), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(drained)
		for {
			select {
			case event := <-events:
				emit(event)
			case <-last:
				for range len(events) {
					emit(<-events)
				}
				return
			}
		}
	}()
	offer = func(event sync.Event) {
		select {
		case events <- event:
		default:
		}
	}
	return offer, func() { close(last); <-drained }
}
