package kpi

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// CellTable is the table that derived selects read: the unsuppressed cells of
// all KPIs they depend on. It is temporary and never published.
const CellTable = "kpi.cell"

// ReadsCells reports whether the KPI's select may read CellTable.
func (d *Definition) ReadsCells() bool { return d.is("derived", "custom") }

var (
	comparison = regexp.MustCompile(`(?i)\bkpi_id\s*(?:=|in)\s*(\(\s*)?'[a-z0-9_]+'(\s*,\s*'[a-z0-9_]+')*`)
	quoted     = regexp.MustCompile(`'([a-z0-9_]+)'`)
	comment    = regexp.MustCompile(`(?s)--[^\n]*|/\*.*?\*/`)
)

// comparedIDs are the ids that a select compares kpi_id with, each once.
func comparedIDs(text string) []string {
	var ids []string
	for _, found := range comparison.FindAllString(comment.ReplaceAllString(text, " "), -1) {
		for _, id := range quoted.FindAllStringSubmatch(found, -1) {
			if !slices.Contains(ids, id[1]) {
				ids = append(ids, id[1])
			}
		}
	}
	return ids
}

// Order sorts the KPIs so that each stands behind those it depends on, and
// otherwise as they come. Two files of one id, an id that does not exist and a
// cycle are errors that name the files.
func Order(definitions []*Definition) ([]*Definition, error) {
	o := &ordering{byID: map[string]*Definition{}, state: map[string]visit{}}
	for _, d := range definitions {
		if other := o.byID[d.ID]; other != nil {
			o.errs = append(o.errs, fmt.Errorf("%s: kpi %q is already defined in %s", d.File, d.ID, other.File))
		}
		o.byID[d.ID] = d
	}
	for _, d := range definitions {
		o.place(d, nil)
	}
	return o.placed, errors.Join(o.errs...)
}

type visit int

const (
	unseen visit = iota
	open
	done
)

type ordering struct {
	byID   map[string]*Definition
	state  map[string]visit
	placed []*Definition
	errs   []error
}

func (o *ordering) place(d *Definition, path []string) {
	path = append(path[:len(path):len(path)], d.ID)
	if o.state[d.ID] == open {
		o.errs = append(o.errs, fmt.Errorf("%s: kpis depend on each other in a circle: %s",
			d.File, strings.Join(path[slices.Index(path, d.ID):], " reads ")))
	}
	if o.state[d.ID] != unseen {
		return
	}
	o.state[d.ID] = open
	for _, id := range d.Depends {
		needed := o.byID[id]
		if needed == nil {
			o.errs = append(o.errs, fmt.Errorf("%s: depends on kpi %q, which no file defines", d.File, id))
			continue
		}
		o.place(needed, path)
	}
	o.state[d.ID] = done
	o.placed = append(o.placed, d)
}
