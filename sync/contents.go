package sync

import (
	"fmt"
	"math/bits"
	"unsafe"

	"golang.org/x/sys/unix"
)

// contents knows of every key of one stream the latest stored version, by
// hash: 17 bytes a slot outside the Go heap, where the garbage collector does
// not look at them. It changes only after COMMIT.
//
// Two keys of one stream share a 64-bit hash once in 370,000 streams of ten
// million keys; the second would then be taken for a version of the first.
type contents struct {
	shards  [256]shard
	sampled bool             // the stream has volatile paths: 10 bytes a slot more
	long    map[uint64]int64 // versions that do not fit in seven bits
	live    int64
	gone    int64
}

// A shard is an open-addressed table of the keys that share their upper eight
// bits. Growing a 256th at a time keeps the peak near the total.
type shard struct {
	memory   []byte
	keys     []uint64 // 0: free
	contents []uint64
	marks    []uint8 // seen bit, and seven bits of version
	samples  []uint64
	days     []uint16
	used     int
}

// A version is what is stored of a key.
type version struct {
	number  int64
	content uint64 // tombstone: gone
	sample  uint64 // hash of the values at volatile paths
	day     uint16 // of its storing, days since 1970 in UTC
	seen    bool   // listed in this run
}

const (
	tombstone   = 0    // content hash of a tombstone; no live content has it
	seenBit     = 0x80 // of a mark
	longVersion = 0x7f // the version is in contents.long
	maxLoad     = 0.85
	growth      = 1.3
	headroom    = 1.06 // of what is stored when a run begins: some new keys find room without growing a shard
)

func newContents(expected int64, sampled bool) (*contents, error) {
	c := &contents{sampled: sampled, long: map[uint64]int64{}}
	if expected < 4096 {
		return c, nil
	}
	slots := int(headroom*float64(expected)/maxLoad) / len(c.shards)
	for i := range c.shards {
		if err := c.shards[i].allocate(slots, sampled); err != nil {
			c.close()
			return nil, err
		}
	}
	return c, nil
}

func (c *contents) close() {
	for i := range c.shards {
		c.shards[i].free()
	}
}

// get returns what is stored of a key.
func (c *contents) get(key uint64) (version, bool) {
	s := &c.shards[key>>56]
	slot, found := s.find(key)
	if !found {
		return version{}, false
	}
	return c.at(s, slot), true
}

// see marks a key as listed, if it is stored.
func (c *contents) see(key uint64) {
	s := &c.shards[key>>56]
	if slot, found := s.find(key); found {
		s.marks[slot] |= seenBit
	}
}

// forgetSeen starts another listing.
func (c *contents) forgetSeen() {
	for i := range c.shards {
		marks := c.shards[i].marks
		for j := range marks {
			marks[j] &^= seenBit
		}
	}
}

// put stores a version in the place of what was known of its key.
func (c *contents) put(key uint64, v version) error {
	s := &c.shards[key>>56]
	slot, found := s.find(key)
	if !found {
		if float64(s.used+1) > maxLoad*float64(len(s.keys)) {
			if err := s.grow(c.sampled); err != nil {
				return err
			}
			slot, _ = s.find(key)
		}
		s.keys[slot] = key
		s.used++
	} else {
		c.count(s.contents[slot], -1)
	}
	c.count(v.content, 1)
	s.contents[slot] = v.content
	s.marks[slot] = c.mark(key, v)
	if c.sampled {
		s.samples[slot], s.days[slot] = v.sample, v.day
	}
	return nil
}

func (c *contents) count(content uint64, n int64) {
	if content == tombstone {
		c.gone += n
	} else {
		c.live += n
	}
}

func (c *contents) mark(key uint64, v version) uint8 {
	mark := uint8(longVersion)
	if v.number < longVersion {
		mark = uint8(v.number)
	} else {
		c.long[key] = v.number
	}
	if v.seen {
		mark |= seenBit
	}
	return mark
}

func (c *contents) at(s *shard, slot int) version {
	mark := s.marks[slot]
	v := version{number: int64(mark &^ seenBit), content: s.contents[slot], seen: mark&seenBit != 0}
	if v.number == longVersion {
		v.number = c.long[s.keys[slot]]
	}
	if c.sampled {
		v.sample, v.day = s.samples[slot], s.days[slot]
	}
	return v
}

// each calls fn for every key until it returns false.
func (c *contents) each(fn func(key uint64, v version) bool) {
	for i := range c.shards {
		s := &c.shards[i]
		for slot, key := range s.keys {
			if key != 0 && !fn(key, c.at(s, slot)) {
				return
			}
		}
	}
}

// find returns the slot of a key, or the free one where it belongs. A shard
// without memory has slot 0, which put grows before use.
func (s *shard) find(key uint64) (slot int, found bool) {
	if len(s.keys) == 0 {
		return 0, false
	}
	high, _ := bits.Mul64(key<<8, uint64(len(s.keys)))
	for slot = int(high); ; {
		switch s.keys[slot] {
		case key:
			return slot, true
		case 0:
			return slot, false
		}
		if slot++; slot == len(s.keys) {
			slot = 0
		}
	}
}

func (s *shard) grow(sampled bool) error {
	old := *s
	slots := int(float64(len(old.keys)) * growth)
	*s = shard{}
	if err := s.allocate(slots, sampled); err != nil {
		*s = old
		return err
	}
	for i, key := range old.keys {
		if key == 0 {
			continue
		}
		slot, _ := s.find(key)
		s.keys[slot], s.contents[slot], s.marks[slot] = key, old.contents[i], old.marks[i]
		if sampled {
			s.samples[slot], s.days[slot] = old.samples[i], old.days[i]
		}
	}
	s.used = old.used
	old.free()
	return nil
}

// allocate maps memory for at least that many slots, filling whole pages.
func (s *shard) allocate(slots int, sampled bool) error {
	width := 8 + 8 + 1
	if sampled {
		width += 8 + 2
	}
	page := unix.Getpagesize()
	size := (max(slots, 1)*width + page - 1) / page * page
	memory, err := unix.Mmap(-1, 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("memory for the hashes of stored records: %w", err)
	}
	n := size / width
	s.memory = memory
	words := unsafe.Slice((*uint64)(unsafe.Pointer(&memory[0])), size/8)
	s.keys, s.contents = words[:n:n], words[n:2*n:2*n]
	rest := memory[16*n:]
	if sampled {
		s.samples = words[2*n : 3*n : 3*n]
		s.days = unsafe.Slice((*uint16)(unsafe.Pointer(&memory[24*n])), n)
		rest = memory[26*n:]
	}
	s.marks = rest[:n:n]
	return nil
}

func (s *shard) free() {
	if s.memory != nil {
		// Unmapping what was mapped here cannot fail.
		_ = unix.Munmap(s.memory)
	}
	*s = shard{}
}
