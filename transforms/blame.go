package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// locate gives an error of DuckDB the file and line of the select that it ran,
// which stands after `before` lines of its statement. Where DuckDB names no
// line, it is that of the only places which can fail so.
func (t *tree) locate(err error, before int) error {
	f := &fault{File: t.file, Message: firstLine(err).Error()}
	if _, after, found := strings.Cut(err.Error(), "LINE "); found {
		var line int
		if _, scanErr := fmt.Sscanf(after, "%d:", &line); scanErr == nil && line > before {
			f.Line = line - before
		}
	}
	if f.Line == 0 {
		lines := t.suspects(f.Message)
		if len(lines) > 0 {
			f.Line = lines[0]
		}
		if len(lines) > 1 {
			f.Message += fmt.Sprintf(" (one of lines %s)", strings.Trim(strings.Join(strings.Fields(fmt.Sprint(lines)), ", "), "[]"))
		}
	}
	return f
}

// suspects are the lines with what the message is about.
func (t *tree) suspects(message string) []int {
	var lines []int
	for _, statement := range t.statements {
		statement.walk(nil, func(n node, _ []node) {
			if !isSuspect(n, message) || n.near() < 0 {
				return
			}
			if line := t.fault(n.near(), "").Line; !slices.Contains(lines, line) {
				lines = append(lines, line)
			}
		})
	}
	slices.Sort(lines)
	return lines
}

func isSuspect(n node, message string) bool {
	for failure, operator := range map[string]string{"multiplication": "*", "addition": "+", "subtraction": "-"} {
		if strings.Contains(message, "Overflow in "+failure) {
			return n.str("class") == "FUNCTION" && n.str("function_name") == operator
		}
	}
	return strings.Contains(message, "More than one row returned by a subquery") && n.str("subquery_type") == "SCALAR"
}

var valueAtFault = regexp.MustCompile(`string '([^']+)'|format: "([^"]+)"|value (-?[0-9.]+)|\((-?[0-9.]+) [-+*] (-?[0-9.]+)\)`)

// blame adds to an error about a value the raw records that hold it: those of
// every shape below the model.
func (b *Builder) blame(ctx context.Context, reads []reference, err error) error {
	found := valueAtFault.FindStringSubmatch(err.Error())
	if found == nil {
		return err
	}
	var values []string
	for _, value := range found[1:] {
		if value != "" {
			values = append(values, literal(value))
		}
	}
	var rows []string
	for _, name := range b.shapesReached(reads) {
		if b.shapes[name] == nil {
			continue
		}
		more, searchErr := b.recordsWith(ctx, b.shapes[name], strings.Join(values, ", "))
		if searchErr != nil {
			return errors.Join(err, fmt.Errorf("search staging.%s for the value: %w", name, searchErr))
		}
		rows = append(rows, more...)
	}
	if len(rows) == 0 {
		return err
	}
	const most = 5
	if len(rows) > most {
		rows = append(rows[:most], "…")
	}
	return fmt.Errorf("%w; records with that value: %s", err, strings.Join(rows, ", "))
}

// recordsWith lists records of a shape with one of the values, and the column
// that has it.
func (b *Builder) recordsWith(ctx context.Context, s *shape, values string) (_ []string, err error) {
	var selects []string
	for _, c := range s.columns {
		if c.Name != "record" {
			selects = append(selects, fmt.Sprintf("(select record || ' (%s)' from lake.staging.%s where cast(%s as varchar) in (%s) order by record limit 5)",
				c.Name, ident(s.Table), ident(c.Name), values))
		}
	}
	var rows *sql.Rows
	if rows, err = b.opts.DB.SQL().QueryContext(ctx, strings.Join(selects, "\nunion all\n")); err != nil {
		return nil, err
	}
	return scanStrings(rows)
}
