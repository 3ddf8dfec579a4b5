package world

// KnownOrgs says which orgs can be known to be one company from what the
// sources show at a moment: a number for each org, equal for those. They hang
// together by the domain that both state, by one naming the other, or by a
// merge; an equal name alone is no evidence. A company that was bought is its
// buyer's from the day on which a source merges the two.
func (w *World) KnownOrgs(at Moment) []int32 {
	k := &knowing{World: w, of: make([]int32, len(w.Orgs))}
	domains := map[CompanyID]int32{}
	for i := range w.Orgs {
		k.of[i] = int32(i)
	}
	for i := range w.Orgs {
		o := &w.Orgs[i]
		if o.Made >= at {
			continue
		}
		if o.Refers != None {
			k.join(int32(i), int32(o.Refers))
		}
		if !o.Domain || o.Gone < at { // one that was merged away states nothing any more
			continue
		}
		if first, ok := domains[o.Company]; ok {
			k.join(int32(i), first)
		} else {
			domains[o.Company] = int32(i)
		}
	}
	for i := range w.Events {
		if e := &w.Events[i]; e.Kind == OrgsMerged && e.Seen < at {
			k.join(e.Object, e.Other)
		}
	}
	for i := range k.of {
		k.of[i] = k.root(int32(i))
	}
	return k.of
}
