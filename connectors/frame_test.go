package connectors

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"rollcall/connectors/wire"
)

// fullBatch has every field set.
func fullBatch() Batch {
	at := time.Unix(1700000000, 123_000).UTC()
	return Batch{
		Records: []Record{
			{Key: "1", Data: []byte(`{"a":1}`), At: at},
			{Key: "zwei", Deleted: true},
			{Key: "before 1970", Data: []byte{0xff, 0}, At: time.Unix(-5, 0).UTC()},
		},
		Cursor:   Cursor("cursor"),
		Covered:  []Interval{{From: time.Time{}.UTC(), Until: at}},
		Scopes:   []string{"topic_id=812"},
		Progress: Progress{Done: 3, Total: 4, Finish: at},
		Rejects:  []Reject{{Key: "r", Size: 17, Reason: "too large"}},
	}
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	data, err := newFrameCodec().Marshal(v)
	require.NoError(t, err)
	return data.Materialize()
}

func TestFrameCodec_speaksTheBytesOfTheGeneratedTypes(t *testing.T) {
	want := fullBatch()
	data := encoded(t, &batchFrame{id: 7, batch: &want})

	var generated wire.SourceMessage
	require.NoError(t, proto.Unmarshal(data, &generated))
	require.EqualValues(t, 7, generated.GetBatch().GetId())
	require.Equal(t, want.Records[2].At.UnixMicro(), generated.GetBatch().GetRecords()[2].GetAtUnixUs())
	again, err := proto.Marshal(&generated)
	require.NoError(t, err)

	for _, data := range [][]byte{data, again} {
		var frame sourceFrame
		require.NoError(t, newFrameCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(data)}, &frame))
		require.EqualValues(t, 7, frame.id)
		require.Equal(t, want, *frame.batch)
	}
}

func TestFrameCodec_tellsAnEmptyCursorFromNone(t *testing.T) {
	for _, cursor := range []Cursor{nil, {}} {
		var frame sourceFrame
		require.NoError(t, frame.decode(encoded(t, &batchFrame{id: 1, batch: &Batch{Cursor: cursor}})))
		require.Equal(t, cursor, frame.batch.Cursor)
	}
}

// seeds are well-formed messages of every kind, for the fuzzers to break.
func TestFrameCodec_refusesMoreRecordsThanABatchHolds(t *testing.T) {
	batch := func(n int) []byte {
		return encoded(t, &wire.SourceMessage{Message: &wire.SourceMessage_Batch{Batch: &wire.Batch{Records: make([]*wire.Record, n)}}})
	}
	var frame sourceFrame
	require.NoError(t, frame.decode(batch(MaxBatchRecords)))
	require.ErrorContains(t, frame.decode(batch(MaxBatchRecords+1)), "more than 10000 records")
}

func seeds(t testing.TB) [][]byte {
	full := fullBatch()
	return [][]byte{
		encoded(t, &batchFrame{id: 1, batch: &full}),
		encoded(t, &wire.SourceMessage{Message: &wire.SourceMessage_PermitRequest{PermitRequest: &wire.PermitRequest{Id: 2, Bucket: "api", Cost: -1}}}),
		encoded(t, &wire.SourceMessage{Message: &wire.SourceMessage_Budget{Budget: &wire.Budget{Bucket: "api", Remaining: 1 << 60, ResetUnixUs: -1 << 63}}}),
		encoded(t, &wire.SourceMessage{Message: &wire.SourceMessage_Token{Token: &wire.Token{Id: 3, Token: []byte("t")}}}),
		encoded(t, &wire.SourceMessage{Message: &wire.SourceMessage_Access{Access: &wire.Access{Account: "a", ServerTimeUnixUs: 1 << 62}}}),
		{0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f},
		{0x0a, 0x02, 0x12, 0x80},
		{0x0b, 0x0c},
		{},
	}
}

// FuzzFrame holds the short way to the generated types: what they read as a
// batch it reads alike, and nothing makes it panic.
func FuzzFrame(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var frame sourceFrame
		err := frame.decode(data)
		var generated wire.SourceMessage
		if proto.Unmarshal(data, &generated) != nil || err != nil || frame.batch == nil {
			return
		}
		want := generated.GetBatch()
		require.Equal(t, want.GetId(), frame.id)
		require.Len(t, frame.batch.Records, len(want.GetRecords()))
		for i, r := range want.GetRecords() {
			require.Equal(t, r.GetKey(), frame.batch.Records[i].Key)
			require.Equal(t, string(r.GetData()), string(frame.batch.Records[i].Data))
			require.Equal(t, r.GetDeleted(), frame.batch.Records[i].Deleted)
		}
		require.Equal(t, want.GetHasCursor(), frame.batch.Cursor != nil)
		require.Len(t, frame.batch.Rejects, len(want.GetRejects()))
	})
}

// fuzzStream is a child that sends what the fuzzer made up.
type fuzzStream struct {
	grpc.BidiStreamingClient[wire.HostMessage, wire.SourceMessage]
	ctx    context.Context
	frames [][]byte
}

func (s *fuzzStream) Send(*wire.HostMessage) error { return nil }
func (s *fuzzStream) CloseSend() error             { return nil }

func (s *fuzzStream) RecvMsg(m any) error {
	if s.ctx.Err() != nil {
		return s.ctx.Err()
	}
	if len(s.frames) == 0 {
		return io.EOF
	}
	next := s.frames[0]
	s.frames = s.frames[1:]
	return newFrameCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(next)}, m)
}

type fuzzHost struct{}

func (fuzzHost) SaveToken(context.Context, []byte) error        { return nil }
func (fuzzHost) Wait(context.Context, string, int) error        { return nil }
func (fuzzHost) Report(context.Context, string, int, time.Time) {}

// FuzzRead gives the host's end of a Read a sequence of messages, garbage
// included: it ends within a second, and what reaches emit keeps the contract.
func FuzzRead(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed, seed, 3)
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	f.Fuzz(func(t *testing.T, a, b []byte, times int) {
		var frames [][]byte
		for range min(max(times, 0), 100) {
			frames = append(frames, a, b)
		}
		redact := newRedactor(nil)
		process := &Process{name: "fuzz", log: log, redact: redact, child: newChild(Launch{}, "", log, redact)}
		process.watch = process.child.watch
		close(process.child.exited)
		open := func(ctx context.Context, _ ...grpc.CallOption) (grpc.BidiStreamingClient[wire.HostMessage, wire.SourceMessage], error) {
			return &fuzzStream{ctx: ctx, frames: frames}, nil
		}
		source := &remoteSource{process: process, host: fuzzHost{}}
		began := time.Now()
		talk, err := source.begin(t.Context(), "Read", open, &wire.Start{})
		require.NoError(t, err)
		_ = talk.serve(t.Context(), func(batch Batch) error { // any verdict will do
			require.Nil(t, checkBatch(batch))
			for _, r := range batch.Records {
				_, rejected := rejectOf(r)
				require.False(t, rejected)
			}
			return nil
		})
		talk.close()
		require.Less(t, time.Since(began), 5*time.Second)
	})
}

// FuzzOutput gives the host's end lines of a child's stdout and stderr.
func FuzzOutput(f *testing.F) {
	f.Add("1|1|unix|/tmp/s|grpc|\n", `{"level":"INFO","msg":"hello","n":1}`)
	f.Add("1|1|tcp|", `{"@level":"warn","@message":"","x":{"y":[]}}`)
	f.Add("999999999|9|unix|x\n|||\n", "panic: x\n\tgoroutine 1\n{\n")
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	f.Fuzz(func(t *testing.T, stdout, stderr string) {
		o := newOutput(log, newRedactor([]string{"s3cret"}))
		go func() { _, _ = io.Copy(io.Discard, o.handshake) }()

		o.readStdout(reader(stdout))
		o.readStderr(reader(stderr))
		o.end()
		require.NotContains(t, o.lastWords(), "s3cret")
	})
}

func reader(text string) io.Reader { return strings.NewReader(text) }
