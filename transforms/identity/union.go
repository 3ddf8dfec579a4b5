package identity

// A forest is a union-find over dense numbers.
type forest []int32

func newForest(n int) forest {
	f := make(forest, n)
	for i := range f {
		f[i] = int32(i)
	}
	return f
}

func (f forest) find(i int32) int32 {
	for f[i] != i {
		f[i] = f[f[i]]
		i = f[i]
	}
	return i
}

// union joins two sets and returns the root of both. The greater root goes
// under the lesser: without ranks, paths still stay short by halving.
func (f forest) union(a, b int32) int32 {
	a, b = f.find(a), f.find(b)
	if a > b {
		a, b = b, a
	}
	f[b] = a
	return a
}

// roots is the root of every number.
func (f forest) roots() []int32 {
	roots := make([]int32, len(f))
	for i := range roots {
		roots[i] = f.find(int32(i))
	}
	return roots
}
