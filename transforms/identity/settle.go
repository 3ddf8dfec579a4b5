package identity

import "cmp"

// A settling is what a solution changes in the lake.
type settling struct {
	clusters []int32 // per login the number of its person of now
	labels   []int32 // per person of now the login by which it is known best
	Survival

	members  int64 // logins whose row in identity.person_identity changes
	arrivals int64 // of them, those that are new
	placed   int64 // logins whose row in identity.login changes
	replaced int64 // of them, those that have one
	moved    int64 // logins that go from one person to another

	newcomers int64   // people of now that nobody was before
	fresh     int64   // of them, those of whom all logins are new
	isFresh   []bool  // per person of now: he is one of those
	isNamed   []bool  // per person of now: some member's row changes
	anchored  []int32 // people of before that are known by another login from now on
}

// settle gives the people of now the ids of those of before, and counts what
// differs from what the lake says.
func (l *loading) settle(s *Solution) *settling {
	t := &settling{}
	t.number(s.Label)
	anchors := make([]int32, len(l.anchorKeys))
	for i, key := range l.anchorKeys {
		if anchors[i] = l.logins.find(key); anchors[i] >= 0 && l.was[anchors[i]] != int32(i) {
			anchors[i] = -1
		}
	}
	t.Survival = Survive(anchors, l.was, t.clusters, func(a, b int32) int {
		return cmp.Or(cmp.Compare(l.created[a], l.created[b]), cmp.Compare(l.former.keys[a], l.former.keys[b]))
	}, func(a, b int32) int { return cmp.Compare(l.Logins[t.labels[a]].Key, l.Logins[t.labels[b]].Key) })
	t.isNamed, t.isFresh = make([]bool, len(t.labels)), make([]bool, len(t.labels))
	for cluster, former := range t.Of {
		t.isFresh[cluster] = former < 0
	}
	for i := range l.Logins {
		isChanged, isPlaced := l.differs(s, t, i)
		if isChanged {
			t.members++
			t.isNamed[t.clusters[i]] = true
		}
		if l.stood[i].flags&knownFlag == 0 {
			t.arrivals++
		} else {
			t.isFresh[t.clusters[i]] = false
		}
		if isPlaced {
			t.placed++
			t.replaced += int64(l.stood[i].flags & standsFlag / standsFlag)
		}
		if was := l.was[i]; was >= 0 && t.Of[t.clusters[i]] != was {
			t.moved++
		}
	}
	for cluster, former := range t.Of {
		if former < 0 {
			t.newcomers++
		}
		if t.isFresh[cluster] {
			t.fresh++
		}
	}
	for i, key := range l.anchorKeys {
		cluster := t.Into[i]
		if cluster < 0 || t.Of[cluster] != int32(i) {
			continue
		}
		if at := l.logins.find(key); at < 0 || t.clusters[at] != cluster {
			t.anchored = append(t.anchored, int32(i))
		}
	}
	return t
}

// number numbers the people of now in the order of their labels.
func (t *settling) number(labels []int32) {
	t.clusters = make([]int32, len(labels))
	for i, label := range labels {
		if int(label) == i {
			t.clusters[i] = int32(len(t.labels))
			t.labels = append(t.labels, label)
		}
	}
	for i, label := range labels {
		t.clusters[i] = t.clusters[label]
	}
}

// differs reports whether a login has another person, tier or consent than the
// lake says, and whether it stands elsewhere or is described otherwise.
func (l *loading) differs(s *Solution, t *settling, i int) (isChanged, isPlaced bool) {
	before := l.stood[i]
	former := t.Of[t.clusters[i]]
	isChanged = former < 0 || former != l.was[i] || before.tier != s.Tier[i] || before.flags&unlikeFlag != 0
	return isChanged, before.flags&describedFlag == 0 || before.component != l.Logins[s.Reach[i]].Key
}
