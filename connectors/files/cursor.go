package files

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"rollcall/connectors"
)

const (
	cursorVersion = 1
	// cursorLimit leaves room below the contract's 64 KiB.
	cursorLimit = connectors.MaxCursorBytes - 2<<10
	// stampBytes is how much a cursor keeps of a finished file that no longer
	// fits in full; with 48 bits a file is mistaken for one of 7,000 read ones
	// once in 40 billion.
	stampBytes = 6
)

// progress is the content of a stream's cursor.
type progress struct {
	Version int                  `json:"v"`
	Sets    map[string]*setState `json:"sets"`
}

// setState is what has been read of one file set.
type setState struct {
	Digest string       `json:"c"` // of the set's settings
	Files  []*fileState `json:"files,omitempty"`
	Old    stamps       `json:"old,omitempty"` // finished files known only by their stamp
	First  int64        `json:"from,omitempty"`
	Last   int64        `json:"until,omitempty"` // first and last event read, microseconds since 1970
	// Claimed is the First and Last that were last reported as covered.
	Claimed [2]int64 `json:"claimed,omitzero"`
}

// fileState is what has been read of one file.
type fileState struct {
	Name  string `json:"n"`
	Size  int64  `json:"s"`
	MTime int64  `json:"m"`           // nanoseconds since 1970
	Pos   int64  `json:"p"`           // bytes (after decompression) or Parquet rows read
	Line  int64  `json:"l,omitempty"` // lines read
	Hash  uint64 `json:"h"`           // of the first Pos bytes, or of the whole file when it is packed
	Done  bool   `json:"d,omitempty"` // read to its end
	Fresh bool   `json:"r,omitempty"` // changed so shortly before it was read that its time proves nothing
}

// sameStat reports whether the file looks untouched since it was read.
func (s *fileState) sameStat(m match) bool {
	return s.Size == m.size && s.MTime == m.mtime.UnixNano()
}

// stamps are the 48-bit stamps of files, joined.
type stamps []byte

func (s stamps) MarshalText() ([]byte, error) {
	return base64.RawStdEncoding.AppendEncode(nil, s), nil
}

func (s *stamps) UnmarshalText(b []byte) error {
	raw, err := base64.RawStdEncoding.AppendDecode(nil, b)
	if err == nil && len(raw)%stampBytes != 0 {
		err = fmt.Errorf("%d bytes of stamps", len(raw))
	}
	*s = raw
	return err
}

type stamp [stampBytes]byte

// stampOf identifies a file by name, size and time.
func stampOf(name string, size, mtime int64) stamp {
	b := binary.LittleEndian.AppendUint64(nil, uint64(size))
	b = binary.LittleEndian.AppendUint64(b, uint64(mtime))
	sum := binary.LittleEndian.AppendUint64(nil, xxhash.Sum64(append(b, name...)))
	return stamp(sum[:stampBytes])
}

func (s stamps) set() map[stamp]bool {
	known := make(map[stamp]bool, len(s)/stampBytes)
	for ; len(s) >= stampBytes; s = s[stampBytes:] {
		known[stamp(s[:stampBytes])] = true
	}
	return known
}

// decodeCursor reads a cursor of this version. Any other is expired: reading
// everything again is safe.
func decodeCursor(c connectors.Cursor) (*progress, error) {
	p := &progress{Version: cursorVersion, Sets: map[string]*setState{}}
	if len(c) == 0 {
		return p, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(c))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(p); err != nil {
		return nil, fmt.Errorf("decode cursor: %v: %w", err, connectors.ErrCursorExpired)
	}
	if p.Version != cursorVersion || !p.sound() {
		return nil, fmt.Errorf("cursor version %d is not %d, or damaged: %w", p.Version, cursorVersion, connectors.ErrCursorExpired)
	}
	return p, nil
}

func (p *progress) sound() bool {
	for _, set := range p.Sets {
		if set == nil {
			return false
		}
		for _, file := range set.Files {
			if file == nil || file.Pos < 0 || file.Size < 0 || file.Line < 0 {
				return false
			}
		}
	}
	return p.Sets != nil
}

// set returns the state of a set, empty when its settings have changed.
func (p *progress) set(f *fileSet) *setState {
	state := p.Sets[f.name]
	if state == nil || state.Digest != f.digest {
		state = &setState{Digest: f.digest}
		p.Sets[f.name] = state
	}
	return state
}

// encode writes the cursor. When it grows too long, finished files are kept as
// stamps, oldest first, and past some 7,000 files the oldest are forgotten:
// they are read again, which the host recognises row by row.
func (p *progress) encode() (connectors.Cursor, error) {
	for keep := 64; ; keep /= 2 {
		b, err := json.Marshal(p)
		if err != nil {
			return nil, fmt.Errorf("encode cursor: %w", err)
		}
		if len(b) <= cursorLimit {
			return b, nil
		}
		if keep == 0 && !p.forget(len(b)-cursorLimit) {
			return nil, fmt.Errorf("encode cursor: %d bytes", len(b))
		}
		for _, set := range p.Sets {
			set.fold(keep)
		}
	}
}

// fold turns all finished files but the newest into stamps.
func (s *setState) fold(keep int) {
	var kept []*fileState
	for i, file := range s.Files {
		if i >= len(s.Files)-keep || !file.Done || file.Fresh {
			kept = append(kept, file)
			continue
		}
		mark := stampOf(file.Name, file.Size, file.MTime)
		s.Old = append(s.Old, mark[:]...)
	}
	s.Files = kept
}

// forget drops the oldest files of the longest set until about excess bytes
// are gone.
func (p *progress) forget(excess int) bool {
	var longest *setState
	length := func(s *setState) int { return len(s.Old)/3*4 + 128*len(s.Files) }
	for _, set := range p.Sets {
		if longest == nil || length(set) > length(longest) {
			longest = set
		}
	}
	switch {
	case longest == nil:
		return false
	case len(longest.Old) > 0:
		n := min(len(longest.Old), (excess*3/4/stampBytes+1)*stampBytes)
		longest.Old = longest.Old[n:]
	case len(longest.Files) > 0:
		longest.Files = longest.Files[min(len(longest.Files), excess/128+1):]
	default:
		return false
	}
	return true
}

// saw widens the range of events read.
func (s *setState) saw(at, now time.Time) {
	const earliest = 631152000 // 1990-01-01: earlier is a slip of the pen, not a community
	if at.Unix() < earliest || at.After(now) {
		return
	}
	us := at.UnixMicro()
	if s.First == 0 || us < s.First {
		s.First = us
	}
	s.Last = max(s.Last, us)
}
