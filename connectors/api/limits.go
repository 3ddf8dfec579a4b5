package api

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// Form is how a vendor writes how long to wait. It is stated per vendor,
// since 1700000000 or 1500 alone do not say what they are.
type Form int

// The forms of a wait.
const (
	Seconds           Form = iota // from now, fractions allowed: Retry-After, Discord's retry_after
	Milliseconds                  // from now
	EpochSeconds                  // a point in time: GitHub's X-RateLimit-Reset
	EpochMilliseconds             // a point in time
)

// longestWait bounds what a header can ask for, so that no arithmetic on it
// overflows.
const longestWait = 366 * 24 * time.Hour

// maxSkew is how far a server's clock may be off for its own Date to be the
// better reference for the times it names.
const maxSkew = 12 * time.Hour

// A WaitFunc reads how long a rate-limited answer asks to wait.
type WaitFunc func(header http.Header, body []byte, now time.Time) (wait time.Duration, ok bool)

// WaitHeader reads the wait from a header in the vendor's form.
func WaitHeader(name string, form Form) WaitFunc {
	return func(header http.Header, _ []byte, now time.Time) (time.Duration, bool) {
		return form.wait(header.Get(name), serverTime(header, now))
	}
}

// WaitBody reads the wait from the JSON body at a gjson path, a number or a
// string, in the vendor's form: WaitBody("extras.wait_seconds", Seconds).
func WaitBody(path string, form Form) WaitFunc {
	return func(header http.Header, body []byte, now time.Time) (time.Duration, bool) {
		if tooDeep(body, 100) || !gjson.ValidBytes(body) {
			return 0, false
		}
		return form.wait(at(body, path).String(), serverTime(header, now))
	}
}

// OnStatus takes every answer of that status for a rate limit and the wait
// from the first of waits that finds one, then from Retry-After.
func OnStatus(status int, waits ...WaitFunc) LimitedFunc {
	return func(got int, header http.Header, body []byte, now time.Time) (time.Duration, bool) {
		if got != status {
			return 0, false
		}
		return Wait(header, body, now, waits...), true
	}
}

// AnyLimit joins several ways a vendor tells a rate limit; the first that
// applies decides.
func AnyLimit(ways ...LimitedFunc) LimitedFunc {
	return func(status int, header http.Header, body []byte, now time.Time) (time.Duration, bool) {
		for _, way := range ways {
			if wait, limited := way(status, header, body, now); limited {
				return wait, true
			}
		}
		return 0, false
	}
}

// Wait is the wait that the first of waits finds, else that of Retry-After,
// else 0: for a connector's own LimitedFunc.
func Wait(header http.Header, body []byte, now time.Time, waits ...WaitFunc) time.Duration {
	for _, wait := range append(waits, retryAfter) {
		if d, ok := wait(header, body, now); ok {
			return d
		}
	}
	return 0
}

// BudgetHeaders reads a budget from the header that holds the remaining
// requests and the one that holds the reset, in the vendor's form.
func BudgetHeaders(remaining, reset string, form Form) BudgetFunc {
	return func(header http.Header, now time.Time) (int, time.Time, bool) {
		left, err := strconv.ParseFloat(strings.TrimSpace(header.Get(remaining)), 64)
		wait, ok := form.wait(header.Get(reset), serverTime(header, now))
		if err != nil || !ok || !(left >= 0) || left > math.MaxInt32 {
			return 0, time.Time{}, false
		}
		return int(left), now.Add(wait), true
	}
}

// retryAfter reads the header of RFC 9110 §10.2.3: seconds, of which some
// vendors send fractions, or an HTTP date.
func retryAfter(header http.Header, _ []byte, now time.Time) (time.Duration, bool) {
	value := strings.TrimSpace(header.Get("Retry-After"))
	if wait, ok := Seconds.wait(value, now); ok {
		return wait, true
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	return clamp(date.Sub(serverTime(header, now))), true
}

// serverTime is the time by the server's clock, when it says it and it is
// near ours.
func serverTime(header http.Header, now time.Time) time.Time {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil || date.Sub(now).Abs() > maxSkew {
		return now
	}
	return date
}

func (f Form) wait(text string, now time.Time) (time.Duration, bool) {
	value, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(value) || value < 0 {
		return 0, false
	}
	seconds := value
	switch f {
	case Milliseconds:
		seconds = value / 1e3
	case EpochSeconds:
		seconds = value - float64(now.UnixMilli())/1e3
	case EpochMilliseconds:
		seconds = (value - float64(now.UnixMilli())) / 1e3
	}
	if seconds > longestWait.Seconds() {
		return longestWait, true
	}
	return clamp(time.Duration(seconds * float64(time.Second))), true
}

func clamp(d time.Duration) time.Duration { return min(max(d, 0), longestWait) }
