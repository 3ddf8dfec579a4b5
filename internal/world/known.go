package world

// Known says which logins can be known to be one human's from what the sources
// show at a moment: a number for each login, equal for those. A human's logins
// hang together by an address (but a mailbox of several people's), a
// subject that the product shows, or a merge of contacts. Communities' logins are linked
// only by their owner's own consent, others unless the owner refused. With
// witnessed, an address counts that a source without history showed once;
// without, one that it shows now, as to somebody who reads it for the first
// time. Logins not yet made have numbers, too: their own.
func (w *World) Known(at Moment, witnessed bool) []int32 {
	k := &knowing{of: make([]int32, len(w.Logins)), may: w.mayLink(at)}
	for i := range k.of {
		k.of[i] = int32(i)
	}
	byAddress, bySubject := map[claim]LoginID{}, map[claim]LoginID{}
	for i := range w.Logins {
		id, l := LoginID(i), &w.Logins[i]
		if l.Made >= at || w.People[l.Person].Kind == Mailbox {
			continue
		}
		if l.subject != 0 && l.Source == Product { // what a forum knows of it, it shows to nobody
			k.meet(bySubject, claim{l.Person, int32(l.subject)}, id)
		}
		for _, h := range w.HeldBy(id) {
			shown := h.From < at && (witnessed || h.Until >= at || keepsHistory(l.Source))
			if a := &w.Addresses[h.Address]; shown && a.Person == l.Person {
				k.meet(byAddress, claim{l.Person, int32(h.Address)}, id)
			}
		}
	}
	for i := range w.Events {
		if e := &w.Events[i]; e.Kind == LoginsMerged && e.Seen < at {
			k.link(e.Login, LoginID(e.Object))
		}
	}
	for i := range k.of {
		k.of[i] = k.root(int32(i))
	}
	return k.of
}

// keepsHistory says that a source's files keep the addresses a login once had.
func keepsHistory(s Source) bool { return s == CRMWest || s == CRMEast || s == Helpdesk }

// mayLink says of each login whether it may be linked: the last answer counts.
func (w *World) mayLink(at Moment) []bool {
	may := make([]bool, len(w.Logins))
	for i := range may {
		may[i] = w.Logins[i].Source > GitHub
	}
	for i := range w.Events {
		if e := &w.Events[i]; e.Kind == ConsentSaid && e.Seen < at {
			may[e.Login] = Consent(e.Detail) == Granted
		}
	}
	return may
}

// A claim is a person's own address or subject.
type claim struct {
	person PersonID
	value  int32
}

// knowing joins logins into humans.
type knowing struct {
	of  []int32
	may []bool
}

// meet links a login with the first that made the same claim.
func (k *knowing) meet(first map[claim]LoginID, c claim, id LoginID) {
	if !k.may[id] {
		return
	}
	if other, ok := first[c]; ok {
		k.link(other, id)
		return
	}
	first[c] = id
}

func (k *knowing) link(a, b LoginID) {
	if !k.may[a] || !k.may[b] {
		return
	}
	x, y := k.root(int32(a)), k.root(int32(b))
	k.of[max(x, y)] = min(x, y)
}

func (k *knowing) root(i int32) int32 {
	for k.of[i] != i {
		k.of[i] = k.of[k.of[i]]
		i = k.of[i]
	}
	return i
}
