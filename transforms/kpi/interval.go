package kpi

import "fmt"

// The normal quantile of a two-sided 95 % interval, and its square.
const (
	z95       = "1.959963984540054e0"
	z95Square = "3.8414588206941243e0"
)

// wilson gives the ends of the score interval of Wilson (1927) for a
// proportion: expressions over a count of successes and the size, or over the
// proportion itself where of is one.
func wilson(proportion, size string) (low, high string) {
	center := fmt.Sprintf("safe_div(%[2]s * %[1]s + 0.5e0 * %[3]s, %[2]s + %[3]s)", proportion, size, z95Square)
	half := fmt.Sprintf("safe_div(%[3]s, %[2]s + %[4]s) * sqrt(%[2]s * %[1]s * (1 - %[1]s) + 0.25e0 * %[4]s)", proportion, size, z95, z95Square)
	low = fmt.Sprintf("greatest(0, coalesce(%s - %s, 0))", center, half)
	high = fmt.Sprintf("least(1, coalesce(%s + %s, 1))", center, half)
	return low, high
}

// newcombe gives the ends of the hybrid score interval (Newcombe 1998, method
// 10) for the difference of two proportions p1 - p0, from the Wilson intervals
// of each. A size may be an effective one, as that of weighted controls.
func newcombe(p1, low1, high1, p0, low0, high0 string) (low, high string) {
	square := func(x, y string) string { return fmt.Sprintf("(%[1]s - %[2]s) * (%[1]s - %[2]s)", x, y) }
	low = fmt.Sprintf("%s - %s - sqrt(%s + %s)", p1, p0, square(p1, low1), square(high0, p0))
	high = fmt.Sprintf("%s - %s + sqrt(%s + %s)", p1, p0, square(high1, p1), square(p0, low0))
	return low, high
}

// netScore gives the ends of the interval of a net promoter score, from the
// multinomial standard error: net is promoters minus detractors, voters both
// together, size all answers.
func netScore(net, voters, size string) (low, high string) {
	share := fmt.Sprintf("safe_div(%s, %s)", net, size)
	half := fmt.Sprintf("%s * sqrt(safe_div(greatest(0, coalesce(safe_div(%s, %s) - %s * %s, 0)), %s))", z95, voters, size, share, share, size)
	low = fmt.Sprintf("greatest(-100, coalesce(100 * (%s - %s), -100))", share, half)
	high = fmt.Sprintf("least(100, coalesce(100 * (%s + %s), 100))", share, half)
	return low, high
}
