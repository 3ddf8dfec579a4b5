package transforms

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A model is one select in one file: the folder is the schema, the file the
// table.
type model struct {
	Schema, Table string
	tree          *tree
	doc           doc
	reads         []reference
	hidden        []string // tables that it reads through macros
	slice         *slice   // nil: computed whole
}

func (m *model) name() string { return m.Schema + "." + m.Table }

// modelSchemas are the folders whose files become tables of the marts.
func modelSchemas() []string { return []string{"ref", "core", "mart"} }

// isPortable reports whether files of the schema keep to portable SQL.
func isPortable(schema string) bool { return schema == "core" || schema == "mart" || schema == "kpi" }

// A doc is what the leading comment of a file says: about the table, and of
// each column by `-- column: what it is`.
type doc struct {
	Table   string
	Columns map[string]string
	slices  [][2]string // table, or "" for the output, and text
	apart   []string    // common table expressions that are computed one by one where there are many rows
}

var columnLine = regexp.MustCompile(`^([a-z][a-z0-9_]*): (.+)$`)

func readDoc(text string) doc {
	d := doc{Columns: map[string]string{}}
	var about []string
	for line := range strings.Lines(text) {
		comment, found := strings.CutPrefix(strings.TrimSpace(line), "--")
		if !found {
			break
		}
		comment = strings.TrimSpace(comment)
		if slice := sliceLine.FindStringSubmatch(comment); slice != nil {
			d.slices = append(d.slices, [2]string{slice[1], slice[2]})
			continue
		}
		if list, found := strings.CutPrefix(comment, "apart: "); found {
			d.apart = append(d.apart, splitList(list)...)
			continue
		}
		if column := columnLine.FindStringSubmatch(comment); column != nil {
			d.Columns[column[1]] = column[2]
		} else if comment != "" {
			about = append(about, comment)
		}
	}
	d.Table = strings.Join(about, " ")
	return d
}

// loadModels reads and parses every model of the schemas. Faults of all files
// are collected.
func loadModels(ctx context.Context, db *sql.DB, files fs.FS, schema string) ([]*model, []error) {
	var models []*model
	var errs []error
	names, err := fs.Glob(files, schema+"/*.sql")
	if err != nil {
		return nil, []error{err}
	}
	for _, name := range names {
		m, faults := loadModel(ctx, db, files, name)
		errs = append(errs, faults...)
		if m != nil {
			models = append(models, m)
		}
	}
	return models, errs
}

func loadModel(ctx context.Context, db *sql.DB, files fs.FS, name string) (*model, []error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return nil, []error{fmt.Errorf("read %s: %w", name, err)}
	}
	t, err := parse(ctx, db, name, string(text))
	if err != nil {
		return nil, []error{err}
	}
	m := &model{
		Schema: path.Dir(name),
		Table:  strings.TrimSuffix(path.Base(name), ".sql"),
		tree:   t,
		doc:    readDoc(string(text)),
	}
	var errs []error
	if len(t.statements) != 1 {
		errs = append(errs, t.fault(t.statements[1].near(), "a model is one select"))
	}
	if m.doc.Table == "" {
		errs = append(errs, t.fault(0, "the first comment must say what a row is"))
	}
	reads, faults := t.references()
	if isPortable(m.Schema) {
		faults = append(faults, t.lint()...)
	}
	m.reads = reads
	if m.slice, err = readSlice(m.doc.slices); err == nil {
		err = m.checkSlice()
	}
	if err == nil {
		err = m.checkApart()
	}
	if err != nil {
		errs = append(errs, t.fault(0, "%s", err))
	}
	for _, f := range faults {
		errs = append(errs, f)
	}
	return m, errs
}

// checkSlice wants every sliced input to be read, and written as its name is,
// so that it can be replaced by its slice.
func (m *model) checkSlice() error {
	if m.slice == nil {
		return nil
	}
	for _, name := range sortedKeys(m.slice.inputs) {
		isRead := false
		for _, read := range m.reads {
			if read.name() != name {
				continue
			}
			isRead = true
			if !strings.HasPrefix(m.tree.text[read.Offset:], name) {
				return fmt.Errorf("slice %s: write the table as %s in line %d", name, name, m.tree.fault(read.Offset, "").Line)
			}
		}
		if !isRead {
			return fmt.Errorf("slice %s: the select does not read it", name)
		}
	}
	return nil
}

// order sorts the models so that each follows what it reads. known are tables
// that exist before the first model runs.
func order(models []*model, known map[string]bool) ([]*model, []error) {
	byName := map[string]*model{}
	for _, m := range models {
		byName[m.name()] = m
	}
	s := &sorter{byName: byName, known: known, state: map[*model]int{}}
	slices.SortFunc(models, func(a, b *model) int { return strings.Compare(a.name(), b.name()) })
	for _, m := range models {
		s.visit(m, nil)
	}
	return s.sorted, s.errs
}

type sorter struct {
	byName map[string]*model
	known  map[string]bool
	state  map[*model]int // 1: being visited, 2: done
	sorted []*model
	errs   []error
}

func (s *sorter) visit(m *model, chain []string) {
	if s.state[m] == 2 {
		return
	}
	chain = append(chain[:len(chain):len(chain)], m.name())
	s.state[m] = 1
	for _, name := range m.hidden {
		if next := s.byName[name]; next != nil && s.state[next] == 0 {
			s.visit(next, chain)
		}
	}
	for _, read := range m.reads {
		name := read.name()
		next, isModel := s.byName[name]
		switch {
		case isModel && s.state[next] == 1:
			from := slices.Index(chain, name)
			s.errs = append(s.errs, m.tree.fault(read.Offset, "cycle: %s -> %s", strings.Join(chain[from:], " -> "), name))
		case isModel:
			s.visit(next, chain)
		case !s.known[name]:
			s.errs = append(s.errs, m.tree.fault(read.Offset, "unknown table %s", name))
		}
	}
	s.state[m] = 2
	s.sorted = append(s.sorted, m)
}
