package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// parquetRows reads a Parquet file row by row: one page of each column is in
// memory. Every row becomes a JSON object with the values of the wanted
// columns, and is read as one of JSON lines is.
type parquetRows struct {
	json    *jsonRows
	groups  []parquet.RowGroup // not yet read, the current one first
	rows    parquet.Rows       // of the current group
	fields  []*node            // wanted columns
	values  assembly
	batch   []parquet.Row
	unread  []parquet.Row // of batch
	pos     int64
	encoded []byte
}

// openParquet starts reading at row pos.
func openParquet(file io.ReaderAt, size, pos int64, wanted []string) (rows *parquetRows, columns []string, err error) {
	defer recoverCut(&err)
	opened, err := parquet.OpenFile(file, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(64<<10))
	if err != nil {
		return nil, nil, fmt.Errorf("%w: parquet: %v", errCut, err)
	}
	root, err := readSchema(opened.Metadata().Schema)
	if err != nil {
		return nil, nil, err
	}
	p := &parquetRows{json: newJSONRows(wanted), groups: opened.RowGroups(), batch: make([]parquet.Row, 64), pos: pos,
		values: assembly{columns: make([][]parquet.Value, root.leaves)}}
	for _, field := range root.children {
		columns = append(columns, field.name)
		if slices.ContainsFunc(wanted, func(column string) bool { return column == field.name || firstStep(column) == field.name }) {
			p.fields = append(p.fields, field)
		}
	}
	for len(p.groups) > 0 && pos >= p.groups[0].NumRows() {
		pos -= p.groups[0].NumRows()
		p.groups = p.groups[1:]
	}
	if len(p.groups) > 0 {
		p.rows = p.groups[0].Rows()
		if err := p.rows.SeekToRow(pos); err != nil {
			return nil, nil, fmt.Errorf("%w: parquet: %v", errCut, err)
		}
	}
	return p, columns, nil
}

// recoverCut turns a panic of the Parquet library over damaged bytes into an
// error.
func recoverCut(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: parquet: %v", errCut, r)
	}
}

func (p *parquetRows) next() (parsed parsed, err error) {
	defer recoverCut(&err)
	for len(p.unread) == 0 {
		if len(p.groups) == 0 {
			return parsed, io.EOF
		}
		if err := p.fill(); err != nil {
			return parsed, err
		}
	}
	p.values.load(p.unread[0])
	p.unread = p.unread[1:]
	p.pos++
	b := append(p.encoded[:0], '{')
	for i, field := range p.fields {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, field.name), ':')
		b = p.values.write(b, field)
	}
	p.encoded = append(b, '}')
	parsed.line, parsed.ended = p.pos, true
	parsed.row, parsed.fault = p.json.parse(p.encoded)
	parsed.raw = p.encoded
	return parsed, nil
}

func (p *parquetRows) fill() error {
	if p.rows == nil {
		p.rows = p.groups[0].Rows()
	}
	n, err := p.rows.ReadRows(p.batch)
	p.unread = p.batch[:n]
	if err == nil || n > 0 && errors.Is(err, io.EOF) {
		return nil
	}
	if !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: parquet: %v", errCut, err)
	}
	err = p.rows.Close()
	p.rows, p.groups = nil, p.groups[1:]
	return err
}

func (p *parquetRows) position() position { return position{pos: p.pos, line: p.pos} }

func (p *parquetRows) close() {
	if p.rows != nil {
		p.rows.Close()
	}
}

// A node is a column or group of a Parquet schema.
type node struct {
	name        string
	optional    bool
	repeated    bool
	def, rep    int // levels at which it is present, and repeats
	first       int // leaf columns first … first+leaves-1 are below it
	leaves      int
	children    []*node
	render      func([]byte, parquet.Value) []byte // of a leaf
	list, isMap bool
}

// readSchema builds the tree from the depth-first list in the footer.
func readSchema(elements []format.SchemaElement) (*node, error) {
	r := schemaReader{elements: elements}
	root, err := r.node(0, 0, 0)
	if err == nil && r.at != len(elements) {
		err = fmt.Errorf("%w: parquet: schema of %d elements holds %d", errCut, r.at, len(elements))
	}
	return root, err
}

type schemaReader struct {
	elements []format.SchemaElement
	at, leaf int
}

func (r *schemaReader) node(def, rep, depth int) (*node, error) {
	if r.at >= len(r.elements) || depth > 64 {
		return nil, fmt.Errorf("%w: parquet: broken or too deep schema", errCut)
	}
	e := &r.elements[r.at]
	r.at++
	n := &node{name: e.Name, first: r.leaf}
	if depth > 0 {
		n.optional = e.RepetitionType.V == format.Optional
		n.repeated = e.RepetitionType.V == format.Repeated
	}
	if n.optional || n.repeated {
		def++
	}
	if n.repeated {
		rep++
	}
	n.def, n.rep = def, rep
	if e.Type.Valid {
		n.render, n.leaves = renderer(e), 1
		r.leaf++
		return n, nil
	}
	n.list, n.isMap = groupKind(e)
	for range e.NumChildren.V {
		child, err := r.node(def, rep, depth+1)
		if err != nil {
			return nil, err
		}
		n.children = append(n.children, child)
		n.leaves += child.leaves
	}
	n.list = n.list && len(n.children) == 1 && n.children[0].repeated
	n.isMap = n.isMap && len(n.children) == 1 && n.children[0].repeated && len(n.children[0].children) == 2
	return n, nil
}

// An assembly puts the values of a row's leaf columns back together by their
// repetition and definition levels.
type assembly struct {
	columns [][]parquet.Value // what is left of each leaf column in this row
}

func (a *assembly) load(row parquet.Row) {
	row.Range(func(column int, values []parquet.Value) bool {
		a.columns[column] = values
		return true
	})
}

func (a *assembly) present(n *node) bool {
	return n.leaves > 0 && a.columns[n.first][0].DefinitionLevel() >= n.def
}

// skip passes over the one null that each leaf below an absent node has.
func (a *assembly) skip(n *node) {
	for i := n.first; i < n.first+n.leaves; i++ {
		a.columns[i] = a.columns[i][1:]
	}
}

// write appends a node as JSON: null when absent, an array when repeated.
func (a *assembly) write(b []byte, n *node) []byte {
	switch {
	case n.repeated:
		return a.each(b, n, '[', ']', a.value)
	case n.optional && !a.present(n):
		a.skip(n)
		return append(b, "null"...)
	}
	return a.value(b, n)
}

// each appends the repetitions of n.
func (a *assembly) each(b []byte, n *node, open, shut byte, one func([]byte, *node) []byte) []byte {
	b = append(b, open)
	if !a.present(n) {
		a.skip(n)
		return append(b, shut)
	}
	for {
		b = one(b, n)
		left := a.columns[n.first]
		if len(left) == 0 || left[0].RepetitionLevel() != n.rep {
			return append(b, shut)
		}
		b = append(b, ',')
	}
}

// value appends what one presence of n holds.
func (a *assembly) value(b []byte, n *node) []byte {
	switch {
	case n.render != nil:
		v := a.columns[n.first][0]
		a.columns[n.first] = a.columns[n.first][1:]
		return n.render(b, v)
	case n.list:
		return a.each(b, n.children[0], '[', ']', func(b []byte, inner *node) []byte { return a.element(b, n, inner) })
	case n.isMap:
		return a.entries(b, n.children[0])
	}
	b = append(b, '{')
	for i, child := range n.children {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendString(b, child.name), ':')
		b = a.write(b, child)
	}
	return append(b, '}')
}

// element appends an element of a list: the one child of the repeated group,
// or the group itself in files of old writers.
// https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#lists
func (a *assembly) element(b []byte, list, inner *node) []byte {
	if len(inner.children) == 1 && inner.name != "array" && inner.name != list.name+"_tuple" {
		return a.write(b, inner.children[0])
	}
	return a.value(b, inner)
}

// entries appends a map as an object; keys that are no text are written as
// text.
func (a *assembly) entries(b []byte, pair *node) []byte {
	return a.each(b, pair, '{', '}', func(b []byte, pair *node) []byte {
		key := a.write(nil, pair.children[0])
		if !bytes.HasPrefix(key, []byte(`"`)) {
			key = appendString(nil, string(key))
		}
		b = append(append(b, key...), ':')
		return a.write(b, pair.children[1])
	})
}
