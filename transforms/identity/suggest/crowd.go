package suggest

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"rollcall/transforms/identity/address"
	"rollcall/transforms/identity/name"
)

// maxAttributes bounds the further fields that are compared: the first by name.
const maxAttributes = 4

// A crowd is everybody who is compared, with how common each value is.
type crowd struct {
	people     []person
	attributes []string
	// How many people bear a token in their names, and how many bear it first.
	tokens, firsts map[string]int32
	initials       map[string]int32
	allTokens      int32
	handles        map[string]int32 // whole and without digits at the end
	accidental     float64          // see accidentalShare
	companies      map[string]int32
	values         [maxAttributes]map[string]int32
	nameless       bool // somebody has no name
}

// A person is all records that are linked already, as one.
type person struct {
	key        string
	names      [][]string // tokens
	handles    []handle
	companies  []string
	attributes [maxAttributes][]string
}

// A handle is a user name or local part.
type handle struct {
	whole string // folded, without separators
	base  string // without digits at the end
}

// newCrowd gathers records into people, in the order of their smallest keys.
func newCrowd(records []Record) *crowd {
	c := &crowd{
		tokens: map[string]int32{}, firsts: map[string]int32{}, initials: map[string]int32{},
		handles: map[string]int32{}, companies: map[string]int32{},
	}
	names := map[string]bool{}
	for _, r := range records {
		for attribute := range r.Attributes {
			names[attribute] = true
		}
	}
	c.attributes = slices.Sorted(maps.Keys(names))
	c.attributes = c.attributes[:min(len(c.attributes), maxAttributes)]
	for i := range c.attributes {
		c.values[i] = map[string]int32{}
	}
	order := make([]int32, len(records))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(i, j int32) int {
		a, b := &records[i], &records[j]
		return cmp.Or(cmp.Compare(cmp.Or(a.Person, a.Key), cmp.Or(b.Person, b.Key)), cmp.Compare(a.Key, b.Key))
	})
	for start := 0; start < len(order); {
		end := start + 1
		for end < len(order) && samePerson(&records[order[start]], &records[order[end]]) {
			end++
		}
		c.people = append(c.people, c.gather(records, order[start:end]))
		start = end
	}
	slices.SortFunc(c.people, func(a, b person) int { return cmp.Compare(a.key, b.key) })
	for i := range c.people {
		c.count(&c.people[i])
	}
	c.accidental = accidentalShare(c.handles)
	return c
}

// manyBearers is where a value is surely shared by accident: few people have as
// many identities.
const manyBearers = 5

// accidentalShare is how many of the values that two people share are shared by
// accident, from how many values a crowd shares. Words and names that people
// choose follow Zipf's law, by which the values of c bearers fall as 1/c², so
// that those of five and more are 0.886 of those of two. A crowd without common
// values has no accidents either: what it shares has a reason.
func accidentalShare(counts map[string]int32) float64 {
	two, many := 0.0, 0.0
	for _, count := range counts {
		switch {
		case count == 2:
			two++
		case count >= manyBearers:
			many++
		}
	}
	return min(max((many/0.886+1)/(two+1), 0.02), 1)
}

func samePerson(a, b *Record) bool {
	return a.Person != "" && a.Person == b.Person || a.Key == b.Key
}

func (c *crowd) gather(records []Record, members []int32) person {
	p := person{key: records[members[0]].Key}
	for _, i := range members {
		r := &records[i]
		for _, text := range r.Names {
			p.addName(text)
		}
		for _, text := range slices.Concat(r.Usernames, r.Locals) {
			p.addHandle(text)
		}
		p.companies = append(p.companies, r.Companies...)
		for at, attribute := range c.attributes {
			if value := name.Fold(strings.TrimSpace(r.Attributes[attribute])); value != "" && !slices.Contains(p.attributes[at], value) {
				p.attributes[at] = append(p.attributes[at], value)
			}
		}
	}
	if len(p.names) == 0 {
		p.nameFromHandles(records, members)
	}
	slices.Sort(p.companies)
	p.companies = slices.Compact(p.companies)
	return p
}

// addName keeps a name of two tokens or more; a single one may be a user name
// in a name's place and counts as that too.
func (p *person) addName(text string) {
	tokens := name.Tokens(text)
	known := slices.ContainsFunc(p.names, func(other []string) bool { return slices.Equal(other, tokens) })
	if len(tokens) == 0 || known {
		return
	}
	p.names = append(p.names, tokens)
	if len(tokens) == 1 {
		p.addHandle(text)
	}
}

func (p *person) addHandle(text string) {
	if address.IsRole(strings.ToLower(text)) {
		return
	}
	base := name.Handle(text)
	h := handle{whole: base + text[len(strings.TrimRight(text, "0123456789")):], base: base}
	if h.whole != "" && !slices.Contains(p.handles, h) {
		p.handles = append(p.handles, h)
	}
}

// nameFromHandles reads john.smith as a name where a person has no other.
func (p *person) nameFromHandles(records []Record, members []int32) {
	for _, i := range members {
		for _, text := range slices.Concat(records[i].Locals, records[i].Usernames) {
			tokens := name.Tokens(strings.TrimRight(text, "0123456789"))
			if len(tokens) < 2 || slices.ContainsFunc(tokens, func(token string) bool { return len(token) < 2 }) {
				continue
			}
			p.names = append(p.names, tokens)
			return
		}
	}
}

// count adds one person's values, each once.
func (c *crowd) count(p *person) {
	seen := map[string]bool{}
	for _, tokens := range p.names {
		for i, token := range tokens {
			if seen[token] {
				continue
			}
			seen[token] = true
			c.tokens[token]++
			c.initials[firstLetter(token)]++
			c.allTokens++
			if i == 0 && len(tokens) > 1 {
				c.firsts[token]++
			}
		}
	}
	c.nameless = c.nameless || len(p.names) == 0
	clear(seen)
	for _, h := range p.handles {
		for _, form := range []string{h.whole, h.base} {
			if form != "" && !seen[form] {
				seen[form] = true
				c.handles[form]++
			}
		}
	}
	for _, company := range p.companies {
		c.companies[company]++
	}
	for at := range c.attributes {
		for _, value := range p.attributes[at] {
			c.values[at][value]++
		}
	}
}

func firstLetter(token string) string {
	for _, r := range token {
		return string(r)
	}
	return ""
}
