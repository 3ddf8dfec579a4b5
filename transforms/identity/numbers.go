package identity

import "math/bits"

// numbers gives keys dense numbers in the order in which they come: an
// open-addressed table, since a Go map of ten million keys takes three times
// the memory and the time.
type numbers struct {
	slots []uint32 // number + 1; 0: free
	keys  []uint64 // by number
}

// lookedUpAtOnce is how many keys are looked up together: they fit a processor's
// nearest cache.
const lookedUpAtOnce = 1024

func newNumbers(expected int) *numbers {
	return &numbers{slots: make([]uint32, max(16, expected*3/2)), keys: make([]uint64, 0, expected)}
}

// of returns the number of a key, a new one if it has none.
func (n *numbers) of(key uint64) int32 {
	if len(n.keys)*4 >= len(n.slots)*3 {
		n.grow()
	}
	slot := n.slot(key)
	if n.slots[slot] == 0 {
		n.keys = append(n.keys, key)
		n.slots[slot] = uint32(len(n.keys))
	}
	return int32(n.slots[slot]) - 1
}

// find returns the number of a key, or -1.
func (n *numbers) find(key uint64) int32 { return int32(n.slots[n.slot(key)]) - 1 }

// findAll puts the numbers of keys, or -1, in their places. In a large table
// each look is a wait for memory; looks that do not depend on each other wait
// together, where those of [numbers.find] wait in turn.
func (n *numbers) findAll(keys []uint64, found []int32) {
	for i, key := range keys {
		high, _ := bits.Mul64(key, uint64(len(n.slots)))
		found[i] = int32(n.slots[high]) - 1
	}
	for i, key := range keys {
		if at := found[i]; at >= 0 && n.keys[at] != key {
			found[i] = n.find(key)
		}
	}
}

// An adding gives numbers to keys as they come, many at a time: it looks at all
// their slots first, and so waits for memory as [numbers.findAll] does.
type adding struct {
	*numbers
	keys []uint64
	read uint32 // of the slots; it keeps the looking from being left out
}

func newAdding(n *numbers) *adding {
	return &adding{numbers: n, keys: make([]uint64, 0, lookedUpAtOnce)}
}

func (a *adding) add(key uint64) {
	if a.keys = append(a.keys, key); len(a.keys) == cap(a.keys) {
		a.end()
	}
}

func (a *adding) end() {
	for _, key := range a.keys {
		high, _ := bits.Mul64(key, uint64(len(a.slots)))
		a.read |= a.slots[high]
	}
	for _, key := range a.keys {
		a.of(key)
	}
	a.keys = a.keys[:0]
}

func (n *numbers) slot(key uint64) int {
	high, _ := bits.Mul64(key, uint64(len(n.slots)))
	for slot := int(high); ; slot++ {
		if slot == len(n.slots) {
			slot = 0
		}
		if at := n.slots[slot]; at == 0 || n.keys[at-1] == key {
			return slot
		}
	}
}

func (n *numbers) grow() {
	n.slots = make([]uint32, len(n.slots)*2)
	for i, key := range n.keys {
		n.slots[n.slot(key)] = uint32(i + 1)
	}
}
