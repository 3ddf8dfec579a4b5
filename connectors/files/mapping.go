package files

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// checkMapping finds the file's column, or the constant, behind each column of
// the shape.
func (f *fileSet) checkMapping() error {
	if f.Canonical {
		return nil
	}
	mapping := map[string]string{}
	f.constants = map[string]string{}
	for target, from := range f.Mapping {
		c, ok := f.shape.column(target)
		if !ok || c.given {
			return f.fault("mapping", "%s has no column %q to fill; it has %s%s", f.Stream, target,
				strings.Join(f.shape.targets(), ", "), hint(target, f.shape.targets()))
		}
		if from == "" {
			return f.fault("mapping", "%s names no column of the file", target)
		}
		if text, ok := strings.CutPrefix(from, constantMark); ok {
			f.constants[target] = text
		} else {
			mapping[target] = from
		}
	}
	identifier := f.shape.identifier(false)
	if _, ok := mapping[identifier]; identifier != "" && !ok && len(f.Key) == 1 {
		mapping[identifier] = f.Key[0]
	}
	for to, from := range f.shape.alias {
		if mapping[to] == "" && mapping[from] != "" {
			mapping[to] = mapping[from]
		}
	}
	f.Mapping = mapping
	return f.checkNeeded()
}

// constantMark before a mapping's value makes it a text for all rows instead
// of the name of a column.
const constantMark = "="

// checkNeeded finds the columns no row can do without. An id that no column
// holds is made of the key, where the shape says what names a row.
func (f *fileSet) checkNeeded() error {
	for _, c := range f.shape.columns {
		if !c.required && !c.sifts || f.fills(c.name) || f.idFromKey() && c.name == f.shape.columns[0].name {
			continue
		}
		target := c.name
		if alias := f.shape.alias[target]; alias != "" {
			target = alias
		}
		what := fmt.Sprintf("\"=…\" gives all rows the same %s", target)
		if c.kind == id && c.mapped == "" {
			what = "an id column; people without ids have their address there, which the build hashes"
		}
		return f.fault("mapping", "%s is missing: every row of %s needs it (%s)", target, f.Stream, what)
	}
	if len(f.shape.oneOf) > 0 && !slices.ContainsFunc(f.shape.oneOf, f.fills) {
		return f.fault("mapping", "%s is missing: a row of %s is about one of them", strings.Join(f.shape.oneOf, " or "), f.Stream)
	}
	return nil
}

// fills reports whether the mapping gives the column a value.
func (f *fileSet) fills(target string) bool {
	_, constant := f.constants[target]
	return constant || f.Mapping[target] != ""
}

// idFromKey reports whether the id of the thing described is the row's key,
// since no column of the file holds it.
func (f *fileSet) idFromKey() bool {
	identifier := f.shape.identifier(false)
	return !f.Canonical && len(f.shape.key) > 0 && identifier != "" && !f.fills(identifier)
}

var emailColumn = regexp.MustCompile(`(?i)e[-_ ]?mail`)

// checkKey finds the key columns. Keys end up in ids that leave the lake, so
// one that holds an address or a name must be hashed with a secret.
func (f *fileSet) checkKey(secret string) error {
	f.ownKey = len(f.Key) > 0
	if !f.ownKey {
		f.Key = f.defaultKey()
	}
	if len(f.Key) == 0 {
		return f.fault("key", "is missing: name the columns that tell one row from another")
	}
	for i, key := range f.Key {
		if key == "" || slices.Contains(f.Key[:i], key) {
			return f.fault("key", "column %q is empty or named twice", key)
		}
		personal := emailColumn.MatchString(key)
		for _, c := range f.shape.columns {
			personal = personal || c.personal && f.from(c) == key
		}
		if !personal {
			continue
		}
		if secret == "" {
			return f.fault("key", "column %q holds personal data, and keys are seen outside the lake: set key_secret = env(\"…\") to have keys hashed, or choose another column", key)
		}
		f.secret = []byte(secret)
	}
	return nil
}

// defaultKey are the columns that name a row: that of its id, or those that
// the shape lists, as far as the file has them.
func (f *fileSet) defaultKey() []string {
	targets := f.shape.key
	if identifier := f.shape.identifier(f.Canonical); identifier != "" && !f.idFromKey() {
		targets = []string{identifier}
	}
	var key []string
	for _, target := range targets {
		c, _ := f.shape.column(target)
		if from := f.from(c); from != "" && !slices.Contains(key, from) {
			key = append(key, from)
		}
	}
	return key
}

// from is the file's column that fills a column of the shape; empty: none.
func (f *fileSet) from(c column) string {
	switch {
	case !f.Canonical:
		return f.Mapping[c.name]
	case c.input:
		return ""
	}
	return c.name
}
