package labelled

import (
	"rollcall/transforms/identity/suggest"
)

// A partition is who is held to be one person, with its pairs counted against
// the truth as it grows.
type partition struct {
	parent           []int
	members          []map[string]int // rows by truth, at roots
	size             []int
	right, all, true int
}

// newPartition starts with every row alone.
func newPartition(rows []row) *partition {
	p := &partition{}
	people := map[string]int{}
	for i, r := range rows {
		p.parent = append(p.parent, i)
		p.members = append(p.members, map[string]int{r.truth: 1})
		p.size = append(p.size, 1)
		p.true += people[r.truth]
		people[r.truth]++
	}
	return p
}

func (p *partition) find(i int) int {
	for p.parent[i] != i {
		p.parent[i] = p.parent[p.parent[i]]
		i = p.parent[i]
	}
	return i
}

// join makes two rows one person, with everybody already joined to them.
func (p *partition) join(i, j int) {
	i, j = p.find(i), p.find(j)
	if i == j {
		return
	}
	if p.size[i] < p.size[j] {
		i, j = j, i
	}
	for truth, n := range p.members[j] {
		p.right += n * p.members[i][truth]
		p.members[i][truth] += n
	}
	p.all += p.size[i] * p.size[j]
	p.size[i] += p.size[j]
	p.parent[j] = i
}

func (p *partition) precision() float64 {
	if p.all == 0 {
		return 1
	}
	return float64(p.right) / float64(p.all)
}

func (p *partition) recall() float64 {
	return float64(p.right) / float64(max(p.true, 1))
}

// A cut is how far down the list suggestions may be accepted.
type cut struct {
	accepted  int
	odds      float64
	precision float64
	recall    float64
}

// deepest accepts suggestions from the top, joining the people of each, and
// returns the cut of most recall that keeps the precision of all pairs.
func deepest(p *partition, rows []row, suggestions []suggest.Suggestion, precision float64) cut {
	place := map[string]int{}
	for i, r := range rows {
		place[r.Key] = i
	}
	best := cut{precision: p.precision(), recall: p.recall()}
	for i, s := range suggestions {
		p.join(place[s.A], place[s.B])
		if p.precision() >= precision && p.recall() > best.recall {
			best = cut{accepted: i + 1, odds: s.Odds, precision: p.precision(), recall: p.recall()}
		}
	}
	return best
}
