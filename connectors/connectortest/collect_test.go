package connectortest

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
)

// A collector is a test whose failures are collected instead of reported: it
// proves that a check can fail.
type collector struct {
	testing.TB // for TempDir, Context and the like

	mu       sync.Mutex
	failures []string
	cleanups []func()
}

// collect runs fn as a test of its own and returns what it reported.
func collect(t *testing.T, fn func(t testing.TB)) *collector {
	t.Helper()
	c := &collector{TB: t}
	done := make(chan struct{})
	go func() { // FailNow ends its goroutine
		defer close(done)
		defer c.cleanUp()
		fn(c)
	}()
	<-done
	return c
}

func (c *collector) cleanUp() {
	for i := len(c.cleanups) - 1; i >= 0; i-- {
		c.cleanups[i]()
	}
}

func (c *collector) report(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failures = append(c.failures, text)
}

func (c *collector) Helper()                           {}
func (c *collector) Cleanup(fn func())                 { c.cleanups = append(c.cleanups, fn) }
func (c *collector) Error(args ...any)                 { c.report(fmt.Sprint(args...)) }
func (c *collector) Errorf(format string, args ...any) { c.report(fmt.Sprintf(format, args...)) }
func (c *collector) Fail()                             { c.report("failed") }
func (c *collector) FailNow()                          { c.report("failed now"); runtime.Goexit() }
func (c *collector) Fatal(args ...any)                 { c.Error(args...); runtime.Goexit() }
func (c *collector) Fatalf(format string, args ...any) { c.Errorf(format, args...); runtime.Goexit() }
func (c *collector) Failed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.failures) > 0
}
