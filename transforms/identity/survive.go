package identity

import (
	"cmp"
	"slices"
)

// A Survival says which ids of before live on.
type Survival struct {
	Of   []int32 // per cluster: the former whose id it bears; -1: it gets a new one
	Into []int32 // per former: the cluster it went to, its own or that of most of its members; -1: no member is left
}

// Survive matches what was before with clusters of now, one to one: of people,
// or of companies. A former's id goes to the cluster that holds its anchor, the
// member it is recognised by; else by how many members they share; then the
// former that comes first.
//
// anchors gives per former the number of its anchor, or -1 where it is gone. was
// and now give per member its former (-1: none) and its cluster, numbered from 0.
// formerFirst and clusterFirst order formers and clusters by what does not depend
// on the order of members.
func Survive(anchors, was, now []int32, formerFirst, clusterFirst func(a, b int32) int) Survival {
	clusters := int32(0)
	for _, cluster := range now {
		clusters = max(clusters, cluster+1)
	}
	s := Survival{Of: slices.Repeat([]int32{-1}, int(clusters)), Into: slices.Repeat([]int32{-1}, len(anchors))}
	s.keepAlone(was, now)
	overlaps := overlapsOf(anchors, was, now, s)
	slices.SortFunc(overlaps, func(a, b overlap) int {
		if a.holdsAnchor != b.holdsAnchor {
			if a.holdsAnchor {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.shared, a.shared), formerFirst(a.former, b.former), clusterFirst(a.cluster, b.cluster))
	})
	for _, o := range overlaps {
		if s.Of[o.cluster] < 0 && s.Into[o.former] < 0 {
			s.Of[o.cluster], s.Into[o.former] = o.former, o.cluster
		}
	}
	for _, o := range overlaps {
		if s.Into[o.former] < 0 {
			s.Into[o.former] = o.cluster
		}
	}
	return s
}

// keepAlone matches formers and clusters that share members with nobody else:
// nearly all, so that only the others are sorted.
func (s Survival) keepAlone(was, now []int32) {
	const several = -2
	for member, former := range was {
		if former < 0 {
			continue
		}
		cluster := now[member]
		if s.Into[former] != -1 && s.Into[former] != cluster {
			s.Into[former] = several
		} else {
			s.Into[former] = cluster
		}
		if s.Of[cluster] != -1 && s.Of[cluster] != former {
			s.Of[cluster] = several
		} else {
			s.Of[cluster] = former
		}
	}
	isAlone := func(former, cluster int32) bool {
		return former >= 0 && cluster >= 0 && s.Into[former] == cluster && s.Of[cluster] == former
	}
	for cluster, former := range s.Of {
		if former != -1 && !isAlone(former, int32(cluster)) {
			s.Of[cluster] = -1
		}
	}
	for former, cluster := range s.Into {
		if cluster != -1 && !isAlone(int32(former), cluster) {
			s.Into[former] = -1
		}
	}
}

// An overlap is a former and a cluster that share members.
type overlap struct {
	former, cluster int32
	shared          int32
	holdsAnchor     bool
}

// overlapsOf lists those that are not matched yet.
func overlapsOf(anchors, was, now []int32, matched Survival) []overlap {
	var overlaps []overlap
	for member, former := range was {
		if former >= 0 && matched.Into[former] < 0 {
			overlaps = append(overlaps, overlap{former, now[member], 1, anchors[former] == int32(member)})
		}
	}
	slices.SortFunc(overlaps, func(a, b overlap) int {
		return cmp.Or(cmp.Compare(a.former, b.former), cmp.Compare(a.cluster, b.cluster))
	})
	kept := overlaps[:0]
	for _, o := range overlaps {
		if n := len(kept); n > 0 && kept[n-1].former == o.former && kept[n-1].cluster == o.cluster {
			kept[n-1].shared++
			kept[n-1].holdsAnchor = kept[n-1].holdsAnchor || o.holdsAnchor
			continue
		}
		kept = append(kept, o)
	}
	return kept
}
