package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/sync"
)

func TestRelay_keepsOrderAndNeverWaitsForItsCaller(t *testing.T) {
	stuck, reads := make(chan struct{}), make(chan struct{})
	var got []int64
	offer, drain := relay(func(event any) {
		if len(got) == 0 {
			close(stuck)
			<-reads
		}
		got = append(got, event.(sync.Event).Records)
	})
	offer(sync.Event{Records: 1})
	<-stuck
	for i := range int64(3 * maxRelayed) {
		offer(sync.Event{Records: i + 2})
	}
	close(reads)
	drain()
	require.Len(t, got, maxRelayed+1, "what came while too many waited is left out")
	require.IsIncreasing(t, got)
	offer(sync.Event{}) // one that was on its way when the listener left
}
