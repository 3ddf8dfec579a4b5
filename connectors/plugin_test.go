package connectors_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

func TestProcess_describesAsTheConnectorDoes(t *testing.T) {
	p, _, err := start(t, "plain", nil)
	require.NoError(t, err)
	require.Equal(t, sample{}.Spec(), p.Spec())
	require.NotZero(t, p.PID())
}

func TestProcess_checks(t *testing.T) {
	host := &freeHost{}
	_, source, _ := open(t, "plain", host, nil)
	access, err := source.Check(t.Context())
	require.NoError(t, err)
	require.Equal(t, "system", access.Account)
	require.Equal(t, time.Unix(1700000000, 0).UTC(), access.ServerTime)
	require.Equal(t, []connectors.StreamAccess{{Stream: "posts", Readable: true}}, access.Streams)
	require.Equal(t, []string{"a note"}, access.Notes)
	require.Equal(t, []string{"api/1"}, host.asked)
}

func TestProcess_readsEveryRecordInJoinedBatches(t *testing.T) {
	_, source, _ := open(t, "plain", &freeHost{}, nil)
	var sizes []int
	var scopes int
	var last connectors.Batch
	next := 500
	err := source.Read(t.Context(), "posts", connectors.Cursor("500"), func(b connectors.Batch) error {
		sizes = append(sizes, len(b.Records))
		scopes += len(b.Scopes)
		require.Len(t, b.Covered, len(b.Scopes))
		for _, r := range b.Records {
			require.Equal(t, record(next), r)
			next++
		}
		last = b
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []int{10_000, 10_000, 5_000}, sizes)
	require.Equal(t, 25_500, next)
	require.Equal(t, 25, scopes)
	require.Equal(t, "25500", string(last.Cursor))
	require.Equal(t, connectors.Progress{Done: 25, Total: 25}, last.Progress)
}

func TestProcess_keepsTheIdentityOfErrors(t *testing.T) {
	_, source, _ := open(t, "plain", &freeHost{}, func(l *connectors.Launch) { l.Secrets = []string{"s3cret-token"} })
	read := func(stream string) error {
		return source.Read(t.Context(), stream, nil, func(connectors.Batch) error { return nil })
	}
	var (
		forbidden *connectors.ErrForbidden
		limited   *connectors.RateLimited
		transient *connectors.Transient
		config    *connectors.ErrConfig
		bug       *connectors.Bug
	)
	require.ErrorIs(t, read("unauthorized"), connectors.ErrUnauthorized)
	require.ErrorContains(t, read("unauthorized"), "while reading")
	require.ErrorIs(t, read("expired"), connectors.ErrCursorExpired)
	require.ErrorAs(t, read("forbidden"), &forbidden)
	require.Equal(t, connectors.ErrForbidden{Stream: "forbidden", Reason: "needs an admin key"}, *forbidden)
	require.ErrorAs(t, read("limited"), &limited)
	require.Equal(t, time.Unix(1800000000, 0).UTC(), limited.Until)
	require.ErrorAs(t, read("transient"), &transient)
	require.Equal(t, 5*time.Second, transient.After)
	require.EqualError(t, transient, "while reading: 502 from the source, token [redacted]")
	require.ErrorAs(t, read("config"), &config)
	require.Equal(t, connectors.ErrConfig{Setting: "url", Reason: "is not a forum"}, *config)
	require.ErrorAs(t, read("untyped"), &bug)
	require.EqualError(t, bug, "bug in the connector test.one: while reading: index out of luck")
	require.EqualError(t, read("noted"), "bug in the connector test.one: unexpected shape (last request: GET /posts.json)")
}

func TestProcess_openRefusesASettingByName(t *testing.T) {
	p, _, err := start(t, "plain", nil)
	require.NoError(t, err)
	_, err = p.Open(t.Context(), connectors.Settings(`{}`), &freeHost{})
	var config *connectors.ErrConfig
	require.ErrorAs(t, err, &config)
	require.Equal(t, "url", config.Setting)
}

func TestProcess_emitErrorComesBackAsItself(t *testing.T) {
	_, source, _ := open(t, "plain", &freeHost{}, nil)
	full := errors.New("disk full")
	calls := 0
	within(t, 5*time.Second, func() {
		err := source.Read(t.Context(), "posts", nil, func(connectors.Batch) error { calls++; return full })
		require.ErrorIs(t, err, full)
	})
	require.Equal(t, 1, calls)
	// The child goes on to serve.
	require.NoError(t, source.Read(t.Context(), "posts", nil, func(connectors.Batch) error { return nil }))
}

func TestProcess_cancelEndsARead(t *testing.T) {
	_, source, _ := open(t, "plain", &freeHost{}, nil)
	ctx, cancel := context.WithCancel(t.Context())
	within(t, time.Second, func() {
		err := source.Read(ctx, "endless", nil, func(connectors.Batch) error { cancel(); return nil })
		require.Equal(t, context.Canceled, err)
	})
}

func TestProcess_servesTheHostsServicesOverTheRead(t *testing.T) {
	host := &freeHost{}
	_, source, _ := open(t, "plain", host, nil)
	require.NoError(t, source.Read(t.Context(), "permits", nil, func(connectors.Batch) error { return nil }))
	require.Equal(t, []string{"api/3"}, host.asked)
	require.Equal(t, []string{"new"}, host.tokens)
	require.Equal(t, 41, host.left)
}

// slowHost holds a permit back until it is released.
type slowHost struct {
	freeHost
	release chan struct{}
}

func (h *slowHost) Wait(ctx context.Context, _ string, _ int) error {
	select {
	case <-h.release:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func TestProcess_storesWhatIsReadBeforeAPermitIsGranted(t *testing.T) {
	host := &slowHost{release: make(chan struct{})}
	_, source, _ := open(t, "plain", host, nil)
	var cursors []string
	within(t, 900*time.Millisecond, func() { // before the flush by time
		err := source.Read(t.Context(), "permits", nil, func(b connectors.Batch) error {
			cursors = append(cursors, string(b.Cursor))
			if len(cursors) == 1 {
				close(host.release)
			}
			return nil
		})
		require.NoError(t, err)
	})
	require.Equal(t, []string{"1", "2"}, cursors)
}

func TestProcess_runsSeveralReadsAtOnce(t *testing.T) {
	_, source, _ := open(t, "plain", &freeHost{}, nil)
	ended := make(chan error)
	for range 4 {
		go func() {
			n := 0
			err := source.Read(t.Context(), "posts", nil, func(b connectors.Batch) error { n += len(b.Records); return nil })
			if err == nil && n != 25_000 {
				err = fmt.Errorf("%d records", n)
			}
			ended <- err
		}()
	}
	for range 4 {
		require.NoError(t, <-ended)
	}
}

// refusingHost grants no permit.
type refusingHost struct {
	freeHost
	err error
}

func (h *refusingHost) Wait(context.Context, string, int) error { return h.err }

func TestProcess_hostsOwnErrorComesBackAsItself(t *testing.T) {
	want := &connectors.RateLimited{Until: time.Unix(1800000000, 0)}
	_, source, _ := open(t, "plain", &refusingHost{err: want}, nil)
	_, err := source.Check(t.Context())
	require.Same(t, want, err)
	stored := 0
	err = source.Read(t.Context(), "permits", nil, func(b connectors.Batch) error { stored += len(b.Records); return nil })
	require.Same(t, want, err)
	require.Equal(t, 1, stored, "what was read before the refusal is kept")
}
