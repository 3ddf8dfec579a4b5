package transforms

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A macro of the prelude hides what it reads: the parse tree of a model shows
// its call only.
type macro struct {
	name     string
	tree     *tree
	calls    []string
	settings []string // of setting('…') in its body
}

var macroStatement = regexp.MustCompile(`(?is)create\s+or\s+replace\s+macro\s+([a-z0-9_]+)\s*\(([^)]*)\)\s+as\s+(.*)$`)

// loadMacros parses the bodies of the prelude's macros.
func loadMacros(ctx context.Context, db *sql.DB, prelude string) (map[string]*macro, error) {
	macros := map[string]*macro{}
	for _, statement := range splitStatements(prelude) {
		found := macroStatement.FindStringSubmatch(statement)
		if found == nil {
			return nil, fmt.Errorf("prelude.sql holds `create or replace macro name(…) as …` and nothing else, found %.40q", statement)
		}
		t, err := parse(ctx, db, "prelude.sql", "select ("+found[3]+"\n)")
		if err != nil {
			return nil, err
		}
		m := &macro{name: strings.ToLower(found[1]), tree: t}
		m.calls, m.settings = t.calls()
		macros[m.name] = m
	}
	return macros, nil
}

// calls lists the functions that the statements call, and the settings that
// they name.
func (t *tree) calls() (functions, settings []string) {
	for _, statement := range t.statements {
		statement.walk(nil, func(n node, _ []node) {
			if n.str("class") != "FUNCTION" {
				return
			}
			name := strings.ToLower(n.str("function_name"))
			functions = append(functions, name)
			if arguments := n.list("children"); name == "setting" && len(arguments) == 1 && arguments[0].str("class") == "CONSTANT" {
				settings = append(settings, arguments[0].child("value").str("value"))
			}
		})
	}
	return functions, settings
}

// A hidden is what a select reads through macros.
type hidden struct {
	tables, params, settings, macros []string // sorted
}

// hiddenIn follows the macros that the select calls.
func (b *Builder) hiddenIn(t *tree) hidden {
	var h hidden
	functions, settings := t.calls()
	h.settings = settings
	t.params(func(name string, _ int) { h.params = append(h.params, name) })
	for len(functions) > 0 {
		name := functions[0]
		functions = functions[1:]
		m := b.macros[name]
		if m == nil || slices.Contains(h.macros, name) {
			continue
		}
		h.macros = append(h.macros, name)
		h.settings = append(h.settings, m.settings...)
		functions = append(functions, m.calls...)
		reads, _ := m.tree.references()
		for _, read := range reads {
			h.tables = append(h.tables, read.Schema+"."+read.Table)
		}
	}
	for _, list := range []*[]string{&h.tables, &h.params, &h.settings, &h.macros} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return h
}

// fingerprint is everything that decides what the select returns, beside the
// tables that it names: its text, the macros it calls, and the parameters and
// settings that these and it read.
func (b *Builder) fingerprint(t *tree) string {
	h := b.hiddenIn(t)
	parts := []string{t.text}
	for _, name := range h.macros {
		parts = append(parts, b.macros[name].tree.text)
	}
	for _, name := range h.params {
		parts = append(parts, name, b.params[name])
	}
	for _, s := range b.settings() {
		if slices.Contains(h.settings, s[0]) {
			parts = append(parts, s[0], s[1])
		}
	}
	return fingerprint(parts...)
}
