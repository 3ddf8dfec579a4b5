package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"rollcall/transforms"
)

// buildTry is the daemon's last build or publication that failed; zero after
// one that did not.
type buildTry struct {
	Error string
	Next  time.Time
}

func (h *host) noteTry(try buildTry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lastTry = try
}

// buildState is the last build and release in `status`.
type buildState struct {
	Build        string        `json:"build,omitempty"`
	Status       string        `json:"status,omitempty"` // unfinished, built, passed or failed
	Finished     time.Time     `json:"finished,omitzero"`
	FailedChecks []checkResult `json:"failed_checks,omitempty"`
	Error        string        `json:"error,omitempty"` // why the daemon's last try ended
	Next         time.Time     `json:"next_try,omitzero"`
	Release      string        `json:"release,omitempty"` // what readers see
	Released     time.Time     `json:"released,omitzero"`
}

func (h *host) buildState(ctx context.Context) (buildState, error) {
	h.mu.Lock()
	try := h.lastTry
	h.mu.Unlock()
	state := buildState{Error: try.Error, Next: try.Next}
	last, err := transforms.LastBuild(ctx, h.db)
	if err != nil {
		return state, err
	}
	if last != nil {
		state.Build, state.Status, state.Finished = last.ID, string(last.Status), last.Finished
		for _, check := range last.Checks {
			if check.Failed() {
				state.FailedChecks = append(state.FailedChecks, checkOf(check))
			}
		}
	}
	release, err := transforms.LastRelease(h.config().PublishedDir())
	if release != nil {
		state.Release, state.Released = release.BuildID, release.ReleasedAt
	}
	return state, err
}

// print writes one line about the last build and one about the release.
func (s buildState) print(w io.Writer) error {
	text := "build: none yet"
	if s.Build != "" {
		text = fmt.Sprintf("build: %s %s %s", s.Build, s.Status, moment(s.Finished))
	}
	var failed []string
	for _, check := range s.FailedChecks {
		failed = append(failed, fmt.Sprintf("%s (%s rows)", check.Name, count(check.Rows)))
	}
	if len(failed) > 0 {
		text += ", checks failed: " + strings.Join(failed, ", ")
	} else if s.Error != "" {
		text += ", the last try failed: " + inLine(s.Error)
	}
	if !s.Next.IsZero() {
		text += ", next try " + moment(s.Next)
	}
	published := "published: nothing yet"
	if s.Release != "" {
		published = fmt.Sprintf("published: %s %s", s.Release, moment(s.Released))
	}
	_, err := fmt.Fprintf(w, "\n%s\n%s\n", text, published)
	return err
}
