package connectors

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"

	"rollcall/connectors/wire"
)

// talkWith begins a call with a child that sends the given messages.
func talkWith(t *testing.T, name string, host Host, frames ...[]byte) *talk {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	redact := newRedactor(nil)
	process := &Process{name: "test.one", log: log, redact: redact, child: newChild(Launch{}, "", log, redact)}
	process.watch = process.child.watch
	open := func(ctx context.Context, _ ...grpc.CallOption) (grpc.BidiStreamingClient[wire.HostMessage, wire.SourceMessage], error) {
		return &fuzzStream{ctx: ctx, frames: frames}, nil
	}
	source := &remoteSource{process: process, host: host}
	talk, err := source.begin(t.Context(), name, open, &wire.Start{})
	require.NoError(t, err)
	t.Cleanup(talk.close)
	return talk
}

func TestTalk_namesAChildThatDoesNotWaitForStored(t *testing.T) {
	one := encoded(t, &batchFrame{id: 1, batch: &Batch{Cursor: Cursor("1")}})
	talk := talkWith(t, "Read posts", fuzzHost{}, one, one, one)
	stop := make(chan struct{})
	time.AfterFunc(100*time.Millisecond, func() { close(stop) })
	err := talk.serve(t.Context(), func(Batch) error { <-stop; return nil })
	require.EqualError(t, err, "bug in the connector test.one: Read posts: sent a batch before the last one was stored")
}

func TestTalk_namesABatchDuringCheck(t *testing.T) {
	talk := talkWith(t, "Check", fuzzHost{}, encoded(t, &batchFrame{id: 1, batch: &Batch{Cursor: Cursor("1")}}))
	require.EqualError(t, talk.serve(t.Context(), nil), "bug in the connector test.one: Check: sent a batch during Check")
}

// slowest never grants a permit.
type slowest struct{ fuzzHost }

func (slowest) Wait(ctx context.Context, _ string, _ int) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestTalk_boundsWhatAChildMayAskFor(t *testing.T) {
	var frames [][]byte
	for id := range 1000 {
		frames = append(frames, encoded(t, &wire.SourceMessage{Message: &wire.SourceMessage_PermitRequest{
			PermitRequest: &wire.PermitRequest{Id: uint64(id), Bucket: "api"}}}))
	}
	talk := talkWith(t, "Read posts", slowest{}, frames...)
	err := talk.serve(t.Context(), func(Batch) error { return nil })
	require.EqualError(t, err, fmt.Sprintf("bug in the connector test.one: Read posts: has more than %d requests waiting for the host", maxAsked))
}

func TestTalk_holdsAnyImplementationToTheContract(t *testing.T) {
	for want, b := range map[string]Batch{
		"record 0 of a batch of 1 has an empty key": {Records: []Record{{Data: []byte("{}")}}},
		"a cursor of 65537 bytes":                   {Cursor: make(Cursor, 65_537)},
	} {
		talk := talkWith(t, "Read posts", fuzzHost{}, encoded(t, &batchFrame{id: 1, batch: &b}))
		require.ErrorContains(t, talk.serve(t.Context(), func(Batch) error { return nil }), want)
	}
	large := Batch{Records: []Record{{Key: "large", Data: make([]byte, MaxRecordBytes+1)}, {Key: "next", Data: []byte("{}")}}}
	talk := talkWith(t, "Read posts", fuzzHost{}, encoded(t, &batchFrame{id: 1, batch: &large}))
	require.NoError(t, talk.serve(t.Context(), func(b Batch) error {
		require.Equal(t, []Record{{Key: "next", Data: []byte("{}")}}, b.Records)
		require.Equal(t, "large", b.Rejects[0].Key)
		return nil
	}))
}

func TestRedactor_findsASecretInEveryForm(t *testing.T) {
	redact := newRedactor([]string{"p\"ss/w0rd+", "-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B\n", ""})
	for _, text := range []string{`p"ss/w0rd+`, `{"k":"p\"ss/w0rd+"}`, "k=p%22ss%2Fw0rd%2B&x", "cCJzcy93MHJkKw==", "key MIIEvQIBADAN", `-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0B`} {
		shown := redact.text(text)
		require.Contains(t, shown, redacted)
		require.NotContains(t, shown, "w0rd")
		require.NotContains(t, shown, "MIIE")
	}
	require.Equal(t, "nothing to hide", redact.text("nothing to hide"))
}
