package transforms

import (
	"slices"
	"time"

	"rollcall/transforms/kpi"
)

// activityTable says who was active on which day. Where every community tells
// who visited, a visit makes active.
const activityTable = "mart.person_day_community"

// witnessedSince is when a KPI's people began to be seen as they are now. One that
// asks who was active rests on visits where those decide it; of days before they
// were witnessed it knows only those who did something else. That is the break
// of the activity basis, which no comparison may cross. The zero time: there is
// none.
func (b *Builder) witnessedSince(d *kpi.Definition, told map[string]time.Time) time.Time {
	var since time.Time
	if b.asksWhoWasActive(b.trees[d.ID]) {
		since = told["visits"]
	}
	for _, other := range b.kpis {
		if !slices.Contains(d.Depends, other.ID) {
			continue
		}
		if began := b.witnessedSince(other, told); began.After(since) {
			since = began
		}
	}
	return since
}

// asksWhoWasActive reports whether a select reads a column of activity from a
// table that it stands in.
func (b *Builder) asksWhoWasActive(t *tree) bool {
	reads, _ := t.references()
	stands := slices.ContainsFunc(reads, func(read reference) bool {
		name := read.Schema + "." + read.Table
		return name == activityTable || slices.ContainsFunc(b.models, func(m *model) bool {
			return m.name() == name && b.reaches(m, activityTable)
		})
	})
	if !stands {
		return false
	}
	asks := false
	for _, statement := range t.statements {
		statement.walk(nil, func(n node, _ []node) {
			names, _ := n["column_names"].([]any)
			if len(names) > 0 && slices.Contains([]any{"is_active", "is_active_next", "is_active_before"}, names[len(names)-1]) {
				asks = true
			}
		})
	}
	return asks
}

// reaches reports whether a model is made of a table, through others too.
func (b *Builder) reaches(m *model, table string) bool {
	for _, read := range m.reads {
		name := read.Schema + "." + read.Table
		if name == table {
			return true
		}
		for _, other := range b.models {
			if other.name() == name && b.reaches(other, table) {
				return true
			}
		}
	}
	return false
}
