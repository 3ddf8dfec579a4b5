package discourse

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"slices"
)

// maxIDs bounds the ids a cursor holds: 8,000 of up to five bytes, in base64,
// stay under connectors.MaxCursorBytes.
const maxIDs = 8000

// idSet is a sorted set of ids that a cursor holds: the steps between them as
// varints, in base64.
type idSet []int64

// capped sorts the set and keeps its highest ids.
func (s idSet) capped() idSet {
	slices.Sort(s)
	s = slices.Compact(s)
	return s[max(len(s)-maxIDs, 0):]
}

func (s idSet) has(id int64) bool {
	_, found := slices.BinarySearch(s, id)
	return found
}

// MarshalJSON implements json.Marshaler.
func (s idSet) MarshalJSON() ([]byte, error) {
	var packed []byte
	var last int64
	for _, id := range s {
		packed = binary.AppendUvarint(packed, uint64(id-last))
		last = id
	}
	return json.Marshal(base64.RawStdEncoding.EncodeToString(packed))
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *idSet) UnmarshalJSON(text []byte) error {
	var encoded string
	if err := json.Unmarshal(text, &encoded); err != nil {
		return err
	}
	packed, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return err
	}
	*s = nil
	var last int64
	for len(packed) > 0 {
		step, n := binary.Uvarint(packed)
		if n <= 0 || len(*s) >= maxIDs {
			return errors.New("not a set of ids")
		}
		last += int64(step)
		*s = append(*s, last)
		packed = packed[n:]
	}
	return nil
}

// bits is a set of ids that lie close together: a bit each, so that a million
// take some 300 kB.
type bits map[int64]uint64

func (b bits) add(id int64)      { b[id/64] |= 1 << (id % 64) }
func (b bits) has(id int64) bool { return b[id/64]&(1<<(id%64)) != 0 }
