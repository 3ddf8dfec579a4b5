package transforms

import (
	"fmt"
	"slices"
	"strings"

	"rollcall/transforms/kpi"
)

// A selection is what `build --select` names: models and KPIs, `NAME+` with all
// that reads them, `+NAME` with all that they read.
type selection struct {
	named map[string]bool // computed whether their inputs changed or not
	all   map[string]bool
}

// includes reports whether the model or KPI is built; without a selection all
// are.
func (s *selection) includes(name string) bool { return s == nil || s.all[name] }

// isNamed reports whether the model was asked for by its name.
func (s *selection) isNamed(name string) bool { return s != nil && s.named[name] }

// selectModels resolves the patterns; nil without any.
func (b *Builder) selectModels(patterns []string) (*selection, error) {
	if len(patterns) == 0 {
		return nil, nil
	}
	reads := b.graph()
	readers := map[string][]string{}
	for _, name := range sortedKeys(reads) {
		for _, read := range reads[name] {
			readers[read] = append(readers[read], name)
		}
	}
	s := &selection{named: map[string]bool{}, all: map[string]bool{}}
	for _, pattern := range patterns {
		name := strings.Trim(pattern, "+")
		if _, found := reads[name]; !found {
			return nil, &UnknownModel{Name: name, Known: sortedKeys(reads)}
		}
		s.named[name], s.all[name] = true, true
		if strings.HasPrefix(pattern, "+") {
			follow(reads, name, s.all)
		}
		if strings.HasSuffix(pattern, "+") {
			follow(readers, name, s.all)
		}
	}
	b.selectDepended(reads, s)
	return s, nil
}

// selectDepended adds the KPIs that selected ones are derived from: their cells
// stand in no table.
func (b *Builder) selectDepended(reads map[string][]string, s *selection) {
	isKPI := map[string]bool{}
	for _, d := range b.kpis {
		isKPI[d.ID] = true
	}
	for _, d := range slices.Backward(b.kpis) {
		if !s.all[d.ID] {
			continue
		}
		above := map[string]bool{}
		follow(reads, d.ID, above)
		for name := range above {
			if isKPI[name] {
				s.all[name] = true
			}
		}
	}
}

// graph is what every model and KPI reads, of models and KPIs.
func (b *Builder) graph() map[string][]string {
	graph := map[string][]string{}
	for _, m := range b.models {
		graph[m.name()] = nil
	}
	for _, m := range b.models {
		for _, read := range append(m.inputs(), m.hidden...) {
			if _, isModel := graph[read]; isModel {
				graph[m.name()] = append(graph[m.name()], read)
			}
		}
	}
	for _, d := range b.kpis {
		graph[d.ID] = slices.Clone(d.Depends)
		for _, read := range b.readsOf(d) {
			if _, isModel := graph[read]; isModel {
				graph[d.ID] = append(graph[d.ID], read)
			}
		}
	}
	return graph
}

// readsOf are the tables that a KPI's select reads, each once.
func (b *Builder) readsOf(d *kpi.Definition) []string {
	reads, _ := b.trees[d.ID].references()
	return (&model{reads: reads}).inputs()
}

func follow(graph map[string][]string, name string, into map[string]bool) {
	for _, next := range graph[name] {
		if !into[next] {
			into[next] = true
			follow(graph, next, into)
		}
	}
}

// An UnknownModel is a name that `--select` was given and that no model or KPI
// has.
type UnknownModel struct {
	Name  string
	Known []string
}

func (e *UnknownModel) Error() string {
	return fmt.Sprintf("no model or KPI is named %q; there are %s", e.Name, strings.Join(e.Known, ", "))
}
