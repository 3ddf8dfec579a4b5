package transforms

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"rollcall/transforms/kpi"
)

// loadKPI reads one KPI file and checks its select, its parameters and its
// needs.
func (b *Builder) loadKPI(ctx context.Context, name string, tables map[string]bool) []error {
	text, err := fs.ReadFile(b.opts.SQL, name)
	if err != nil {
		return []error{err}
	}
	d, err := kpi.Parse(name, string(text))
	if err != nil {
		return []error{err}
	}
	t, err := parse(ctx, b.opts.DB.SQL(), name, string(text))
	if err != nil {
		return []error{err}
	}
	b.kpis, b.trees[d.ID] = append(b.kpis, d), t
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, t.fault(-1, format, args...)) }
	if want := strings.TrimSuffix(path.Base(name), ".sql"); d.ID != want {
		fail("the file is named %s, its kpi %s", want, d.ID)
	}
	if want := path.Base(path.Dir(name)); d.Category != want {
		fail("the file stands in %s, its category is %s", want, d.Category)
	}
	if len(t.statements) != 1 {
		fail("a KPI file holds one select")
	}
	errs = append(errs, b.checkKPI(d, t, tables)...)
	return errs
}

func (b *Builder) checkKPI(d *kpi.Definition, t *tree, tables map[string]bool) []error {
	var errs []error
	reads, faults := t.references()
	for _, f := range append(faults, t.lint()...) {
		errs = append(errs, f)
	}
	for _, read := range reads {
		if name := read.Schema + "." + read.Table; !tables[name] && !(name == kpi.CellTable && d.ReadsCells()) {
			errs = append(errs, t.fault(read.Offset, "unknown table %s", name))
		}
	}
	errs = append(errs, b.checkParams(t)...)
	used := map[string]bool{}
	t.params(func(name string, _ int) { used[name] = true })
	for _, name := range d.Parameters {
		if _, found := b.params[name]; !found {
			errs = append(errs, t.fault(-1, "no parameter %q in ref/param.sql", name))
		}
	}
	for name := range used {
		if !slices.Contains(d.Parameters, name) {
			errs = append(errs, t.fault(-1, "reads parameter %q, which its header does not list", name))
		}
	}
	reached := b.shapesReached(reads)
	for _, need := range d.Needs {
		if !slices.Contains(reached, need) {
			errs = append(errs, t.fault(-1, "needs shape %s, which its select never reaches", need))
		}
	}
	return errs
}

// shapesReached are the staging shapes below the tables, through all models.
func (b *Builder) shapesReached(reads []reference) []string {
	byName := map[string]*model{}
	for _, m := range b.models {
		byName[m.name()] = m
	}
	reached := map[string]bool{}
	seen := map[string]bool{}
	var follow func(reads []reference)
	follow = func(reads []reference) {
		for _, read := range reads {
			name := read.Schema + "." + read.Table
			if seen[name] {
				continue
			}
			seen[name] = true
			if read.Schema == "staging" {
				reached[read.Table] = true
			} else if m := byName[name]; m != nil && m.Schema != "ref" {
				follow(m.reads)
			}
		}
	}
	follow(reads)
	var names []string
	for name := range reached {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// needs are the shapes without which the KPI says nothing: those its header
// names, or all its select reaches that do not merely enrich.
func (b *Builder) needs(d *kpi.Definition) []string {
	if len(d.Needs) > 0 {
		return d.Needs
	}
	reads, _ := b.trees[d.ID].references()
	var needed []string
	for _, name := range b.shapesReached(reads) {
		if s := b.shapes[name]; s != nil && !s.isEnriching {
			needed = append(needed, name)
		}
	}
	return needed
}
