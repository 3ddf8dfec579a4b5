package truth

import (
	"cmp"
	"slices"

	"rollcall/internal/world"
)

// A standing is what somebody is at a moment (G6).
type standing uint8

const (
	member standing = iota // counts
	staff                  // responds, and counts nowhere else
	barred                 // a bot or a test person
)

// people are the humans behind logins.
type people struct {
	of    []int32 // by LoginID
	spans [][]span
}

// A span is since when somebody is no plain member; the log ends no role.
type span struct {
	from world.Moment
	as   standing
}

// number gives every login its human: those of one person that may be linked
// are one, each other login is a human of its own (identity.md §2.8).
func number(w *world.World, linkable []bool) []int32 {
	of := make([]int32, len(w.Logins))
	linked := make(map[world.PersonID]int32)
	next := int32(0)
	for i := range w.Logins {
		person := w.Logins[i].Person
		if human, ok := linked[person]; ok && linkable[i] {
			of[i] = human
			continue
		}
		of[i] = next
		if linkable[i] {
			linked[person] = next
		}
		next++
	}
	return of
}

// mayLink says of each login whether it may be linked, by the last word of its
// owner. Without a word a community's login may not, unless the basis is that
// people can object; G12 asks for a basis of community identities only, so that
// logins elsewhere may.
func mayLink(w *world.World, at world.Moment, objecting bool) []bool {
	linkable := make([]bool, len(w.Logins))
	for i := range linkable {
		linkable[i] = objecting || !isCommunity(w.Logins[i].Source)
	}
	for login, said := range lastWords(w, at) {
		linkable[login] = said == world.Granted
	}
	return linkable
}

// lastWords are what owners said last about matching, by the moment.
func lastWords(w *world.World, at world.Moment) map[world.LoginID]world.Consent {
	words := make(map[world.LoginID]world.Consent)
	for i := range w.Events {
		if e := &w.Events[i]; e.Kind == world.ConsentSaid && e.Seen < at {
			words[e.Login] = world.Consent(e.Detail)
		}
	}
	return words
}

// holdRoles notes since when humans have held roles, by any of their logins.
// Moderators and agents work for the company: they are staff, and so is who has
// an address of the company's own domain, whatever the source says.
func (p *people) holdRoles(w *world.World, at world.Moment, s witness) {
	p.spans = make([][]span, len(w.Logins)) // as many humans as logins at most
	for i := range w.Logins {
		human := p.of[i]
		switch w.People[w.Logins[i].Person].Kind {
		case world.Staff:
			p.spans[human] = append(p.spans[human], span{beginning, staff})
		case world.Bot, world.Test:
			p.spans[human] = append(p.spans[human], span{beginning, barred})
		}
	}
	for i := range w.Events {
		if e := &w.Events[i]; e.Kind == world.RoleGiven && e.Seen < at {
			human := p.of[e.Login]
			from := s.roleFrom(w.Logins[e.Login].Source, e.At)
			p.spans[human] = append(p.spans[human], span{from, standingOf(world.RoleName(e.Detail))})
		}
	}
}

func standingOf(r world.RoleName) standing {
	if r == world.RoleBot || r == world.RoleTest {
		return barred
	}
	return staff
}

// standing is what a human was at a moment; a bot or test person before staff.
func (p *people) standing(human int32, at world.Moment) standing {
	found := member
	for _, s := range p.spans[human] {
		if s.from <= at {
			found = max(found, s.as)
		}
	}
	return found
}

// employments are the jobs of all humans.
func employments(w *world.World, p people) []Employment {
	jobs := make(map[world.PersonID][]world.Job)
	for _, j := range w.Jobs {
		jobs[j.Person] = append(jobs[j.Person], j)
	}
	var found []Employment
	seen := make(map[int32]bool)
	for i, human := range p.of {
		if seen[human] {
			continue
		}
		seen[human] = true
		for _, j := range jobs[w.Logins[i].Person] {
			found = append(found, Employment{human, j.Company, j.From, j.Until})
		}
	}
	slices.SortStableFunc(found, func(a, b Employment) int {
		return cmp.Or(cmp.Compare(a.Human, b.Human), cmp.Compare(a.From, b.From), cmp.Compare(a.Company, b.Company))
	})
	return found
}
