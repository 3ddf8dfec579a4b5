package kpi

import (
	"fmt"
	"slices"
	"strings"
)

// A segment type slices a KPI by a column of its atoms. A person can stand in
// several slices of one type, so each type is a pass of its own and never adds
// up to the whole by people.
type segment struct {
	Type   string // segment_type of the cells
	Column string // column of the atoms
}

// A trait is a segment type with one value per person, and for engagement per
// person and period: it is attached to collapsed rows by equality.
type trait struct {
	Type   string
	Mart   string   // column of mart.person_period that holds it
	Person string   // expression over kpi_person p and kpi_state s
	Grains []string // nil for all
	state  bool     // changes from period to period
	none   bool     // of a state: nobody has one in a period of this grain
}

// communityTraits are the segment types of a person in the community. What
// happened in a period is sliced by the level reached in it, an outcome by the
// level before it, so that the outcome does not choose its own slice.
func communityTraits(isOutcome bool) []trait {
	level := "engagement_level"
	if isOutcome {
		level = "engagement_level_start"
	}
	return []trait{
		{Type: "join_month", Mart: "join_month", Person: "p.join_month", Grains: []string{"month", "quarter"}},
		{Type: "join_channel", Mart: "join_channel", Person: "p.join_channel"},
		{Type: "engagement_level", Mart: level, Person: "s." + level, state: true},
	}
}

// code is the code of the slice of a row k by the trait: who is nobody is
// unknown, who has no state in the period was not active in it.
func (t trait) code() string {
	if t.none {
		return fmt.Sprintf("case when k.who is null then %d else %d end", unknownCode, noneCode)
	}
	if t.state {
		return fmt.Sprintf("case when k.who is null then %d else coalesce(%s, %d) end", unknownCode, t.Person, noneCode)
	}
	return fmt.Sprintf("coalesce(%s, %d)", t.Person, unknownCode)
}

// value is the slice itself.
func (t trait) value() string {
	return "(select d.value from kpi_code as d where d.code = " + t.code() + ")"
}

// segmentSets are the sets that headers name, and of each its segment types. A
// type is computed where its mart column exists or the select returns a column
// of its name; otherwise it is absent, not "unknown".
func segmentSets() map[string][]string {
	return map[string][]string{
		"community_people": {"community", "persona", "lifecycle_stage", "join_month", "join_channel", "engagement_level", "customer_status", "plan_tier"},
		"accounts":         {"plan_tier", "lifecycle_stage", "size_bucket", "account_value_tier", "region", "acquisition_channel", "signup_month", "membership"},
		"support":          {"ticket_channel", "priority", "plan_tier", "membership", "product_topic"},
		"survey":           {"persona", "lifecycle_stage", "plan_tier", "account_value_tier", "membership", "survey_mode"},
		"product_people":   {"persona", "plan_tier", "lifecycle_stage", "signup_month", "acquisition_channel", "membership"},
	}
}

// segmentTypes are the types of a KPI's segments, sets taken apart.
func (d *Definition) segmentTypes() []string {
	var types []string
	add := func(name string) {
		if !slices.Contains(types, name) {
			types = append(types, name)
		}
	}
	for _, name := range d.Segments {
		set, isSet := segmentSets()[name]
		if !isSet {
			add(name)
		}
		for _, member := range set {
			add(member)
		}
	}
	return types
}

// isKnownSegment reports whether the name is a segment type of any set.
func isKnownSegment(name string) bool {
	for _, members := range segmentSets() {
		if slices.Contains(members, name) {
			return true
		}
	}
	return false
}

// segments are the passes and traits of a KPI whose select returns these
// columns. A name that is neither a known type nor a column is an error.
func (d *Definition) segments(columns []string, hasPerson bool) (passes []segment, traits []trait, err error) {
	var unknown []string
	for _, name := range d.segmentTypes() {
		column := name
		if name == "community" {
			column = "community_id"
		}
		at := slices.IndexFunc(communityTraits(d.Outcome), func(t trait) bool { return t.Type == name })
		switch {
		case slices.Contains(columns, column):
			passes = append(passes, segment{Type: name, Column: column})
		case at >= 0 && hasPerson:
			traits = append(traits, communityTraits(d.Outcome)[at])
		case at < 0 && !isKnownSegment(name):
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return nil, nil, fmt.Errorf("segments names %s: neither a segment set or type nor a column of the select", strings.Join(unknown, ", "))
	}
	return passes, traits, nil
}

// traitsOf gives the traits that the grain is sliced by. A day is too short for
// a state.
func traitsOf(traits []trait, grain string) []trait {
	var found []trait
	for _, t := range traits {
		if t.Grains == nil || slices.Contains(t.Grains, grain) {
			t.none = t.state && grain == "day"
			found = append(found, t)
		}
	}
	return found
}
