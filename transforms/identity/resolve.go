package identity

import (
	"cmp"
	"maps"
	"slices"
)

// A resolver solves components again under the rules: the strongest evidence
// first, refusing what would break one. Ties go by keys, so that the outcome is
// that of any order of input.
type resolver struct {
	*solver
	state map[int32]*person // by root
	apart map[int32][]int32 // login -> logins it was decided not to be
	links []edge            // that were followed
	parts map[int32][]edge  // group -> claims of those whom a decision keeps from its hub and from each other
}

// A person is what a set of logins adds up to.
type person struct {
	logins, boxes    int
	hasBot, hasHuman bool
	companies        []uint32          // customers
	subjects         map[uint32]uint64 // issuer -> key of its subject
	apartFrom        []int32           // logins that it was decided not to be
}

// An edge is a claim on its way into its group, or something said outright
// (group -1).
type edge struct {
	login, other int32
	group        int32
	tier         uint8
	rule         Rule
	isDoubtful   bool // the login is one that two people seem to use
}

func (r *resolver) run(logins []int32) {
	inside := map[int32]bool{}
	for _, login := range logins {
		inside[login] = true
		r.people[login] = login
	}
	for _, pair := range r.NotSame {
		if inside[pair[0]] && inside[pair[1]] {
			r.apart[pair[0]] = append(r.apart[pair[0]], pair[1])
			r.apart[pair[1]] = append(r.apart[pair[1]], pair[0])
		}
	}
	for _, login := range logins {
		r.state[login] = r.alone(login)
	}
	for _, e := range r.edges(inside) {
		r.follow(e)
	}
	r.place(logins)
}

// place notes who is one person by the links up to each tier.
func (r *resolver) place(logins []int32) {
	for _, login := range logins {
		r.people[login] = login
	}
	for tier := range uint8(tiers) {
		for _, e := range r.links {
			if e.tier == tier {
				r.people.union(e.login, e.other)
			}
		}
		for _, login := range logins {
			r.atTier[tier][login] = r.people.find(login)
		}
	}
}

func (r *resolver) alone(login int32) *person {
	l := r.Logins[login]
	p := &person{logins: 1, hasBot: l.IsBot, hasHuman: !l.IsBot, apartFrom: r.apart[login]}
	if l.Company != 0 && l.IsCustomer {
		p.companies = []uint32{l.Company}
	}
	return p
}

// edges are those inside the components, in the order in which they are
// followed.
func (r *resolver) edges(inside map[int32]bool) []edge {
	var edges []edge
	for _, same := range r.Same {
		if inside[same.A] && inside[same.B] && r.mayLink(same) {
			a, b := same.A, same.B
			if r.Logins[a].Key > r.Logins[b].Key {
				a, b = b, a
			}
			edges = append(edges, edge{login: a, other: b, group: -1, rule: same.Rule})
		}
	}
	for i := range r.groups {
		g := &r.groups[i]
		if g.hub < 0 || !inside[g.hub] {
			continue
		}
		g.hub = -1
		for _, c := range r.claims[g.start:g.end] {
			if tier := r.tierOf(g, c); tier != NoTier {
				edges = append(edges, edge{login: c.Login, group: int32(i), tier: tier})
			}
		}
	}
	r.doubtful = r.doubt(edges)
	for i, e := range edges {
		edges[i].isDoubtful = e.group >= 0 && r.doubtful[e.login]
	}
	slices.SortFunc(edges, r.compare)
	return edges
}

func (r *resolver) compare(a, b edge) int {
	switch {
	case a.isDoubtful != b.isDoubtful:
		if b.isDoubtful {
			return -1
		}
		return 1
	case a.tier != b.tier:
		return cmp.Compare(a.tier, b.tier)
	}
	if a.group < 0 || b.group < 0 {
		return cmp.Or(cmp.Compare(min(a.group, 0), min(b.group, 0)), cmp.Compare(a.rule, b.rule),
			cmp.Compare(r.Logins[a.login].Key, r.Logins[b.login].Key), cmp.Compare(r.Logins[a.other].Key, r.Logins[b.other].Key))
	}
	x, y := &r.groups[a.group], &r.groups[b.group]
	return cmp.Or(cmp.Compare(x.end-x.start, y.end-y.start), cmp.Compare(r.Values[x.value].Key, r.Values[y.value].Key),
		cmp.Compare(r.Logins[a.login].Key, r.Logins[b.login].Key))
}

// follow links by an edge, unless that would break a rule.
func (r *resolver) follow(e edge) {
	if e.group < 0 {
		if rule := r.forbids(e); rule != NoRule {
			r.refuse(e.login, e.other, -1, rule)
			return
		}
		r.merge(e)
		return
	}
	g := &r.groups[e.group]
	if g.hub < 0 {
		r.adopt(e, g)
		return
	}
	e.other, e.tier = g.hub, max(e.tier, g.hubTier)
	rule := r.forbids(e)
	if e.tier == 3 && g.isSplit {
		rule = Contested
	}
	if rule == NoRule {
		r.merge(e)
		return
	}
	r.refuse(e.login, g.hub, g.value, rule)
	g.isSplit = true
	if rule == NotSamePerson && e.tier < 3 {
		r.followApart(e)
	}
}

// followApart links a login with those whom decisions keep from the group's hub
// as well, but not from it: who was split off stays one person.
func (r *resolver) followApart(e edge) {
	for _, part := range r.parts[e.group] {
		with := e
		with.other, with.tier = part.login, max(e.tier, part.tier)
		if r.forbids(with) == NoRule {
			r.merge(with)
			return
		}
	}
	if r.take(e.login, r.groups[e.group].value) == NoRule {
		r.parts[e.group] = append(r.parts[e.group], e)
	}
}

// adopt makes a login the first of a group, unless its person would have too
// much.
func (r *resolver) adopt(e edge, g *group) {
	if rule := r.take(e.login, g.value); rule != NoRule {
		r.refuse(e.login, e.login, g.value, rule)
		g.isSplit = true
		return
	}
	g.hub, g.hubTier = e.login, e.tier
}

// take counts a value as the login's person's, unless that would break a rule.
func (r *resolver) take(login, held int32) Rule {
	p := r.state[r.people.find(login)]
	value := r.Values[held]
	switch subject, found := p.subjects[value.Issuer]; {
	case value.Type == Email && p.boxes >= mailboxesPerPerson:
		return TooManyBoxes
	case value.Type == Email:
		p.boxes++
	case found && subject != value.Key:
		return OtherSubject
	case value.Issuer != 0:
		p.subjects = withSubjects(p.subjects, map[uint32]uint64{value.Issuer: value.Key})
	}
	return NoRule
}

func withSubjects(held, more map[uint32]uint64) map[uint32]uint64 {
	if held == nil {
		held = map[uint32]uint64{}
	}
	maps.Copy(held, more)
	return held
}

// forbids names the rule that keeps the people of an edge apart. What was said
// outright overrides all but decisions, and that one is a program; companies
// keep apart only what an address joins that staff entered.
func (r *resolver) forbids(e edge) Rule {
	rootA, rootB := r.people.find(e.login), r.people.find(e.other)
	if rootA == rootB {
		return NoRule
	}
	p, q := r.state[rootA], r.state[rootB]
	for _, login := range p.apartFrom {
		if r.people.find(login) == rootB {
			return NotSamePerson
		}
	}
	switch {
	case e.rule == Decided:
		return NoRule
	case p.hasBot && q.hasHuman || p.hasHuman && q.hasBot:
		return BotAndHuman
	case e.rule != NoRule:
		return NoRule
	case p.logins+q.logins > loginsPerPerson:
		return TooManyLogins
	case p.boxes+q.boxes > mailboxesPerPerson:
		return TooManyBoxes
	case conflicting(p.subjects, q.subjects):
		return OtherSubject
	case e.tier >= 2 && !covers(p.companies, q.companies) && !covers(q.companies, p.companies):
		return OtherCompany
	}
	return NoRule
}

func conflicting(a, b map[uint32]uint64) bool {
	for issuer, subject := range a {
		if other, found := b[issuer]; found && other != subject {
			return true
		}
	}
	return false
}

// covers reports whether all of b are in a.
func covers(a, b []uint32) bool {
	return !slices.ContainsFunc(b, func(company uint32) bool { return !slices.Contains(a, company) })
}

func (r *resolver) merge(e edge) {
	r.links = append(r.links, e)
	rootA, rootB := r.people.find(e.login), r.people.find(e.other)
	if rootA == rootB {
		return
	}
	p, q := r.state[rootA], r.state[rootB]
	root := r.people.union(rootA, rootB)
	p.logins += q.logins
	if e.rule != NoRule {
		p.logins--
	}
	p.boxes += q.boxes
	p.hasBot, p.hasHuman = p.hasBot || q.hasBot, p.hasHuman || q.hasHuman
	p.apartFrom = append(slices.Clip(p.apartFrom), q.apartFrom...)
	for _, company := range q.companies {
		if !slices.Contains(p.companies, company) {
			p.companies = append(slices.Clip(p.companies), company)
		}
	}
	p.subjects = withSubjects(p.subjects, q.subjects)
	delete(r.state, rootA)
	delete(r.state, rootB)
	r.state[root] = p
}

func (r *resolver) refuse(login, other, value int32, rule Rule) {
	r.solution.Refusals = append(r.solution.Refusals, Refusal{Login: login, Other: other, Value: value, Rule: rule})
}
