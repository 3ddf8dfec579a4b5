package world

import (
	"container/heap"
	"slices"
	"sort"
)

// An intent is something that will be done, if then somebody is there to do it.
type intent struct {
	at     Moment
	kind   Kind
	order  int32 // of making, to settle ties
	login  LoginID
	thread ThreadID
	post   PostID
	detail uint8
}

// A queue holds intents by time.
type queue struct {
	list  intents
	order int32
}

type intents []intent

func (q intents) Len() int { return len(q) }
func (q intents) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].order < q[j].order
}
func (q intents) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *intents) Push(x any)   { *q = append(*q, x.(intent)) }
func (q *intents) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

func (q *queue) add(i intent) {
	q.order++
	i.order = q.order
	heap.Push(&q.list, i)
}

// due takes the next intent before a moment, if there is one.
func (q *queue) due(before Moment) (intent, bool) {
	if len(q.list) == 0 || q.list[0].at >= before {
		return intent{}, false
	}
	return heap.Pop(&q.list).(intent), true
}

// sortBy sorts ids by a moment, equal ones by id.
func sortBy[T ~int32](list []T, at func(T) Moment) {
	slices.SortFunc(list, func(a, b T) int {
		if x, y := at(a), at(b); x != y {
			return sign(x < y)
		}
		return int(a) - int(b)
	})
}

func sign(less bool) int {
	if less {
		return -1
	}
	return 1
}

// countBefore is how many of ascending moments lie before one.
func countBefore(ascending []Moment, at Moment) int {
	return sort.Search(len(ascending), func(i int) bool { return ascending[i] >= at })
}

// searchSum is the first position whose running sum lies above a draw.
func searchSum(sums []float64, draw float64) int {
	return min(sort.Search(len(sums), func(i int) bool { return sums[i] > draw }), len(sums)-1)
}
