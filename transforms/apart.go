package transforms

import (
	"context"
	"fmt"
	"regexp"
	"strings"
)

// The header line
//
//	-- apart: days, weeks, months
//
// names common table expressions of a model that are computed one by one where
// the model is computed whole from many rows, in this order, each from those
// before it. In one statement DuckDB holds them all at the same time, with what
// every join, window and group above them needs, and spills most of it.

// A cte is where the select of a common table expression stands in a text.
type cte struct{ from, to int }

// cteOf finds a common table expression of the outermost select.
func cteOf(text, name string) (cte, error) {
	blank := blankLiterals(text)
	for _, found := range regexp.MustCompile(`(?i)\b`+regexp.QuoteMeta(name)+`\s+as\s*\(`).FindAllStringIndex(blank, -1) {
		if strings.Count(blank[:found[0]], "(") != strings.Count(blank[:found[0]], ")") {
			continue
		}
		depth := 1
		for at := found[1]; at < len(blank); at++ {
			switch blank[at] {
			case '(':
				depth++
			case ')':
				depth--
			}
			if depth == 0 {
				return cte{found[1], at}, nil
			}
		}
	}
	return cte{}, fmt.Errorf("apart: the select has no common table expression %s", name)
}

// checkApart wants every named expression to exist, each after those before it.
func (m *model) checkApart() error {
	last := 0
	for _, name := range m.doc.apart {
		found, err := cteOf(m.text(), name)
		if err != nil {
			return err
		}
		if found.from < last {
			return fmt.Errorf("apart: name the expressions in the order of the file, %s is too late", name)
		}
		last = found.to
	}
	return nil
}

// computeApart makes a temporary table of each expression that stands apart. It
// gives the model's select over these tables, line by line where it was, and
// their names.
func (m *modelBuild) computeApart(ctx context.Context, md *model) (text string, made []string, err error) {
	text = md.text()
	for _, name := range md.doc.apart {
		found, err := cteOf(text, name)
		if err != nil {
			return "", nil, err
		}
		table := ident(name + " of " + md.name())
		if err := m.tx.Exec(ctx, "create or replace temp table "+table+" as\n"+text[:found.to]+")\nselect * from "+ident(name)); err != nil {
			return "", nil, m.blame(ctx, md.reads, md.tree.locate(err, 1))
		}
		if err := m.commit(ctx); err != nil {
			return "", nil, err
		}
		made = append(made, "temp."+table)
		lines := strings.Repeat("\n", strings.Count(text[found.from:found.to], "\n"))
		text = text[:found.from] + "select * from temp." + table + lines + text[found.to:]
	}
	return text, made, nil
}

// manyRows is from how many rows on a table is committed before models read it,
// for DuckDB reads what is not on one thread.
const manyRows = 500_000

// inputsOf says whether any input of the model has many rows, and whether any
// such has not been committed yet.
func (m *modelBuild) inputsOf(ctx context.Context, md *model) (areMany, areOpen bool, err error) {
	if m.build.largest < m.opts.ManyRows {
		return false, false, nil
	}
	for _, name := range md.inputs() {
		rows, isKnown := m.rows[name]
		if !isKnown {
			if rows, err = m.count(ctx, name); err != nil {
				return false, false, fmt.Errorf("count the rows of %s: %w", name, err)
			}
			m.rows[name] = rows
		}
		if rows >= m.opts.ManyRows {
			areMany = true
			areOpen = areOpen || m.open[name]
		}
	}
	return areMany, areOpen, nil
}

// commit keeps the models that are done, each with what it was made of, so that
// the next build goes on from there if this one ends here. From the first on the
// marts are unfinished.
func (m *modelBuild) commit(ctx context.Context) error {
	if err := m.hide(ctx, m.tx, m.build); err != nil {
		return err
	}
	clear(m.open)
	return m.tx.Commit(ctx)
}
