package suggest

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"rollcall/transforms/identity/name"
)

// A block is people who share a value worth comparing. Of one with more than
// maxBlock members the value is too common to point to anybody; smaller ones
// are compared until the budget of pairs is spent, the smallest first.
const (
	maxBlock        = 50
	pairsPerPerson  = 12
	pairsAtLeast    = 200_000
	minHandleLength = 5
)

// A pair is two people by their places, the earlier in the upper half.
type pair uint64

func newPair(i, j int32) pair { return pair(uint64(min(i, j))<<32 | uint64(max(i, j))) }
func (p pair) a() int32       { return int32(p >> 32) }
func (p pair) b() int32       { return int32(p & (1<<32 - 1)) }

// A membership puts one person into one block. Two values of one hash only make
// a needless comparison.
type membership struct {
	block  uint64
	person int32
}

// candidates are the pairs that share a block, sorted.
func (c *crowd) candidates() []pair {
	all := make([]membership, 0, 16*len(c.people))
	for i := range c.people {
		for _, block := range c.blocks(&c.people[i]) {
			all = append(all, membership{block, int32(i)})
		}
	}
	slices.SortFunc(all, func(x, y membership) int {
		return cmp.Or(cmp.Compare(x.block, y.block), cmp.Compare(x.person, y.person))
	})
	all = slices.Compact(all)
	bySize := make([][][2]int32, maxBlock+1)
	for start := 0; start < len(all); {
		end := start + 1
		for end < len(all) && all[end].block == all[start].block {
			end++
		}
		if size := end - start; size > 1 && size <= maxBlock {
			bySize[size] = append(bySize[size], [2]int32{int32(start), int32(end)})
		}
		start = end
	}
	budget := max(pairsAtLeast, pairsPerPerson*len(c.people))
	pairs := make([]pair, 0, budget+maxBlock*maxBlock)
	for _, spans := range bySize {
		for _, span := range spans {
			if len(pairs) >= budget {
				break
			}
			pairs = appendPairs(pairs, all[span[0]:span[1]])
		}
	}
	slices.Sort(pairs)
	return slices.Compact(pairs)
}

func appendPairs(pairs []pair, block []membership) []pair {
	for i := range block {
		for j := i + 1; j < len(block); j++ {
			pairs = append(pairs, newPair(block[i].person, block[j].person))
		}
	}
	return pairs
}

// blocks are the hashes of everything that one person can meet another by.
func (c *crowd) blocks(p *person) []uint64 {
	var keys []uint64
	add := func(parts ...string) {
		digest := xxhash.New()
		for _, part := range parts {
			digest.WriteString(part)
			digest.Write([]byte{0})
		}
		keys = append(keys, digest.Sum64())
	}
	for _, tokens := range p.names {
		c.nameBlocks(tokens, add)
	}
	for _, h := range p.handles {
		for _, form := range []string{h.whole, h.base} {
			if len(form) >= minHandleLength && !c.isGiven(form) {
				add("handle", form)
			}
		}
	}
	words := p.words()
	for _, company := range p.companies {
		for _, word := range words {
			add("company", company, word)
		}
	}
	for at := range c.attributes {
		for _, value := range p.attributes[at] {
			c.attributeBlocks(p, at, value, words, add)
		}
	}
	return keys
}

// nameBlocks let two spellings meet: all tokens, each rare one, an initial with
// the beginning of another token, and, where somebody has no name, the user
// names that people make of theirs.
func (c *crowd) nameBlocks(tokens []string, add func(...string)) {
	if len(tokens) > 1 {
		add("name", name.Key(tokens))
	}
	for i, token := range tokens {
		if len(token) >= 3 && !c.isGiven(token) {
			add("token", token)
		}
		for j, other := range tokens {
			if i != j && len(other) >= 3 {
				add("initial", firstLetter(token), other[:min(len(other), 4)])
			}
			if i != j && c.nameless {
				add("handle", token+other)
				add("handle", firstLetter(token)+other)
				add("handle", other+firstLetter(token))
			}
		}
	}
}

func (c *crowd) attributeBlocks(p *person, at int, value string, words []string, add func(...string)) {
	field := strconv.Itoa(at)
	add("attribute", field, value)
	for _, word := range words {
		add("attribute", field, value, word)
	}
	for other := at + 1; other < len(c.attributes); other++ {
		for _, second := range p.attributes[other] {
			add("attributes", field, value, strconv.Itoa(other), second)
		}
	}
}

// words are the tokens of a person's names, or their handles where there are
// none.
func (p *person) words() []string {
	var words []string
	for _, tokens := range p.names {
		words = append(words, tokens...)
	}
	for _, h := range p.handles {
		words = append(words, h.base)
	}
	slices.Sort(words)
	return slices.Compact(words)
}
