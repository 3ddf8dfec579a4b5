package config

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// A section is one HCL body with a closed list of names. Its getters report
// what is wrong to the loader, and say whether they have a value.
type section struct {
	l     *loader
	body  *hclsyntax.Body
	what  string
	start hcl.Range // where a missing name is reported
	label string    // of a block with one label
}

// section reports the names in body that are neither attrs nor blocks.
func (l *loader) section(body *hclsyntax.Body, what string, attrs, blocks []string) section {
	l.unknownNames(body, what, attrs, blocks)
	return section{l: l, body: body, what: what, start: body.MissingItemRange()}
}

func (l *loader) unknownNames(body *hclsyntax.Body, what string, attrs, blocks []string) {
	all := slices.Concat(attrs, blocks)
	for _, attr := range sortedAttributes(body) {
		switch {
		case slices.Contains(attrs, attr.Name):
		case slices.Contains(blocks, attr.Name):
			l.fail(attr.NameRange, "Not an attribute", "%s is a block: write `%s { … }` without \"=\".", attr.Name, attr.Name)
		default:
			l.fail(attr.NameRange, "Unknown setting", "There is no setting %q in %s.%s", attr.Name, what, known(attr.Name, all))
		}
	}
	for _, block := range body.Blocks {
		switch {
		case slices.Contains(blocks, block.Type):
		case slices.Contains(attrs, block.Type):
			l.fail(block.TypeRange, "Not a block", "%s is an attribute: write `%s = …`.", block.Type, block.Type)
		default:
			l.fail(block.TypeRange, "Unknown block", "There is no block %q in %s.%s", block.Type, what, known(block.Type, all))
		}
	}
}

// sortedAttributes lists attributes in file order.
func sortedAttributes(body *hclsyntax.Body) []*hclsyntax.Attribute {
	list := make([]*hclsyntax.Attribute, 0, len(body.Attributes))
	for _, attr := range body.Attributes {
		list = append(list, attr)
	}
	slices.SortFunc(list, func(a, b *hclsyntax.Attribute) int { return a.SrcRange.Start.Byte - b.SrcRange.Start.Byte })
	return list
}

// block opens the only block of a type, reporting a second one and labels.
func (s section) block(typ, what string, attrs, blocks []string) (section, bool) {
	var found *hclsyntax.Block
	for _, block := range s.body.Blocks {
		if block.Type != typ {
			continue
		}
		if found != nil {
			s.l.fail(block.DefRange(), "Duplicate block", "There is already a block %s at line %d.", typ, found.DefRange().Start.Line)
			continue
		}
		found = block
	}
	if found == nil {
		return section{}, false
	}
	s.l.labels(found, 0)
	inner := s.l.section(found.Body, what, attrs, blocks)
	inner.start = found.DefRange()
	return inner, true
}

// labels reports a block with another number of labels than want.
func (l *loader) labels(block *hclsyntax.Block, want int) bool {
	if len(block.Labels) == want {
		return true
	}
	example := map[int]string{0: "%s { … }", 1: "%s \"name\" { … }", 2: "%s \"TYPE\" \"NAME\" { … }"}[want]
	l.fail(block.DefRange(), "Wrong number of labels", "Write "+example+".", block.Type)
	return false
}

// require reports a missing name.
func (s section) require(name, hint string) {
	if _, ok := s.body.Attributes[name]; ok {
		return // present and wrong: already reported
	}
	s.l.fail(s.start, "Missing "+name, "%s needs %s.", upperFirst(s.what), hint)
}

// value evaluates an attribute. null reads as absent.
func (s section) value(name string) (cty.Value, hcl.Range, bool) {
	attr, ok := s.body.Attributes[name]
	if !ok {
		return cty.NilVal, hcl.Range{}, false
	}
	value, diags := attr.Expr.Value(s.l.ctx)
	s.l.diags = append(s.l.diags, diags...)
	value, _ = value.UnmarkDeep()
	if diags.HasErrors() || value.IsNull() || !value.IsWhollyKnown() {
		return cty.NilVal, attr.Expr.Range(), false
	}
	return value, attr.Expr.Range(), true
}

func (s section) text(name string) (string, hcl.Range, bool) {
	value, rng, ok := s.value(name)
	if !ok {
		return "", rng, false
	}
	if value.Type() != cty.String {
		s.mistyped(name, rng, "a string in quotes")
		return "", rng, false
	}
	return value.AsString(), rng, true
}

func (s section) mistyped(name string, rng hcl.Range, want string) {
	s.l.fail(rng, "Wrong type", "%s in %s must be %s.", name, s.what, want)
}

// choice reads a string that must be one of the given words.
func (s section) choice(name string, words []string) (string, hcl.Range, bool) {
	word, rng, ok := s.text(name)
	if ok && !slices.Contains(words, word) {
		s.l.fail(rng, "Invalid "+name, "%q is not a known value.%s", word, known(word, words))
		return "", rng, false
	}
	return word, rng, ok
}

func (s section) texts(name string) ([]string, hcl.Range, bool) {
	value, rng, ok := s.value(name)
	if !ok {
		return nil, rng, false
	}
	list, err := coerceList(value, false)
	if err != nil {
		s.mistyped(name, rng, "a list of strings")
		return nil, rng, false
	}
	return list, rng, true
}

func (s section) boolean(name string) (bool, hcl.Range, bool) {
	value, rng, ok := s.value(name)
	if !ok {
		return false, rng, false
	}
	if value.Type() != cty.Bool {
		s.mistyped(name, rng, "true or false")
		return false, rng, false
	}
	return value.True(), rng, true
}

func (s section) integer(name string) (int64, hcl.Range, bool) {
	value, rng, ok := s.value(name)
	if !ok {
		return 0, rng, false
	}
	if value.Type() == cty.Number {
		if n, accuracy := value.AsBigFloat().Int64(); accuracy == big.Exact {
			return n, rng, true
		}
	}
	s.mistyped(name, rng, "a whole number")
	return 0, rng, false
}

func (s section) float(name string) (float64, hcl.Range, bool) {
	value, rng, ok := s.value(name)
	if !ok {
		return 0, rng, false
	}
	if value.Type() != cty.Number {
		s.mistyped(name, rng, "a number")
		return 0, rng, false
	}
	f, _ := value.AsBigFloat().Float64()
	return f, rng, true
}

// duration reads "90s", "12h" or "7d", at least min.
func (s section) duration(name string, min time.Duration) (time.Duration, bool) {
	word, rng, ok := s.text(name)
	if !ok {
		return 0, false
	}
	d, err := ParseDuration(word)
	if err != nil {
		s.l.fail(rng, "Invalid "+name, "%q is no duration: write \"90s\", \"12h\" or \"7d\".", word)
		return 0, false
	}
	if d < min {
		s.l.fail(rng, "Invalid "+name, "%s must be at least %s.", name, min)
		return 0, false
	}
	return d, true
}

// size reads "512MiB" or "2GB", at least min bytes.
func (s section) size(name string, min int64) (int64, string, bool) {
	word, rng, ok := s.text(name)
	if !ok {
		return 0, "", false
	}
	n, err := ParseSize(word)
	if err != nil {
		s.l.fail(rng, "Invalid "+name, "%q is no size: write \"512MiB\" or \"2GB\".", word)
		return 0, "", false
	}
	if n < min {
		s.l.fail(rng, "Invalid "+name, "%s must be at least %s.", name, FormatSize(min))
		return 0, "", false
	}
	return n, word, true
}

// known says which name was probably meant and which exist.
func known(word string, names []string) string {
	var b strings.Builder
	if near, ok := NearMiss(word, names); ok {
		fmt.Fprintf(&b, " Did you mean %q?", near)
	}
	if len(names) > 0 {
		fmt.Fprintf(&b, " Known are: %s.", strings.Join(names, ", "))
	}
	return b.String()
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
