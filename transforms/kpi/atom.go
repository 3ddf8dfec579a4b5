package kpi

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// keys are the columns by which atoms stay apart when they are collapsed.
func (g *group) keys() []string {
	var keys []string
	if g.head().who() != "" {
		keys = append(keys, "who")
	}
	if g.hasUnit() {
		keys = append(keys, "unit")
	}
	for i := range g.head().passes {
		keys = append(keys, sliceKey(i))
	}
	if g.flags.split {
		keys = append(keys, "split", "is_default")
	}
	if g.flags.whole {
		keys = append(keys, "is_whole")
	}
	return keys
}

func sliceKey(i int) string { return fmt.Sprintf("s%d", i) }

// atoms reads the selects of the group once, into a narrow table: placement,
// keys and weights.
func (g *group) atoms(ctx context.Context) error {
	r := g.head()
	var columns, joins []string
	add := func(name, expr string) { columns = append(columns, expr+" as "+name) }
	for _, column := range []string{"happened_on", "grain", "period_start", "from_on", "until_on"} {
		if r.has(column) {
			add(column, r.exprs[column])
		}
	}
	if r.who() != "" {
		who, join := r.whoExpr()
		joins = join
		add("who", who)
	}
	if g.hasUnit() {
		add("unit", r.exprs[r.unit()])
	}
	for i, s := range r.passes {
		add(sliceKey(i), fmt.Sprintf("cast(%s as varchar)", r.exprs[s.Column]))
	}
	columns = append(columns, g.flagColumns()...)
	for _, w := range g.weights {
		add(w.name, fmt.Sprintf("cast(%s as %s)", w.expr, w.type_))
	}
	if r.d.is("median", "nps") {
		add("amount", fmt.Sprintf("cast(%s as double)", r.exprs["amount"]))
	}
	if r.d.Once != "" {
		for _, column := range []string{"happened_at", "entity_id"} {
			if r.has(column) {
				add(column, r.exprs[column])
			}
		}
	}
	if g.showsAtoms {
		shown := g.shown()
		for _, column := range shownColumns() {
			add(column, shown[column])
		}
	}
	query := fmt.Sprintf("create or replace temp table atom as\nselect\n    %s\nfrom %s as a%s", strings.Join(columns, ",\n    "), g.source(), strings.Join(joins, ""))
	if g.where != "" {
		query += "\nwhere " + g.where
	}
	return g.tx.Exec(ctx, query)
}

// source is what atoms are read from; their explanation is not taken apart.
func (g *group) source() string {
	if r := g.head(); r.arm == nil || g.showsAtoms {
		return r.from
	}
	return g.head().arm.rest
}

// whoExpr is the person's number, or the account, and the joins that it needs.
// A person whom identity does not know is -1.
func (r *reading) whoExpr() (expr string, joins []string) {
	if r.who() == "account_id" {
		return r.exprs["account_id"], nil
	}
	expr = "i.person_no"
	if r.has("identity_id") {
		joins = append(joins, fmt.Sprintf("\nleft join kpi_identity as i on i.identity_id = %s", r.exprs["identity_id"]))
	}
	if r.has("person_id") {
		joins = append(joins, fmt.Sprintf("\nleft join kpi_person as q on q.person_id = %s", r.exprs["person_id"]))
		expr = fmt.Sprintf("case when %s is not null then coalesce(q.person_no, -1) end", r.exprs["person_id"])
	}
	if r.has("identity_id") && r.has("person_id") {
		expr = fmt.Sprintf("coalesce(%s, i.person_no)", expr)
	}
	return expr, joins
}

func (g *group) flagColumns() []string {
	r := g.head()
	var columns []string
	isDefault := "true"
	if g.flags.split {
		value, param := fmt.Sprintf("cast(%s as varchar)", r.exprs[r.d.Split]), "param_text"
		isDefault = fmt.Sprintf("coalesce(%s = %s('%s'), true)", value, param, r.d.SplitDefault)
		if t := r.types[r.d.Split]; t == "DOUBLE" || strings.HasPrefix(t, "DECIMAL") {
			value = fmt.Sprintf("cast(cast(round(%s) as bigint) as varchar)", r.exprs[r.d.Split])
			isDefault = fmt.Sprintf("coalesce(cast(%s as double) = param('%s'), true)", r.exprs[r.d.Split], r.d.SplitDefault)
		}
		columns = append(columns, value+" as split", isDefault+" as is_default")
	}
	if g.flags.whole {
		isWhole := isDefault
		if community := r.exprs["community_id"]; g.flags.grain && r.has("community_id") {
			isWhole = fmt.Sprintf("%s and (%s is null or coalesce(%s, 'all') = 'all')", isDefault, r.exprs["grain"], community)
		}
		columns = append(columns, isWhole+" as is_whole")
	}
	return columns
}

// A probe is what the atoms themselves say: whether a column is empty, and
// what must not occur.
type probe struct {
	Slices       []int64 `json:"slices"` // atoms with a value, by pass
	Strangers    int64   `json:"strangers"`
	OutOfScale   int64   `json:"out_of_scale"`
	SpansShare   bool    `json:"spans_share"`
	NegativeSpan int64   `json:"negative_span"`
}

// probe looks at the atoms once.
func (g *group) probe(ctx context.Context) (*probe, error) {
	r := g.head()
	count := func(condition string) string {
		return fmt.Sprintf("cast(count(*) filter (where %s) as varchar)", condition)
	}
	slices := "cast(count(*) as varchar)" // makes it one row also where nothing else is counted
	for i := range r.passes {
		slices += fmt.Sprintf(" || ',' || cast(count(a.%s) as varchar)", sliceKey(i))
	}
	strangers, scale, share, negative := "'0'", "'0'", "'false'", "'0'"
	if r.who() == "person_id" {
		strangers = count("a.who = -1")
	}
	if r.d.is("nps") {
		scale = count("a.amount < 0 or a.amount > 10")
	}
	if r.has("from_on") {
		negative = count("a.until_on < a.from_on")
		if r.has("happened_on") || r.has("grain") {
			share = g.sharedSides()
		}
	}
	text, err := g.tx.Text(ctx, fmt.Sprintf(`select '{"slices":[' || %s || '],"strangers":' || %s || ',"out_of_scale":' || %s
    || ',"spans_share":' || %s || ',"negative_span":' || %s || '}' as found
from atom as a`, slices, strangers, scale, share, negative))
	if err != nil {
		return nil, err
	}
	p := &probe{}
	if err := json.Unmarshal([]byte(text), p); err != nil {
		return nil, fmt.Errorf("read %s: %w", text, err)
	}
	p.Slices = p.Slices[1:]
	return p, p.check()
}

// sharedSides says whether spans and other atoms stand behind one count of
// distinct units: the same unit may be in both, so the spans have to be placed
// in periods beside the others.
func (g *group) sharedSides() string {
	var shared []string
	for _, m := range g.metrics {
		for _, s := range m.sides {
			if s.key != "" {
				shared = append(shared, fmt.Sprintf(
					"(coalesce(bool_or(a.%[1]s > 0 and a.from_on is not null), false) and coalesce(bool_or(a.%[1]s > 0 and a.from_on is null), false))", s.weight))
			}
		}
	}
	if len(shared) == 0 {
		return "'false'"
	}
	return fmt.Sprintf("case when %s then 'true' else 'false' end", strings.Join(shared, " or "))
}

func (p *probe) check() error {
	switch {
	case p.Strangers > 0:
		return fmt.Errorf("column person_id: %d atoms have a person who is not in core.person_identity: take it from there, or return identity_id", p.Strangers)
	case p.OutOfScale > 0:
		return fmt.Errorf("column amount: %d atoms are outside 0 to 10: measure nps reads that scale only, leave others out", p.OutOfScale)
	case p.NegativeSpan > 0:
		return fmt.Errorf("column until_on: %d spans end before they begin: correct the mart or leave them out", p.NegativeSpan)
	}
	return nil
}
