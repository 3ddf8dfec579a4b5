package sync

import (
	"time"

	"rollcall/connectors"
)

// estimate says when a backfill will be done. It measures this run's own pace
// from its second report on, and until then goes by the pace of the run
// before, so that an interruption does not lose it.
type estimate struct {
	done, total    int64
	secondsPerUnit float64 // 0: not known
	finish         time.Time
	started        bool
	firstDone      int64
	firstAt        time.Time
}

func (e *estimate) update(now time.Time, p connectors.Progress) {
	if p == (connectors.Progress{}) {
		return
	}
	e.done, e.total = p.Done, p.Total
	switch {
	case !e.started:
		e.started, e.firstDone, e.firstAt = true, p.Done, now
	case p.Done > e.firstDone && now.After(e.firstAt):
		e.secondsPerUnit = now.Sub(e.firstAt).Seconds() / float64(p.Done-e.firstDone)
	}
	e.finish = p.Finish
	if left := p.Total - p.Done; e.finish.IsZero() && p.Total > 0 && left >= 0 && e.secondsPerUnit > 0 {
		e.finish = now.Add(time.Duration(float64(left) * e.secondsPerUnit * float64(time.Second)))
	}
}
