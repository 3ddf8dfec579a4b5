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

// nobody is the human behind content without a known author.
const nobody int32 = -1

// people are the humans behind logins.
type people struct {
	of    []int32 // by LoginID
	spans [][]span
}

// A span is a time in which somebody was no plain member.
type span struct {
	from, until world.Moment
	as          standing
}

// number gives every login its human: those of one person that may be linked
// are one, each other login is a human of its own (identity.md §2.8: without
// consent an account gets its own person, and silence is no consent).
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
// owner.
func mayLink(w *world.World, at world.Moment, objecting bool) []bool {
	linkable := make([]bool, len(w.Logins))
	for i := range linkable {
		linkable[i] = objecting
	}
	for i := range w.Events {
		if e := &w.Events[i]; e.Kind == world.ConsentSaid && e.Seen < at {
			linkable[e.Login] = world.Consent(e.Detail) == world.Granted
		}
	}
	return linkable
}

// holdRoles notes which roles humans held when, by any of their logins.
// Moderators and agents work for the company: they are staff.
func (p *people) holdRoles(w *world.World, at world.Moment, s witness) {
	p.spans = make([][]span, len(w.Logins)) // as many humans as logins at most
	open := map[roleKey]world.Moment{}
	add := func(k roleKey, from, until world.Moment) {
		human := p.of[k.login]
		from, until = s.roleSpan(w.Logins[k.login].Source, from, until)
		p.spans[human] = append(p.spans[human], span{from, until, standingOf(k.role)})
	}
	for i := range w.Events {
		e := &w.Events[i]
		k := roleKey{e.Login, world.RoleName(e.Detail)}
		switch {
		case e.Seen >= at:
		case e.Kind == world.RoleGiven:
			open[k] = e.At
		case e.Kind == world.RoleTaken:
			add(k, open[k], e.At)
			delete(open, k)
		}
	}
	for k, from := range open {
		add(k, from, world.Never)
	}
}

type roleKey struct {
	login world.LoginID
	role  world.RoleName
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
		if s.from <= at && at < s.until {
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
