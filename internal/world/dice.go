package world

import (
	"math"
	"math/rand/v2"
)

// A concern is one thing that chance decides. Each has random streams of its
// own, so that a draw added to one leaves all others as they were.
type concern uint64

const (
	onCompanies concern = iota + 1
	onPeople
	onJobs
	onAddresses
	onLogins
	onContracts
	onChurn
	onVisits
	onQuestions
	onReplies
	onReactions
	onFollowUps
	onGatherings
	onSurveys
	onProduct
	onTickets
	onConsent
	onText
	onRecords
	onLateness
)

// dice are a random stream.
type dice struct {
	pcg rand.PCG
	rng *rand.Rand
}

func newDice() *dice {
	d := &dice{}
	d.rng = rand.New(&d.pcg)
	return d
}

// of begins the stream of a concern about one thing, say a person in a month.
func (d *dice) of(seed uint64, c concern, a, b int) *dice {
	d.pcg.Seed(mix(seed, uint64(c)), mix(uint64(a)+1, uint64(b)+0x9e37))
	return d
}

// mix spreads two numbers over 64 bits (the finaliser of SplitMix64, public
// domain).
func mix(a, b uint64) uint64 {
	z := a*0x9e3779b97f4a7c15 + b + 0x632be59bd9b4e019
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// share is uniform in [0, 1).
func (d *dice) share() float64 { return d.rng.Float64() }

// chance is true in a share p of draws.
func (d *dice) chance(p float64) bool { return d.rng.Float64() < p }

// below is uniform in [0, n).
func (d *dice) below(n int) int { return d.rng.IntN(n) }

// between is uniform in [low, high).
func (d *dice) between(low, high float64) float64 { return low + (high-low)*d.rng.Float64() }

// lognormal has the given median and a spread of sigma on the log scale.
func (d *dice) lognormal(median, sigma float64) float64 {
	return median * math.Exp(sigma*d.rng.NormFloat64())
}

// poisson counts rare things of which there are mean on average (Knuth's
// product of uniforms; above 50 the normal distribution is near enough).
func (d *dice) poisson(mean float64) int {
	if mean > 50 {
		return int(max(0, mean+math.Sqrt(mean)*d.rng.NormFloat64()+0.5))
	}
	limit, n := math.Exp(-mean), 0
	for p := d.rng.Float64(); p > limit; p *= d.rng.Float64() {
		n++
	}
	return n
}

// weighted is a position in weights, each as likely as its weight.
func (d *dice) weighted(weights ...float64) int {
	sum := 0.0
	for _, weight := range weights {
		sum += weight
	}
	draw := d.rng.Float64() * sum
	for i, weight := range weights {
		if draw -= weight; draw < 0 {
			return i
		}
	}
	return len(weights) - 1
}

func pick[T any](d *dice, list []T) T { return list[d.rng.IntN(len(list))] }
