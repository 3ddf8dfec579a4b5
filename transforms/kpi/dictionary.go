package kpi

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// An Entry is one current row of kpi.dictionary.
type Entry struct {
	*Definition
	Parameters map[string]string // values of all parameters, by name
	Rules      map[string]string // contents of the rule tables and settings it depends on, by name
	Missing    string            // why it is not configured; "" when it is
	IsPrimary  bool              // one of the few by which the community is judged
	Person     string            // who fills the owner's role; "": nobody says

	Number     int // the definition's version, at least the header's
	Hash       string
	SelectHash string
	ValidFrom  time.Time
	Break      Break
	IsRule     bool // of a break: a parameter, rule table or setting changed, not the select
}

// Resolve gives every entry its version, beside what the history keeps.
func Resolve(entries []Entry, history []Version, now time.Time) {
	for i := range entries {
		entries[i].version(history, now)
	}
}

// A field is one column of kpi.dictionary.
type field struct {
	name, columnType, about string
	value                   func(e *Entry) any
}

func dictionaryFields() []field {
	text := func(name, about string, value func(e *Entry) string) field {
		return field{name, "varchar", about, func(e *Entry) any { return null(value(e)) }}
	}
	flag := func(name, about string, value func(e *Entry) bool) field {
		return field{name, "boolean", about, func(e *Entry) any { return value(e) }}
	}
	number := func(name, about string, value func(e *Entry) int) field {
		return field{name, "integer", about, func(e *Entry) any { return value(e) }}
	}
	list := func(name, about string, value func(e *Entry) []string) field {
		return field{name, "varchar", about, func(e *Entry) any { return null(strings.Join(value(e), ",")) }}
	}
	return []field{
		text("kpi_id", "id, stable for ever", func(e *Entry) string { return e.ID }),
		number("definition_version", "rises with every change of the select, a parameter or a rule table", func(e *Entry) int { return e.Number }),
		flag("is_current", "the version that kpi.value holds; earlier ones and retired ids stay listed", func(*Entry) bool { return true }),
		text("name", "display name", func(e *Entry) string { return e.Name }),
		text("category", "family", func(e *Entry) string { return e.Category }),
		text("definition", "what it says", func(e *Entry) string { return e.Definition.Definition }),
		text("formula", "how it is computed, in words", func(e *Entry) string { return e.Formula }),
		text("numerator_text", "what is divided, in words; null: nothing is", func(e *Entry) string { return e.side(0) }),
		text("denominator_text", "what it is divided by, in words; null: by nothing", func(e *Entry) string { return e.side(1) }),
		text("data_source", "where it comes from", func(e *Entry) string { return e.DataSource }),
		text("owner", "role that answers for it", func(e *Entry) string { return e.Owner }),
		text("owner_person", "who fills that role, as the configuration says", func(e *Entry) string { return e.Person }),
		text("cadence", "weekly, monthly or quarterly review", func(e *Entry) string { return e.Cadence }),
		text("measure", "how atoms become a value", func(e *Entry) string { return e.Measure }),
		text("kpi_type", "simple, ratio, mean, median, derived, cohort or matched", func(e *Entry) string { return e.kpiType() }),
		text("unit", "unit of the value; ratios are 0 to 1", func(e *Entry) string { return e.Unit }),
		number("decimals", "decimal places to show", func(e *Entry) int { return e.Decimals }),
		text("direction", "which way is better: up, down, either", func(e *Entry) string { return e.Direction }),
		text("additive", "add: sums over time and disjoint slices; semi: over slices; no", func(e *Entry) string { return e.Additive }),
		flag("leading", "a leading indicator", func(e *Entry) bool { return e.Leading }),
		flag("outcome", "an outcome rather than an activity", func(e *Entry) bool { return e.Outcome }),
		text("role", "influencer: thought to move another KPI; result: only moved", func(e *Entry) string { return e.role() }),
		flag("is_primary", "one of the 3 to 5 by which the configuration judges the community", func(e *Entry) bool { return e.IsPrimary }),
		flag("is_vanity", "volume only: no target", func(e *Entry) bool { return e.Vanity }),
		flag("is_estimate", "rests on an assumed factor", func(e *Entry) bool { return e.IsEstimate }),
		text("variant_of", "id of the KPI it varies", func(e *Entry) string { return e.VariantOf }),
		text("disputed", "id of the formula that others use", func(e *Entry) string { return e.Disputed }),
		list("grains", "comma-joined", func(e *Entry) []string { return e.Grains }),
		text("window", "what falls into a period", func(e *Entry) string { return e.Window }),
		list("windows", "windows by grain that are not the calendar period", (*Entry).windowList),
		number("maturity_days", "days after a period until its value is whole", func(e *Entry) int { return e.MaturityDays }),
		number("restate_days", "days after that until it is final", func(e *Entry) int { return e.RestateDays }),
		list("segments", "segment sets and columns, comma-joined", func(e *Entry) []string { return e.Segments }),
		list("sources", "kinds of source it needs, comma-joined", func(e *Entry) []string { return e.Sources }),
		number("min_n", "below it a value has status low_n", func(e *Entry) int { return e.MinN }),
		number("privacy_k", "below so many people a slice is hidden, and the whole too from 10 on", func(e *Entry) int { return e.PrivacyK }),
		list("influences", "ids of KPIs it is thought to move, comma-joined", (*Entry).influenceList),
		list("seeds", "where it was first named, comma-joined", func(e *Entry) []string { return e.Seeds }),
		list("parameters", "name=value, comma-joined", (*Entry).parameterList),
		text("status", "configured or not_configured", func(e *Entry) string { return e.status() }),
		text("missing", "what is missing where it is not configured, and what to do", func(e *Entry) string { return e.Missing }),
		text("sql_text", "the select over the published tables", func(e *Entry) string { return e.SQL }),
		text("sql_hash", "identifies select, measure, parameters and rules", func(e *Entry) string { return e.Hash }),
		text("select_hash", "identifies select and measure alone", func(e *Entry) string { return e.SelectHash }),
		number("header_version", "the version that the file states", func(e *Entry) int { return e.Version }),
		text("version_basis", "why there is this version: first, header, or hash where the header did not say so", func(e *Entry) string { return e.basis() }),
		{"valid_from", "timestamp", "when this version was first built, UTC", func(e *Entry) any { return e.ValidFrom.UTC() }},
		{"retired_at", "timestamp", "when a build no longer had the id, UTC; null: it is in use", func(*Entry) any { return nil }},
	}
}

// WriteDictionary replaces kpi.dictionary by the current entries and, below
// them, what the history keeps: earlier versions, and ids that are gone.
func WriteDictionary(ctx context.Context, tx Execer, entries []Entry, now time.Time) error {
	fields := dictionaryFields()
	var columns []string
	for _, f := range fields {
		columns = append(columns, fmt.Sprintf("%q %s", f.name, f.columnType))
	}
	if err := tx.Exec(ctx, "create or replace table marts.kpi.dictionary ("+strings.Join(columns, ", ")+")"); err != nil {
		return err
	}
	var rows [][]any
	for i := range entries {
		row := make([]any, len(fields))
		for j, f := range fields {
			row[j] = f.value(&entries[i])
		}
		rows = append(rows, row)
	}
	if err := insertRows(ctx, tx, "kpi.dictionary", rows); err != nil {
		return fmt.Errorf("write kpi.dictionary: %w", err)
	}
	return tx.Exec(ctx, keptEntries(fields), now.UTC())
}

// keptEntries reads rows back from the JSON that the history holds.
func keptEntries(fields []field) string {
	var structure, columns []string
	for _, f := range fields {
		structure = append(structure, fmt.Sprintf("%q: %q", f.name, strings.ToUpper(f.columnType)))
		switch f.name {
		case "is_current":
			columns = append(columns, "false")
		case "retired_at":
			columns = append(columns, "case when c.kpi_id is null then coalesce(k.retired_at, cast(? as timestamp)) end")
		default:
			columns = append(columns, fmt.Sprintf("k.j.%q", f.name))
		}
	}
	return fmt.Sprintf(`insert into kpi.dictionary
select %s
from (
    select h.kpi_id, h.definition_version, h.retired_at, from_json(h.entry, '{%s}') as j
    from lake.history.definition as h
) as k
left join (select distinct d.kpi_id from kpi.dictionary as d) as c on c.kpi_id = k.kpi_id
where not exists (
    select 1 from kpi.dictionary as d
    where d.kpi_id = k.kpi_id and d.definition_version = k.definition_version
)
order by k.kpi_id nulls last, k.definition_version nulls last`, strings.Join(columns, ", "), strings.Join(structure, ", "))
}

// side gives one side of a formula written as "a / b".
func (d *Definition) side(i int) string {
	above, below, found := strings.Cut(d.Formula, " / ")
	if !found {
		return ""
	}
	return []string{above, below}[i]
}

func (e *Entry) role() string {
	if len(e.Influences) == 0 {
		return "result"
	}
	return "influencer"
}

func (e *Entry) status() string {
	if e.Missing != "" {
		return "not_configured"
	}
	return "configured"
}

func (e *Entry) basis() string {
	switch {
	case e.Break == Unannounced, e.Break == Unbroken && e.Number > e.Version:
		return "hash"
	case e.Break == Announced, e.Version > 1:
		return "header"
	}
	return "first"
}

func (e *Entry) windowList() (windows []string) {
	for _, grain := range e.Grains {
		if w := e.Windows[grain]; w != "" {
			windows = append(windows, grain+"="+w)
		}
	}
	return windows
}

func (e *Entry) parameterList() (parameters []string) {
	for _, name := range e.Definition.Parameters {
		parameters = append(parameters, name+"="+e.Parameters[name])
	}
	return parameters
}

func (e *Entry) influenceList() (ids []string) {
	for _, text := range e.Influences {
		id, _, _ := strings.Cut(text, ":")
		ids = append(ids, id)
	}
	return ids
}

func null(text string) any {
	if text == "" {
		return nil
	}
	return text
}
