package transforms

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
	"time"

	"rollcall/internal/config"
	"rollcall/internal/warehouse"
)

// A configTable holds one block of the configuration, so that models read it as
// any other table. The build writes it before the first model.
type configTable struct {
	name    string      // ref.<name>
	columns [][2]string // name, type
	doc     doc
}

func configTables() []configTable {
	return []configTable{
		{"config_parameter", [][2]string{{"name", "varchar"}, {"value", "varchar"}}, doc{Table: "One row per parameter that the configuration sets.", Columns: map[string]string{"name": "the parameter", "value": "its value, as text"}}},
		{"config_engagement_rule", [][2]string{
			{"event_type", "varchar"}, {"source", "varchar"}, {"reaction", "varchar"}, {"min_chars", "integer"}, {"tier", "integer"},
			{"is_helpful_reaction", "boolean"}, {"effective_from", "date"},
		}, doc{Table: "One row per engagement rule of the configuration; see ref.engagement_rule.", Columns: map[string]string{
			"event_type": "type of act", "source": "connector type; null: all", "reaction": "reaction or vote, lower case; null: all", "min_chars": "characters of the text",
			"tier": "-1 to 3", "is_helpful_reaction": "such a reaction says that a reply helped", "effective_from": "first local day; 0001-01-01: always",
		}}},
		{"config_product_event", [][2]string{
			{"event_name", "varchar"}, {"feature", "varchar"}, {"is_key_action", "boolean"}, {"is_value_event", "boolean"}, {"is_login", "boolean"},
			{"is_training", "boolean"}, {"effective_from", "date"},
		}, doc{Table: "One row per product event that the configuration explains; see ref.product_event_rule.", Columns: map[string]string{
			"event_name": "the product's name for it", "feature": "feature it belongs to", "is_key_action": "somebody who does it is active",
			"is_value_event": "the user got what the product is for", "is_login": "a login", "is_training": "opened a training resource",
			"effective_from": "first local day; 0001-01-01: always",
		}}},
		{"config_exclusion", [][2]string{{"identity_id", "varchar"}, {"role_name", "varchar"}}, doc{
			Table: "One row per login that the configuration excludes, by its id or by the domain of its address.", Columns: map[string]string{"identity_id": "source:instance:user", "role_name": "what that makes of its person: staff or test"},
		}},
		{"config_instance", [][2]string{{"source", "varchar"}, {"source_instance", "varchar"}, {"kind", "varchar"}}, doc{
			Table: "One row per connector instance and kind of what it brings.", Columns: map[string]string{"source": "connector type", "source_instance": "configured instance", "kind": "community, crm, billing, helpdesk and so on"},
		}},
		{"config_question", [][2]string{{"source", "varchar"}, {"kind", "varchar"}, {"value", "varchar"}}, doc{
			Table: "One row per thing by which the configuration tells questions from other threads.", Columns: map[string]string{"source": "connector type; null: all", "kind": "category, tag or default", "value": "the category or tag, lower case, or true or false"},
		}},
	}
}

func (t configTable) create(schema string) string {
	var columns []string
	for _, c := range t.columns {
		columns = append(columns, c[0]+" "+c[1])
	}
	return fmt.Sprintf("create or replace table %s.%s (%s)", schema, t.name, strings.Join(columns, ", "))
}

// writeConfig makes the tables of the configuration in the marts.
func (b *Builder) writeConfig(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	for _, t := range configTables() {
		if err := tx.Exec(ctx, t.create("marts.ref")); err != nil {
			return err
		}
		for _, row := range b.configRows(t.name) {
			marks := strings.TrimSuffix(strings.Repeat("?, ", len(row)), ", ")
			if err := tx.Exec(ctx, fmt.Sprintf("insert into marts.ref.%s values (%s)", t.name, marks), row...); err != nil {
				return err
			}
		}
	}
	if err := b.writeExclusions(ctx, tx); err != nil {
		return err
	}
	if err := b.writeInstances(ctx, tx, build); err != nil {
		return err
	}
	for _, t := range configTables() {
		if err := comment(ctx, tx, "marts.ref."+t.name, t.doc); err != nil {
			return err
		}
	}
	return nil
}

// configRows are the rows of a table that the configuration alone decides.
func (b *Builder) configRows(table string) [][]any {
	c := b.opts.Config
	var rows [][]any
	switch table {
	case "config_parameter":
		for _, name := range sortedKeys(c.Parameters) {
			rows = append(rows, []any{name, c.Parameters[name]})
		}
	case "config_engagement_rule":
		for _, r := range c.EngagementRules {
			rows = append(rows, []any{r.EventType, unlessEmpty(r.Source), unlessEmpty(r.Reaction), r.MinChars, r.Tier, r.Helpful, since(r.From)})
		}
	case "config_product_event":
		for _, e := range c.ProductEvents {
			rows = append(rows, []any{e.Name, unlessEmpty(e.Feature), e.KeyAction, e.ValueEvent, e.Login, e.Training, since(e.From)})
		}
	case "config_question":
		for _, q := range c.Questions {
			rows = append(rows, questionRows(q)...)
		}
	}
	return rows
}

func questionRows(q config.Questions) [][]any {
	var rows [][]any
	for _, category := range q.Categories {
		rows = append(rows, []any{unlessEmpty(q.Source), "category", category})
	}
	for _, tag := range q.Tags {
		rows = append(rows, []any{unlessEmpty(q.Source), "tag", tag})
	}
	if q.Default != nil {
		rows = append(rows, []any{unlessEmpty(q.Source), "default", fmt.Sprint(*q.Default)})
	}
	return rows
}

func unlessEmpty(s string) any { return sql.NullString{String: s, Valid: s != ""} }

// since is the first local day of a rule; a rule without one always held.
func since(t time.Time) string {
	if t.IsZero() {
		return "0001-01-01"
	}
	return t.Format(time.DateOnly)
}

// writeExclusions resolves the configured domains to logins, by the addresses
// that staging shows, so that neither an address nor a domain reaches the marts.
func (b *Builder) writeExclusions(ctx context.Context, tx *warehouse.Tx) error {
	exclude := b.opts.Config.Exclude
	for _, id := range exclude.Identities {
		if err := tx.Exec(ctx, "insert into ref.config_exclusion values (?, 'test')", b.hashedID(id)); err != nil {
			return err
		}
	}
	for role, domains := range map[string][]string{"staff": exclude.StaffDomains, "test": exclude.TestDomains} {
		for _, domain := range domains {
			if err := tx.Exec(ctx, `insert into ref.config_exclusion
select distinct i.identity_id, ? from staging.identity as i
where lower(trim(i.email)) like '%@' || ? or lower(trim(i.email)) like '%@%.' || ?`, role, domain, domain); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkOverrides holds configured parameters against the shipped ones: each
// exists, and is of the same kind.
func checkOverrides(configured, shipped map[string]string) []error {
	var errs []error
	for _, name := range sortedKeys(configured) {
		value, found := shipped[name]
		switch {
		case !found:
			errs = append(errs, fmt.Errorf("parameters: there is no parameter %q; known are %s", name, strings.Join(sortedKeys(shipped), ", ")))
		case kindOf(value) != kindOf(configured[name]):
			errs = append(errs, fmt.Errorf("parameters: %s must be %s, as the shipped %s is", name, kindOf(value), value))
		}
	}
	return errs
}

func kindOf(value string) string {
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return "a number"
	}
	if value == "true" || value == "false" {
		return "true or false"
	}
	return "a word"
}

// offerParameters puts the configured parameters where ref/param.sql finds them
// when a Builder is made, before there are marts.
func (b *Builder) offerParameters(ctx context.Context, conn *sql.Conn) error {
	table := configTables()[0]
	for _, statement := range []string{"create schema if not exists work.ref", table.create("work.ref")} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	for _, row := range b.configRows(table.name) {
		if _, err := conn.ExecContext(ctx, "insert into work.ref.config_parameter values (?, ?)", row...); err != nil {
			return err
		}
	}
	return nil
}
