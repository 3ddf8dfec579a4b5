package transforms

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"rollcall/internal/config"
	"rollcall/transforms/kpi"
)

// Dictionary is what a configuration may say of the KPIs of these files: which
// there are, and who owns them. Files whose header is wrong are left out, since
// [New] names their faults.
func Dictionary(files fs.FS) config.Dictionary {
	dictionary := config.Dictionary{Roles: kpi.OwnerRoles()}
	names, err := fs.Glob(files, kpiFiles)
	if err != nil {
		panic(err) // the pattern is wrong
	}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			continue
		}
		if d, err := kpi.Parse(name, string(text)); err == nil {
			dictionary.KPIs = append(dictionary.KPIs, config.KPI{ID: d.ID, VariantOf: d.VariantOf, Leading: d.Leading, Outcome: d.Outcome, Vanity: d.Vanity})
		}
	}
	slices.SortFunc(dictionary.KPIs, func(a, b config.KPI) int { return strings.Compare(a.ID, b.ID) })
	return dictionary
}

// kpiFiles are the KPI files among the product's SQL.
const kpiFiles = "kpi/*/*.sql"

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
	if fault := opinionsInTheOpen(d, t, reads); fault != nil {
		errs = append(errs, fault)
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

// answerTables hold what people answered to surveys, one row per answer.
func answerTables() []string {
	return []string{"staging.survey_response", "core.survey_response", "mart.survey_score", "mart.event_rating"}
}

// opinionsInTheOpen finds a KPI of people's opinions that would show fewer
// people than a survey may: one that counts surveys among its sources or reads
// their answers itself. That somebody answered, which mart.activity holds as
// an act, is no opinion.
func opinionsInTheOpen(d *kpi.Definition, t *tree, reads []reference) *fault {
	if d.PrivacyK >= kpi.OpinionK {
		return nil
	}
	const want = "privacy_k is %d: answers to surveys need privacy_k = %d, the whole included, since %s"
	for _, read := range reads {
		if name := read.Schema + "." + read.Table; slices.Contains(answerTables(), name) {
			return t.fault(read.Offset, want, d.PrivacyK, kpi.OpinionK, "it reads "+name)
		}
	}
	if slices.Contains(d.Sources, "survey") || d.Measure == "nps" {
		return t.fault(-1, want, d.PrivacyK, kpi.OpinionK, "it counts a survey among its sources or is an NPS")
	}
	return nil
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
