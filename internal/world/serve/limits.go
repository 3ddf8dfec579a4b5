package serve

import (
	"sync"
	"time"
)

// A window grants so many requests in a fixed stretch of time, as Discourse
// counts by the minute and GitHub by the hour.
type window struct {
	options *Options
	per     time.Duration

	mu    sync.Mutex
	began time.Time
	used  int
}

// take grants a request of that cost, or says how many seconds are left until
// it will.
func (l *window) take(cost int) (wait int) {
	if l.options.Limit == 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.options.clock()
	if now.Sub(l.began) >= l.per {
		l.began, l.used = now, 0
	}
	if l.used+cost > l.options.Limit {
		return int((l.began.Add(l.per).Sub(now) + time.Second - 1) / time.Second)
	}
	l.used += cost
	return 0
}
