package identity

import "slices"

// A doubter finds logins that two people seem to use: each claims several
// addresses, of people whom an issuer or a decision tells apart. Their evidence
// is followed last, so that it parts nobody from what only he claims.
type doubter struct {
	*resolver
	addresses map[int32][]int32 // login -> its addresses' groups
	subjects  map[int32][]int32 // login -> its subjects, as values
	telling   map[int32][]int32 // group -> its logins that can be told from others
}

func (r *resolver) doubt(edges []edge) map[int32]bool {
	d := &doubter{resolver: r, addresses: map[int32][]int32{}, subjects: map[int32][]int32{}, telling: map[int32][]int32{}}
	for _, e := range edges {
		if e.group < 0 {
			continue
		}
		switch value := r.groups[e.group].value; {
		case r.Values[value].Type == Email:
			d.addresses[e.login] = append(d.addresses[e.login], e.group)
		case r.Values[value].Issuer != 0:
			d.subjects[e.login] = append(d.subjects[e.login], value)
		}
	}
	for login, groups := range d.addresses {
		for _, group := range groups {
			if len(d.subjects[login]) > 0 || len(r.apart[login]) > 0 {
				d.telling[group] = append(d.telling[group], login)
			}
		}
	}
	doubtful := map[int32]bool{}
	for login, groups := range d.addresses {
		if len(groups) > 1 && d.isBridge(login, groups) {
			doubtful[login] = true
		}
	}
	return doubtful
}

// isBridge reports whether the others who claim a login's addresses are kept
// apart, from each other over two addresses or from itself.
func (d *doubter) isBridge(login int32, groups []int32) bool {
	own := []int32{login}
	for i, group := range groups {
		if d.anyApart(own, d.telling[group]) {
			return true
		}
		for _, other := range groups[:i] {
			if d.anyApart(d.telling[group], d.telling[other]) {
				return true
			}
		}
	}
	return false
}

func (d *doubter) anyApart(logins, others []int32) bool {
	return slices.ContainsFunc(logins, func(a int32) bool {
		return slices.ContainsFunc(others, func(b int32) bool { return a != b && d.areApart(a, b) })
	})
}

func (d *doubter) areApart(a, b int32) bool {
	if slices.Contains(d.apart[a], b) {
		return true
	}
	return slices.ContainsFunc(d.subjects[a], func(x int32) bool {
		return slices.ContainsFunc(d.subjects[b], func(y int32) bool {
			return d.Values[x].Issuer == d.Values[y].Issuer && d.Values[x].Key != d.Values[y].Key
		})
	})
}
