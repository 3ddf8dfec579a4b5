package sync

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/cespare/xxhash/v2"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

// maxDepth bounds the nesting of a record: parsers recurse on it.
const maxDepth = 500

// fault says why a record cannot be stored; "" if it can. DuckDB's appender
// makes NULL of invalid UTF-8 without a word, and malformed JSON would abort
// the statements of every later build.
func fault(r *connectors.Record) string {
	switch {
	case r.Key == "":
		return "the key is empty"
	case !utf8.ValidString(r.Key):
		return "the key is no valid UTF-8"
	case strings.IndexByte(r.Key, 0) >= 0:
		return "the key has a NUL byte"
	case r.Deleted && len(r.Data) == 0:
		return ""
	case len(r.Data) > connectors.MaxRecordBytes:
		return fmt.Sprintf("the record has %d bytes, the limit is %d", len(r.Data), connectors.MaxRecordBytes)
	case !utf8.Valid(r.Data):
		return "the record is no valid UTF-8"
	case bytes.IndexByte(r.Data, 0) >= 0:
		return "the record has a NUL byte"
	case tooDeep(r.Data):
		return fmt.Sprintf("the record is nested more than %d deep", maxDepth)
	case !gjson.ValidBytes(r.Data):
		return "the record is no valid JSON"
	case loneSurrogate(r.Data):
		return `the record is no valid JSON: it has half a surrogate pair (\ud800 to \udfff)`
	}
	return ""
}

// tooDeep counts brackets first, which is cheap and settles nearly all.
func tooDeep(data []byte) bool {
	if bytes.Count(data, []byte("{"))+bytes.Count(data, []byte("[")) <= maxDepth {
		return false
	}
	depth, inString := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// loneSurrogate finds escapes that gjson passes and DuckDB refuses. The data
// are valid JSON otherwise.
func loneSurrogate(data []byte) bool {
	for {
		i := bytes.IndexByte(data, '\\')
		if i < 0 {
			return false
		}
		if data[i+1] != 'u' {
			data = data[i+2:]
			continue
		}
		unit := hex4(data[i+2:])
		data = data[i+6:]
		switch {
		case unit>>10 == 0xdc00>>10:
			return true
		case unit>>10 == 0xd800>>10:
			if len(data) < 6 || data[0] != '\\' || data[1] != 'u' || hex4(data[2:])>>10 != 0xdc00>>10 {
				return true
			}
			data = data[6:]
		}
	}
}

func hex4(s []byte) (n int) {
	for _, c := range s[:4] {
		n <<= 4
		switch {
		case c >= 'a':
			n |= int(c-'a') + 10
		case c >= 'A':
			n |= int(c-'A') + 10
		default:
			n |= int(c - '0')
		}
	}
	return n
}

// A hasher hashes the records of one stream.
type hasher struct {
	volatile *connectors.Volatile // nil if the stream has no volatile paths
	digest   xxhash.Digest
}

func newHasher(paths []string) hasher {
	if len(paths) == 0 {
		return hasher{}
	}
	return hasher{volatile: connectors.NewVolatile(paths)}
}

// hash returns the hash of the record without its volatile members, and that
// of those members (0 if the stream has no such paths).
func (h *hasher) hash(data []byte) (content, sample uint64) {
	if h.volatile == nil {
		return liveHash(xxhash.Sum64(data)), 0
	}
	cuts, at := h.volatile.Cuts(data), 0
	h.digest.Reset()
	for _, cut := range cuts {
		h.write(data[at:cut[0]])
		at = cut[1]
	}
	h.write(data[at:])
	content = liveHash(h.digest.Sum64())
	h.digest.Reset()
	for _, cut := range cuts {
		h.write(data[cut[0]:cut[1]])
		h.write([]byte{0}) // members do not run into each other
	}
	return content, h.digest.Sum64()
}

func (h *hasher) write(b []byte) { _, _ = h.digest.Write(b) } // a digest's Write never fails

// liveHash keeps the hash of a tombstone free.
func liveHash(sum uint64) uint64 {
	if sum == tombstone {
		return 1
	}
	return sum
}

// keyHash hashes a key; 0 marks a free slot of contents.
func keyHash(key string) uint64 {
	if sum := xxhash.Sum64String(key); sum != 0 {
		return sum
	}
	return 1
}

// text lends the bytes as a string. The caller does not keep it beyond the
// life of the batch and nobody writes to a batch.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// sampleBytes bounds what is kept of a rejected record.
const sampleBytes = 200

// sampleText is the beginning of a rejected record, up to the end of a word: half
// an address is one that an erasure does not find.
func sampleText(b []byte) string {
	if len(b) <= sampleBytes {
		return printable(text(b), sampleBytes)
	}
	b = b[:sampleBytes]
	if end := bytes.LastIndexAny(b, " \t\r\n\"'`,;:<>()[]{}"); end >= 0 {
		b = b[:end+1]
	}
	return printable(text(b), sampleBytes) + "…"
}

// printable is the text without what cannot be stored or shown, cut to about
// limit bytes.
func printable(s string, limit int) string {
	if clean := utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return r < ' ' }) < 0; clean && len(s) <= limit {
		return strings.Clone(s)
	}
	cut := strings.Map(func(r rune) rune {
		if r < ' ' {
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s[:min(len(s), limit)], "\ufffd"))
	if len(s) > limit {
		cut += "…"
	}
	return cut
}
