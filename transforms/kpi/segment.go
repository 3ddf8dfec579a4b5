package kpi

import "slices"

// A segment type slices a KPI by a column of its atoms. A person can stand in
// several slices of one type, so each is folded in a pass of its own and never
// adds up to the whole by people.
type segment struct {
	Type   string // segment_type in kpi.value
	Column string // column of the atoms
}

// segmentSets are the sets that headers name, and of each the types that can
// be computed today: a type whose table does not exist yet is absent, not
// "unknown".
func segmentSets() map[string][]segment {
	return map[string][]segment{
		"community_people": {{Type: "community", Column: "community_id"}},
		"accounts":         nil,
		"support":          nil,
		"survey":           nil,
		"product_people":   nil,
	}
}

// passes are the segment types of a KPI: those of its sets, and columns of the
// file's own that its header names. Names that are neither are returned.
func (d *Definition) passes(columns []string) (found []segment, unknown []string) {
	for _, name := range d.Segments {
		set, isSet := segmentSets()[name]
		switch {
		case isSet:
			for _, s := range set {
				if slices.Contains(columns, s.Column) {
					found = append(found, s)
				}
			}
		case slices.Contains(columns, name):
			found = append(found, segment{Type: name, Column: name})
		default:
			unknown = append(unknown, name)
		}
	}
	return found, unknown
}
