package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"rollcall/sync"
)

// progress shows a sync while it runs: one moving line on a terminal, else a
// line for each stream that ends. With --json it is silent.
type progress struct {
	out  io.Writer
	bar  *progressbar.ProgressBar // nil: plain lines
	seen map[string]int64         // records so far by stream
}

func (a *app) newProgress() *progress {
	p := &progress{out: a.stderr, seen: map[string]int64{}}
	switch {
	case a.json:
		p.out = io.Discard
	case a.terminal:
		p.bar = progressbar.NewOptions64(-1,
			progressbar.OptionSetWriter(a.stderr),
			progressbar.OptionSetDescription("syncing"),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("records"),
			progressbar.OptionSpinnerType(14),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish())
	}
	return p
}

// raw takes an event as it crossed the socket.
func (p *progress) raw(raw json.RawMessage) {
	if event, ok := decodeEvent(raw); ok {
		p.show(event)
	}
}

func (p *progress) show(event sync.Event) {
	name := event.Instance + "/" + event.Stream
	if p.bar == nil {
		if event.Ended && event.Outcome != nil {
			fmt.Fprintln(p.out, plainEnd(*event.Outcome))
		}
		return
	}
	if event.Ended {
		delete(p.seen, name)
		return
	}
	fresh := event.Records - p.seen[name]
	p.seen[name] = event.Records
	p.bar.Describe(name + percent(event))
	_ = p.bar.Add64(max(fresh, 0)) // a bar that cannot be drawn is no fault of the sync
}

func percent(event sync.Event) string {
	if event.Total <= 0 {
		return ""
	}
	return fmt.Sprintf(" %d%%", min(100, 100*event.Done/event.Total))
}

func plainEnd(o sync.Outcome) string {
	line := fmt.Sprintf("%s/%s: %s, %s records, %s new", o.Instance, o.Stream, o.Status, count(o.Records), count(o.Appended))
	if why := resultOf(o).why(); why != "" {
		line += ": " + inLine(why)
	}
	return line
}

func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish() // see show
	}
}
