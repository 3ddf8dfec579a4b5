package suggest

import (
	"math"
	"math/rand/v2"
)

const (
	rounds     = 12
	learnPairs = 400_000 // pairs that the shares are learnt from
	drawnPairs = 200_000 // at most, drawn at random to see how often people agree by accident
	pseudo     = 10      // matches that the first guess of m counts for
	perMatch   = 8       // people per match, at most: learning must not end in a crowd without any
	trust      = 1.5     // bits by which what is learnt may lower a value's rarity
)

// weights are what each category adds to the log2 odds, and the odds of any
// pair before anything is known. An agreement adds the rarity of its value on
// top.
type weights struct {
	prior float64
	of    [categories]float64
}

func (w *weights) odds(v *vector) float64 {
	odds := w.prior
	for field, category := range v.category {
		if category != missing {
			odds += w.of[category] + float64(v.bits[field])
		}
	}
	return odds
}

// A vector is what learning keeps of a pair.
type vector struct {
	category [fields]int16
	bits     [fields]float32 // of an agreement: how rare its value is, -log2 of the share of people who have it
	match    float64         // the probability that the pair is one person
}

// learn finds m, u and the share of matches by expectation maximisation. It
// starts from the chance that each value agrees by accident, which is known
// from how common it is.
func (c *crowd) learn(pairs []pair) *weights {
	step := len(pairs)/learnPairs + 1
	people := float64(len(c.people))
	l := learner{scale: float64(step), all: people * (people - 1) / 2, fewest: people / perMatch}
	for i := 0; i < len(pairs); i += step {
		l.candidates = append(l.candidates, c.vectorOf(pairs[i]))
	}
	draw := rand.New(rand.NewPCG(1, uint64(len(c.people))))
	for range min(drawnPairs, 20*len(c.people)) {
		i, j := draw.Int32N(int32(len(c.people))), draw.Int32N(int32(len(c.people)))
		if i != j {
			l.drawn = append(l.drawn, c.vectorOf(newPair(i, j)))
		}
	}
	var w weights
	for round := range rounds {
		w = l.maximise(round == 0)
		w.expect(l.candidates)
		w.expect(l.drawn)
	}
	return &w
}

func (c *crowd) vectorOf(p pair) vector {
	seen := c.compare(p.a(), p.b())
	return c.vector(&seen)
}

func (c *crowd) vector(seen *comparison) vector {
	v := vector{match: firstGuess(seen, float64(len(c.people)))}
	for field, f := range seen.findings {
		v.category[field] = int16(f.category)
		if f.category != missing && isGraded(f.category) {
			v.bits[field] = float32(c.bits(f))
		}
	}
	return v
}

// bits is how rare a value is.
func (c *crowd) bits(f finding) float64 {
	return -math.Log2(min(max(f.chance, 1e-6)/float64(len(c.people)), 1))
}

// firstGuess is the probability of a match by the value's own frequency and a
// rough share of each agreement among matches.
func firstGuess(seen *comparison, people float64) float64 {
	odds := 1 / people
	for _, f := range seen.findings {
		if f.category != missing {
			odds *= usualShare(f.category) / min(f.chance/people, 1)
		}
	}
	return odds / (1 + odds)
}

// usualShare is how often records of one person agree in a way, roughly: the
// place from which learning starts.
func usualShare(category int) float64 {
	switch {
	case category < spellingFirst:
		return [6]float64{0.5, 0.12, 0.08, 0.08, 0.05, 0.17}[nameKind(category)]
	case category < spellingNone:
		return [3]float64{0.35, 0.2, 0.1}[(category-spellingFirst)/steps]
	case category == spellingNone:
		return 0.35
	case category < handleBase:
		return 0.3
	case category < handleOther:
		return 0.05
	case category == handleOther:
		return 0.6
	case category < companyOther:
		return 0.3
	case category == companyOther:
		return 0.7
	}
	switch within := (category - valueFirst) % valueAll; within {
	case valueNear:
		return 0.15
	case valueOther:
		return 0.25
	}
	return 0.6
}

// A learner holds a sample of the candidate pairs, each standing for scale of
// them, and pairs drawn from the whole crowd.
type learner struct {
	candidates, drawn []vector
	scale             float64
	all               float64             // pairs of the whole crowd
	fewest            float64             // matches that there are at least
	guess             [categories]float64 // the first m
}

// expect gives each pair its probability by the weights.
func (w *weights) expect(vectors []vector) {
	for i := range vectors {
		vectors[i].match = 1 / (1 + math.Exp2(-w.odds(&vectors[i])))
	}
}

// maximise gives each category its weight by the probabilities, among pairs
// that have the field on both sides. A category's share among pairs of two
// people is what the candidates show or what random pairs show, whichever is
// more: blocks hold all that agree in something rare, and few of those that
// differ or agree in something common.
func (l *learner) maximise(first bool) weights {
	candidates, drawn := tally(l.candidates), tally(l.drawn)
	var m, u [categories]float64
	for category := range categories {
		field := fieldOf(category)
		bearing := candidates.sameBearing[field]
		if first {
			l.guess[category] = candidates.same[category] / max(bearing, 1e-9)
		}
		m[category] = (candidates.same[category] + pseudo*l.guess[category] + 0.01) / (bearing + pseudo + 0.01)
		random := float64(len(l.drawn))
		bear := (drawn.otherBearing[field] + 1) / (random + 1)
		u[category] = (candidates.other[category]*l.scale + 0.5) / (l.all * bear)
		if seen := drawn.other[category]; seen >= 3 {
			u[category] = max(u[category], seen/(random*bear))
		}
		u[category] = min(u[category], 1)
	}
	w := weights{prior: math.Log2(max(candidates.total*l.scale, l.fewest) / l.all)}
	for start := 0; start < categories; {
		end := start + family(start)
		candidates.weigh(w.of[:], m[:], u[:], start, end)
		start = end
	}
	return w
}

// A count is what a set of pairs shows by their probabilities.
type count struct {
	total                     float64             // matches
	same, other               [categories]float64 // matches and others in a category
	sameBearing, otherBearing [fields]float64     // those that have the field on both sides
	bits, seen                [categories]float64 // rarities added up, and over how many pairs
}

func tally(vectors []vector) *count {
	c := &count{}
	for i := range vectors {
		v := &vectors[i]
		c.total += v.match
		for field, category := range v.category {
			if category == missing {
				continue
			}
			c.same[category] += v.match
			c.other[category] += 1 - v.match
			c.sameBearing[field] += v.match
			c.otherBearing[field] += 1 - v.match
			c.bits[category] += float64(v.bits[field])
			c.seen[category]++
		}
	}
	return c
}

// weigh sets the weights of one agreement's classes of rarity. That of a class
// strays from what the frequency of its values says by at most trust bits down
// and one up: learning without labels must not talk itself into more.
func (c *count) weigh(weight, m, u []float64, start, end int) {
	if end == start+1 {
		weight[start] = math.Log2(m[start] / u[start])
		return
	}
	share := 0.0
	for category := start; category < end; category++ {
		share += m[category]
	}
	share = math.Log2(min(share, 1))
	for category := start; category < end; category++ {
		weight[category] = share
		if c.seen[category] > 0 {
			bits := c.bits[category] / c.seen[category]
			weight[category] += min(max(math.Log2(m[category]/u[category])-share-bits, -trust), 1)
		}
	}
}
