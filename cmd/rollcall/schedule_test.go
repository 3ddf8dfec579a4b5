package main

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/sync"
)

func TestFailed_tellsWhatTheEngineDoesNotRetryItself(t *testing.T) {
	partial := &exitError{exitPartial, errors.New("1 of 1 streams did not finish")}
	noted := runResult{Run: 7, Status: string(sync.StatusFailed)}
	unnoted := runResult{Status: string(sync.StatusFailed)} // the disk was full before it began
	require.False(t, failed(syncedDone{runs: []runResult{{Run: 6, Status: string(sync.StatusOK)}}}))
	require.False(t, failed(syncedDone{runs: []runResult{noted}, err: partial}))
	require.True(t, failed(syncedDone{runs: []runResult{noted, unnoted}, err: partial}))
	require.True(t, failed(syncedDone{err: errors.New("the engine is closed")}))
	require.False(t, failed(syncedDone{runs: []runResult{{Status: string(sync.StatusInterrupted)}}, err: partial}), "told to stop")
}
