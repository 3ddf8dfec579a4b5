package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// A Community says what the community is for, which KPIs tell whether it does
// that, and who answers for them. The zero value: nobody has said it.
type Community struct {
	Purpose string            // one sentence
	Primary []string          // ids of the 3 to 5 primary KPIs, in file order
	Owners  map[string]string // role, as kpi.dictionary's owner -> the person who fills it
}

// A Dictionary is what a configuration may say of KPIs.
type Dictionary struct {
	KPIs  []KPI    // by id
	Roles []string // that KPIs are owned by
}

// A KPI is what the rule of primary KPIs looks at.
type KPI struct {
	ID                       string
	VariantOf                string
	Leading, Outcome, Vanity bool
}

var communityNames = []string{"purpose", "primary", "owners"}

// Bounds of the community block. Five KPIs are what a meeting can look at; one
// of its texts should fit a line of a report.
const (
	minPrimary, maxPrimary = 3, 5
	maxPurpose, maxOwner   = 300, 100
	shownKPIs              = 6 // ids that a message proposes
)

func (l *loader) community(top section) Community {
	s, ok := top.block("community", "block community", communityNames, nil)
	if !ok {
		return Community{}
	}
	var out Community
	purpose, rng, ok := s.text("purpose")
	if !ok {
		s.require("purpose", `purpose = "…": one sentence that says what the community is for`)
	} else if out.Purpose = strings.TrimSpace(purpose); !isPublishable(out.Purpose, maxPurpose) {
		l.fail(rng, "Invalid purpose", "The purpose is one sentence on one line, of at most %d characters and without an address: it is published.", maxPurpose)
	}
	ids, rng, ok := s.texts("primary")
	if !ok {
		s.require("primary", `primary = ["…", "…", "…"]: the ids of the 3 to 5 KPIs that tell whether it does that; "rollcall kpi list" shows all`)
	}
	out.Owners = s.owners()
	if out.Primary = ids; ok && l.opts.Dictionary != nil {
		l.primary(s, ids, rng)
	}
	return out
}

// isPublishable reports whether the text is one line of 1 to most characters.
// What is published holds no address.
func isPublishable(text string, most int) bool {
	return text != "" && len([]rune(text)) <= most && !strings.ContainsFunc(text, unicode.IsControl) && !strings.Contains(text, "@")
}

// owners reads who fills which role.
func (s section) owners() map[string]string {
	value, rng, ok := s.value("owners")
	if !ok {
		return nil
	}
	owners, err := coerceMap(value)
	if err != nil {
		s.mistyped("owners", rng, `a map: { community_manager = "Ana" }`)
		return nil
	}
	var roles []string
	if s.l.opts.Dictionary != nil {
		roles = s.l.opts.Dictionary().Roles
	}
	for _, role := range slices.Sorted(maps.Keys(owners)) {
		if roles != nil && !slices.Contains(roles, role) {
			s.l.fail(rng, "Unknown role", "No KPI is owned by a role %q.%s", role, known(role, roles))
		}
		if !isPublishable(owners[role], maxOwner) {
			s.l.fail(rng, "Invalid owner", "Write the name of who is %s, at most %d characters and no address: it is published.", role, maxOwner)
		}
	}
	return owners
}

// primary holds the primary KPIs to the rule: 3 to 5 that exist, none of them
// vanity, at least one leading, at least one lagging, at least half outcomes.
func (l *loader) primary(s section, ids []string, rng hcl.Range) {
	all := l.opts.Dictionary().KPIs
	if len(ids) < minPrimary || len(ids) > maxPrimary {
		l.fail(rng, "Wrong number of primary KPIs", "Primary KPIs are %d to %d, these are %d: fewer hide a trade-off, more are not looked at.", minPrimary, maxPrimary, len(ids))
	}
	var chosen []KPI
	for i, id := range ids {
		place := s.itemRange("primary", i, rng)
		at := slices.IndexFunc(all, func(k KPI) bool { return k.ID == id })
		switch {
		case at < 0:
			l.fail(place, "Unknown KPI", "There is no KPI %q. %s.", id, nearestIDs(id, all))
		case slices.Contains(ids[:i], id):
			l.fail(place, "Duplicate KPI", "%s is named twice.", id)
		case all[at].Vanity:
			l.fail(place, "Vanity KPI", "%s says how much there is, not whether it does any good, so it cannot be primary. %s.", id, proposal(all, ids, "Others", func(KPI) bool { return true }))
		default:
			chosen = append(chosen, all[at])
		}
	}
	if len(chosen) == len(ids) && len(ids) >= minPrimary && len(ids) <= maxPrimary {
		l.balance(all, chosen, ids, rng)
	}
}

// balance looks at the primary KPIs as a set.
func (l *loader) balance(all, chosen []KPI, ids []string, rng hcl.Range) {
	leading := func(k KPI) bool { return k.Leading }
	lagging := func(k KPI) bool { return !k.Leading }
	outcome := func(k KPI) bool { return k.Outcome }
	if !slices.ContainsFunc(chosen, leading) {
		l.fail(rng, "No leading KPI", "At least one primary KPI must be leading, one that moves early enough to act on; all of these are lagging. %s.", proposal(all, ids, "Leading", leading))
	}
	if !slices.ContainsFunc(chosen, lagging) {
		l.fail(rng, "No lagging KPI", "At least one primary KPI must be lagging, one that shows the result; all of these are leading. %s.", proposal(all, ids, "Lagging", lagging))
	}
	var activities []string
	for _, k := range chosen {
		if !k.Outcome {
			activities = append(activities, k.ID)
		}
	}
	if 2*len(activities) > len(chosen) {
		l.fail(rng, "Too few outcomes", "At least half of the primary KPIs must be outcomes; %d of %d only count activity: %s. %s.",
			len(activities), len(chosen), strings.Join(activities, ", "), proposal(all, ids, "Outcomes", outcome))
	}
}

// proposal names KPIs that would satisfy a rule, none of them a variant.
func proposal(all []KPI, taken []string, what string, fits func(KPI) bool) string {
	var ids []string
	for _, k := range all {
		if fits(k) && !k.Vanity && k.VariantOf == "" && !slices.Contains(taken, k.ID) {
			ids = append(ids, k.ID)
		}
	}
	if len(ids) == 0 {
		return what + ": there are no others"
	}
	more := ""
	if len(ids) > shownKPIs {
		more = fmt.Sprintf(" and %d more", len(ids)-shownKPIs)
		ids = ids[:shownKPIs]
	}
	return fmt.Sprintf("%s are: %s%s", what, strings.Join(ids, ", "), more)
}

func nearestIDs(id string, all []KPI) string {
	var ids []string
	for _, k := range all {
		ids = append(ids, k.ID)
	}
	if near, found := NearMiss(id, ids); found {
		return fmt.Sprintf("Did you mean %q?", near) + ` "rollcall kpi list" shows all`
	}
	ids = Nearest(id, ids)
	return "Nearest are: " + strings.Join(ids[:min(len(ids), shownKPIs)], ", ")
}

// itemRange is the place of one item of a list that is written out, and whole
// elsewhere.
func (s section) itemRange(name string, i int, whole hcl.Range) hcl.Range {
	list, isList := s.body.Attributes[name].Expr.(*hclsyntax.TupleConsExpr)
	if !isList || i >= len(list.Exprs) {
		return whole
	}
	return list.Exprs[i].Range()
}
