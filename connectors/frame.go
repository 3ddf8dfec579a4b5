package connectors

import (
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	// Registers the codec "proto", which the frame codec falls back to.
	_ "google.golang.org/grpc/encoding/proto"

	"rollcall/connectors/wire"
)

// maxFrameBytes bounds one message: a joined batch is at most MaxBatchBytes
// and one record more, and its keys, ranges and scopes have room beside it.
const maxFrameBytes = 64 << 20

// A batchFrame is a Batch going up. It is written straight from the records:
// the generated types cost an object for each.
type batchFrame struct {
	id    uint64
	batch *Batch
}

// A sourceFrame is a message coming up: a batch, whose records share the
// memory of the message, or any other as the generated type.
type sourceFrame struct {
	id    uint64
	batch *Batch
	other *wire.SourceMessage
}

// frameCodec is gRPC's protobuf codec with a short way for batches. Both speak
// the same bytes, so either end may be any implementation of the proto.
type frameCodec struct{ encoding.CodecV2 }

func newFrameCodec() frameCodec { return frameCodec{encoding.GetCodecV2("proto")} }

func (c frameCodec) Marshal(v any) (mem.BufferSlice, error) {
	frame, ok := v.(*batchFrame)
	if !ok {
		return c.CodecV2.Marshal(v)
	}
	size := sizeBatch(frame)
	pool := mem.DefaultBufferPool()
	buf := pool.Get(protowire.SizeTag(fieldBatch) + protowire.SizeBytes(size))
	out := protowire.AppendTag((*buf)[:0], fieldBatch, protowire.BytesType)
	out = protowire.AppendVarint(out, uint64(size))
	out, err := appendBatch(out, frame)
	if err != nil {
		pool.Put(buf)
		return nil, err
	}
	*buf = out
	return mem.BufferSlice{mem.NewBuffer(buf, pool)}, nil
}

func (c frameCodec) Unmarshal(data mem.BufferSlice, v any) error {
	frame, ok := v.(*sourceFrame)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	return frame.decode(data.Materialize())
}

// Field numbers of connector.proto.
const (
	fieldBatch = 1 // SourceMessage

	batchID       = 1
	batchRecords  = 2
	batchCursor   = 3
	batchHasCur   = 4
	batchCovered  = 5
	batchScopes   = 6
	batchProgress = 7
	batchRejects  = 8

	recordKey     = 1
	recordData    = 2
	recordDeleted = 3
	recordAt      = 4
	recordHasAt   = 5
)

// tail is everything of a batch but its id and records.
func (f *batchFrame) tail() *wire.Batch {
	b := f.batch
	t := &wire.Batch{Cursor: b.Cursor, HasCursor: b.Cursor != nil, Scopes: b.Scopes}
	for _, interval := range b.Covered {
		t.Covered = append(t.Covered, &wire.Interval{FromUnixUs: interval.From.UnixMicro(), UntilUnixUs: interval.Until.UnixMicro()})
	}
	if b.Progress != (Progress{}) {
		t.Progress = &wire.Progress{Done: b.Progress.Done, Total: b.Progress.Total, FinishUnixUs: microsOrZero(b.Progress.Finish)}
	}
	for _, r := range b.Rejects {
		t.Rejects = append(t.Rejects, &wire.Reject{Key: r.Key, Size: r.Size, Reason: r.Reason})
	}
	return t
}

func sizeBatch(f *batchFrame) int {
	n := protowire.SizeTag(batchID) + protowire.SizeVarint(f.id)
	for i := range f.batch.Records {
		n += protowire.SizeTag(batchRecords) + protowire.SizeBytes(sizeRecord(&f.batch.Records[i]))
	}
	return n + proto.Size(f.tail())
}

func sizeRecord(r *Record) int {
	n := protowire.SizeTag(recordKey) + protowire.SizeBytes(len(r.Key))
	if len(r.Data) > 0 {
		n += protowire.SizeTag(recordData) + protowire.SizeBytes(len(r.Data))
	}
	if r.Deleted {
		n += protowire.SizeTag(recordDeleted) + 1
	}
	if !r.At.IsZero() {
		n += protowire.SizeTag(recordAt) + protowire.SizeVarint(uint64(r.At.UnixMicro())) + protowire.SizeTag(recordHasAt) + 1
	}
	return n
}

func appendBatch(out []byte, f *batchFrame) ([]byte, error) {
	out = protowire.AppendTag(out, batchID, protowire.VarintType)
	out = protowire.AppendVarint(out, f.id)
	for i := range f.batch.Records {
		r := &f.batch.Records[i]
		out = protowire.AppendTag(out, batchRecords, protowire.BytesType)
		out = protowire.AppendVarint(out, uint64(sizeRecord(r)))
		out = protowire.AppendTag(out, recordKey, protowire.BytesType)
		out = protowire.AppendString(out, r.Key)
		if len(r.Data) > 0 {
			out = protowire.AppendTag(out, recordData, protowire.BytesType)
			out = protowire.AppendBytes(out, r.Data)
		}
		if r.Deleted {
			out = protowire.AppendTag(out, recordDeleted, protowire.VarintType)
			out = protowire.AppendVarint(out, 1)
		}
		if !r.At.IsZero() {
			out = protowire.AppendTag(out, recordAt, protowire.VarintType)
			out = protowire.AppendVarint(out, uint64(r.At.UnixMicro()))
			out = protowire.AppendTag(out, recordHasAt, protowire.VarintType)
			out = protowire.AppendVarint(out, 1)
		}
	}
	return proto.MarshalOptions{}.MarshalAppend(out, f.tail())
}

var errFrame = errors.New("malformed message")

func (f *sourceFrame) decode(data []byte) error {
	number, kind, n := protowire.ConsumeTag(data)
	if n > 0 && number == fieldBatch && kind == protowire.BytesType {
		body, m := protowire.ConsumeBytes(data[n:])
		if m > 0 && n+m == len(data) {
			return f.decodeBatch(body)
		}
	}
	f.other = &wire.SourceMessage{}
	if err := proto.Unmarshal(data, f.other); err != nil {
		return err
	}
	if f.other.GetBatch() != nil {
		return fmt.Errorf("%w: a batch shares its message with something else", errFrame)
	}
	return nil
}

// decodeBatch reads a wire.Batch. The records' data point into body; their
// keys share one string.
func (f *sourceFrame) decodeBatch(body []byte) error {
	count, err := countRecords(body)
	if err != nil {
		return err
	}
	b := &Batch{Records: make([]Record, 0, count)}
	var keys, rest []byte
	ends := make([]int, 0, count)
	for len(body) > 0 {
		number, kind, n := protowire.ConsumeTag(body)
		m := protowire.ConsumeFieldValue(number, kind, body[n:])
		value := body[n : n+m]
		switch {
		case number == batchRecords && kind == protowire.BytesType:
			record, _ := protowire.ConsumeBytes(value)
			r, key, err := decodeRecord(record)
			if err != nil {
				return err
			}
			b.Records = append(b.Records, r)
			keys = append(keys, key...)
			ends = append(ends, len(keys))
		case number == batchID && kind == protowire.VarintType:
			f.id, _ = protowire.ConsumeVarint(value)
		default:
			rest = append(rest, body[:n+m]...)
		}
		body = body[n+m:]
	}
	text, start := string(keys), 0
	for i, end := range ends {
		b.Records[i].Key = text[start:end]
		start = end
	}
	f.batch = b
	return f.decodeTail(rest)
}

func (f *sourceFrame) decodeTail(rest []byte) error {
	var t wire.Batch
	if err := proto.Unmarshal(rest, &t); err != nil {
		return err
	}
	b := f.batch
	if t.GetHasCursor() {
		b.Cursor = append(Cursor{}, t.GetCursor()...)
	}
	for _, interval := range t.GetCovered() {
		b.Covered = append(b.Covered, Interval{From: time.UnixMicro(interval.GetFromUnixUs()).UTC(), Until: time.UnixMicro(interval.GetUntilUnixUs()).UTC()})
	}
	b.Scopes = t.GetScopes()
	if p := t.GetProgress(); p != nil {
		b.Progress = Progress{Done: p.GetDone(), Total: p.GetTotal(), Finish: timeOrZero(p.GetFinishUnixUs())}
	}
	for _, r := range t.GetRejects() {
		b.Rejects = append(b.Rejects, Reject{Key: r.GetKey(), Size: r.GetSize(), Reason: r.GetReason()})
	}
	return nil
}

// countRecords checks that body is a sequence of whole fields and counts the
// records among them.
func countRecords(body []byte) (int, error) {
	count := 0
	for len(body) > 0 {
		number, kind, n := protowire.ConsumeTag(body)
		if n < 0 {
			return 0, errFrame
		}
		m := protowire.ConsumeFieldValue(number, kind, body[n:])
		if m < 0 {
			return 0, errFrame
		}
		if number == batchRecords && kind == protowire.BytesType {
			count++
		}
		if count > MaxBatchRecords { // an empty one is 2 bytes here and 70 once decoded
			return 0, fmt.Errorf("%w: a batch of more than %d records", errFrame, MaxBatchRecords)
		}
		body = body[n+m:]
	}
	return count, nil
}

func decodeRecord(body []byte) (r Record, key []byte, err error) {
	var at int64
	var hasAt bool
	for len(body) > 0 {
		number, kind, n := protowire.ConsumeTag(body)
		if n < 0 {
			return r, nil, errFrame
		}
		body = body[n:]
		switch {
		case number == recordKey && kind == protowire.BytesType:
			key, n = protowire.ConsumeBytes(body)
		case number == recordData && kind == protowire.BytesType:
			var data []byte
			data, n = protowire.ConsumeBytes(body)
			if r.Data = nil; len(data) > 0 {
				r.Data = data[:len(data):len(data)]
			}
		case kind == protowire.VarintType:
			var v uint64
			v, n = protowire.ConsumeVarint(body)
			switch number {
			case recordDeleted:
				r.Deleted = v != 0
			case recordAt:
				at = int64(v)
			case recordHasAt:
				hasAt = v != 0
			}
		default:
			n = protowire.ConsumeFieldValue(number, kind, body)
		}
		if n < 0 {
			return r, nil, errFrame
		}
		body = body[n:]
	}
	if hasAt {
		r.At = time.UnixMicro(at).UTC()
	}
	return r, key, nil
}
