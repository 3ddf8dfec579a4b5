package sync

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	gosync "sync"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/internal/config"
)

// permits holds the request budgets: one set of buckets per credential, so
// that two instances with one key do not spend it twice.
type permits struct {
	clock   Clock
	mu      gosync.Mutex
	buckets map[string]*bucket
}

func newPermits(clock Clock) *permits { return &permits{clock: clock, buckets: map[string]*bucket{}} }

// fingerprint tells credentials apart without keeping them: the connector's
// type, its secrets and the server they are for.
func fingerprint(c config.Connector) string {
	hash := sha256.New()
	secrets := slices.Sorted(slices.Values(c.Secrets))
	for _, part := range append([]string{c.Type, gjson.GetBytes(c.Settings, "url").String()}, secrets...) {
		hash.Write([]byte(part))
		hash.Write([]byte{0})
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// bucket returns the budget of that name for the instance's credentials. A
// bucket that neither the connector nor the operator gave a rate is unlimited
// until a budget is reported.
func (p *permits) bucket(c config.Connector, name string) *bucket {
	p.mu.Lock()
	defer p.mu.Unlock()
	id := fingerprint(c) + "/" + name
	b := p.buckets[id]
	if b == nil {
		b = &bucket{clock: p.clock, head: make(chan struct{}, 1)}
		p.buckets[id] = b
	}
	var limit, burst int
	var per time.Duration
	for _, declared := range c.Spec.Buckets {
		if declared.Name == name {
			limit, per, burst = declared.Limit, declared.Per, declared.Burst
		}
	}
	if rate, ok := c.Rates[name]; ok {
		limit, per = rate.Limit, rate.Per
	}
	b.setRate(limit, per, burst)
	return b
}

// A bucket grants permits in the order they were asked for.
type bucket struct {
	clock Clock
	head  chan struct{} // held by whoever is first in line

	mu     gosync.Mutex
	every  time.Duration // one permit per; 0: no rate
	burst  float64
	tokens float64
	filled time.Time

	remaining int // reported by the source, until reset
	reset     time.Time
}

func (b *bucket) setRate(limit int, per time.Duration, burst int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if limit <= 0 || per <= 0 {
		return
	}
	every := per / time.Duration(limit)
	size := float64(max(burst, 1))
	if b.every == every && b.burst == size {
		return
	}
	if b.every == 0 {
		b.tokens, b.filled = size, b.clock.Now()
	}
	b.every, b.burst = every, size
	b.tokens = min(b.tokens, size)
}

// report notes a budget learned from a response. Of two reports for one
// window the smaller counts, since answers may cross each other.
func (b *bucket) report(remaining int, reset time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if sameWindow := b.clock.Now().Before(b.reset) && reset.Sub(b.reset).Abs() < 2*time.Second; sameWindow {
		remaining = min(remaining, b.remaining)
	}
	b.remaining, b.reset = remaining, reset
}

// wait returns when cost permits are granted.
func (b *bucket) wait(ctx context.Context, cost int) error {
	select {
	case b.head <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-b.head }()
	for {
		delay := b.take(max(cost, 1))
		if delay == 0 {
			return ctx.Err()
		}
		if err := b.clock.Sleep(ctx, delay); err != nil {
			return err
		}
	}
}

// take spends the permits and returns 0, or says how long to wait.
func (b *bucket) take(cost int) time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.clock.Now()
	budgeted := now.Before(b.reset)
	if budgeted && b.remaining < cost {
		return b.reset.Sub(now)
	}
	if b.every > 0 {
		size := max(b.burst, float64(cost)) // a cost above the burst waits until it has gathered
		b.tokens = min(size, b.tokens+float64(now.Sub(b.filled))/float64(b.every))
		b.filled = now
		if missing := float64(cost) - b.tokens; missing > 1e-9 {
			return max(time.Duration(missing*float64(b.every)), time.Microsecond)
		}
		b.tokens -= float64(cost)
	}
	if budgeted {
		b.remaining -= cost
	}
	return 0
}

// host is what one instance's child may ask of the daemon.
type host struct {
	permits *permits
	config  config.Connector
	tokens  tokens
}

var _ connectors.Host = (*host)(nil)

func (h *host) SaveToken(_ context.Context, token []byte) error {
	return h.tokens.save(h.config.Type, h.config.Name, token)
}

func (h *host) Wait(ctx context.Context, bucket string, cost int) error {
	return h.permits.bucket(h.config, bucket).wait(ctx, cost)
}

func (h *host) Report(_ context.Context, bucket string, remaining int, reset time.Time) {
	h.permits.bucket(h.config, bucket).report(remaining, reset)
}
