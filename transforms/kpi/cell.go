package kpi

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// An Execer runs statements inside the transaction that writes the marts.
type Execer interface {
	Exec(ctx context.Context, query string, args ...any) error
	// Columns describes a select without running it.
	Columns(ctx context.Context, query string) ([]Column, error)
	// Text runs a select of one text and returns it.
	Text(ctx context.Context, query string, args ...any) (string, error)
}

// A Column of a select: name and DuckDB type.
type Column struct{ Name, Type string }

// createCells makes the table of unsuppressed cells: one row per KPI, grain,
// period, segment type and segment value. It is temporary: what is below the
// privacy threshold never reaches a file.
const createCells = `create or replace temp table cell (
    kpi_id varchar, grain varchar, period_start date, segment_type varchar, segment_value varchar,
    numerator double, denominator double, value double, n bigint,
    ci_low double, ci_high double, low double, high double
)`

type computation struct {
	tx       Execer
	d        *Definition
	today    string
	segments []segment
	unit     string    // column whose distinct values a cell counts: person_id, account_id or entity_id
	privacy  string    // column whose distinct values are n
	peopled  bool      // somebody stands behind the atoms, so cells have an n
	isShare  bool      // a ratio of true and false: it has a Wilson interval
	exact    [2]string // types of numerator and denominator
}

// atoms runs the select once and gives its columns their uniform names:
// person, numerator, denominator and amount.
func (c *computation) atoms(ctx context.Context) error {
	select_ := strings.TrimRight(c.d.SQL, "; \n")
	if err := c.tx.Exec(ctx, "create or replace temp table kpi_read as\n"+select_); err != nil {
		return err
	}
	columns, err := c.tx.Columns(ctx, "select * from kpi_read")
	if err != nil {
		return err
	}
	types := map[string]string{}
	var names []string
	for _, column := range columns {
		types[column.Name] = column.Type
		names = append(names, column.Name)
	}
	if err := c.shape(types, names); err != nil {
		return err
	}
	query := fmt.Sprintf(`create or replace temp table atom as
select a.happened_on, %s, %s%s
from kpi_read as a%s`, strings.Join(c.who(types), ", "), strings.Join(c.howMuch(types), ", "), c.slices(), c.people(types))
	return c.tx.Exec(ctx, query)
}

// shape checks the columns against what the measure reads.
func (c *computation) shape(types map[string]string, names []string) error {
	if types["from_on"] != "" || types["grain"] != "" {
		return fmt.Errorf("atoms of kind span or period are not computed yet, only events with happened_on")
	}
	if types["happened_on"] != "DATE" {
		return fmt.Errorf("an event atom has happened_on as a DATE, found %q", types["happened_on"])
	}
	for _, column := range map[string][]string{
		"ratio": {"numerator", "denominator"}, "sum": {"amount"}, "mean": {"amount"}, "median": {"amount"},
	}[c.d.Measure] {
		if types[column] == "" {
			return fmt.Errorf("measure %s reads column %s, which the select does not return", c.d.Measure, column)
		}
	}
	c.privacy, c.peopled = "person_id", true
	if types["identity_id"] == "" && types["person_id"] == "" {
		c.privacy, c.peopled = "account_id", types["account_id"] != ""
	}
	c.unit = c.d.Of + "_id"
	isPerson := c.unit == "person_id" && types["identity_id"] != ""
	if c.d.Measure == "distinct" && types[c.unit] == "" && !isPerson {
		return fmt.Errorf("measure distinct of %s reads column %s, which the select does not return", c.d.Of, c.unit)
	}
	if c.d.Measure != "distinct" {
		c.unit = c.privacy
	}
	c.isShare = c.d.Measure == "ratio" && types["numerator"] == "BOOLEAN"
	var unknown []string
	c.segments, unknown = c.d.passes(names)
	if len(unknown) > 0 {
		return fmt.Errorf("segments names %s: neither a segment set nor a column of the select", strings.Join(unknown, ", "))
	}
	return nil
}

func (c *computation) who(types map[string]string) []string {
	var columns []string
	switch {
	case types["person_id"] != "":
		columns = append(columns, "a.person_id as person_id")
	case types["identity_id"] != "":
		columns = append(columns, "i.person_id as person_id")
	}
	for _, column := range []string{"account_id", "entity_id"} {
		if types[column] != "" {
			columns = append(columns, "a."+column+" as "+column)
		}
	}
	if !c.peopled {
		columns = append(columns, "cast(null as varchar) as account_id")
	}
	return columns
}

func (c *computation) people(types map[string]string) string {
	if types["person_id"] == "" && types["identity_id"] != "" {
		return "\nleft join core.person_identity as i on i.identity_id = a.identity_id"
	}
	return ""
}

// howMuch gives numerator and denominator as exact numbers where they are
// flags or counts, and the amount as DOUBLE. Of an amount that is summed the
// numerator is the amount of rows with a denominator.
func (c *computation) howMuch(types map[string]string) []string {
	numerator, numeratorType := exact("numerator", types["numerator"])
	denominator, denominatorType := exact("denominator", types["denominator"])
	amount := "cast(null as double)"
	if types["amount"] != "" {
		amount = "cast(a.amount as double)"
	}
	if c.d.Measure == "sum" || c.d.Measure == "mean" {
		numerator, numeratorType = exact("amount", types["amount"])
		numerator = fmt.Sprintf("case when %s > 0 then %s else 0 end", denominator, numerator)
	}
	c.exact = [2]string{numeratorType, denominatorType}
	return []string{
		fmt.Sprintf("cast(%s as %s) as numerator", numerator, numeratorType),
		fmt.Sprintf("cast(%s as %s) as denominator", denominator, denominatorType),
		amount + " as amount",
	}
}

// exact gives the expression of a column as a number and the type that its
// sums keep: whole numbers and money stay exact. A missing column counts 1.
func exact(column, columnType string) (expression, exactType string) {
	switch {
	case columnType == "":
		return "1", "bigint"
	case columnType == "BOOLEAN":
		return fmt.Sprintf("case when a.%s then 1 else 0 end", column), "bigint"
	case columnType == "DOUBLE" || columnType == "FLOAT":
		return fmt.Sprintf("coalesce(a.%s, 0)", column), "double"
	case strings.HasPrefix(columnType, "DECIMAL"):
		return fmt.Sprintf("coalesce(a.%s, 0)", column), "decimal(18, 4)"
	}
	return fmt.Sprintf("coalesce(a.%s, 0)", column), "bigint"
}

func (c *computation) slices() string {
	var text strings.Builder
	for i, s := range c.segments {
		fmt.Fprintf(&text, ", coalesce(cast(a.%s as varchar), 'unknown') as slice_%d", s.Column, i)
	}
	return text.String()
}

// grainsNeeded are the grains whose cells are folded from atoms.
func (c *computation) grainsNeeded(kind string) []string {
	var needed []string
	for _, grain := range c.d.Grains {
		if c.d.window(grain).kind == kind {
			needed = append(needed, grain)
		}
	}
	slices.Sort(needed)
	return needed
}

// periodColumn is the column of ref.calendar with the start of a day's period.
func periodColumn(grain string) string {
	if grain == "day" {
		return "date_day"
	}
	return grain + "_start"
}
