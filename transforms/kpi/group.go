package kpi

import (
	"fmt"
	"slices"
	"strings"
)

// A group is one pass over atoms that are placed alike: of a single KPI, or of
// several whose selects read one table row by row.
type group struct {
	tx       Execer
	today    string
	readings []*reading
	metrics  []metric
	weights  []weight
	where    string
	isDaily  bool // distinct people per day are added up: an atom counts once a day
	flags    flags
	placing  placing
	counted  string // the weight of atoms that have an amount
	calendar string // the days that stand in periods; "": all of ref.calendar

	showsAtoms bool   // atoms carry what an explanation shows of them
	shownTrait string // column of an attached atom that the explained cell is a slice by
	since      string // cells of earlier periods are kept; "": none
	isNarrowed bool   // atoms that only earlier cells are made of are left out
	isWidened  bool   // they were not, after all
	everything string // where, if they were not
}

// flags are what the rows of an atom table say beside keys and weights.
type flags struct {
	split bool // is_default: the atom has the default of the split column
	whole bool // is_whole: the atom belongs to the whole
	grain bool // some atoms are periods
}

// A weight is a number of each atom: a flag, a count or an amount.
type weight struct {
	name  string
	expr  string
	type_ string
}

// A side is one number of a cell: the sum of a weight, or how many people or
// units have it above zero.
type side struct {
	into   string // column of folded
	weight string
	key    string // "" for a sum; who or unit; excess
	than   string // of excess: the weight that must not be smaller
}

// A metric is what a group computes for one KPI.
type metric struct {
	*reading
	sides []side
}

// head is the reading that all of the group agree with but for their numbers.
func (g *group) head() *reading { return g.readings[0] }

func (g *group) ids() (ids []string) {
	for _, r := range g.readings {
		ids = append(ids, r.d.ID)
	}
	return ids
}

// hasUnit reports whether the group counts something else than n does.
func (g *group) hasUnit() bool {
	return g.head().countsOthers()
}

// countsOthers reports whether the measure counts something else than n does.
func (r *reading) countsOthers() bool {
	unit := r.unit()
	return unit != "" && unit != r.who()
}

// isPlain reports whether sums and counts of rows collapsed by who say
// everything about the KPI, so that it can be folded in one statement.
func (g *group) isPlain() bool { return !g.hasUnit() && g.head().d.All == "" }

// together sorts readings into groups that share a pass.
func together(readings []*reading) [][]*reading {
	var groups [][]*reading
	at := map[string]int{}
	for _, r := range readings {
		key := r.placement()
		if i, found := at[key]; found && key != "" {
			groups[i] = append(groups[i], r)
			continue
		}
		at[key] = len(groups)
		groups = append(groups, []*reading{r})
	}
	return groups
}

// placement names what readings must have in common to share a pass; "" where
// a KPI needs one of its own.
func (r *reading) placement() string {
	d := r.d
	if r.isAttached() && !r.has("low") && !r.has("high") {
		return personPeriods
	}
	if !r.rowWise || d.is("median") || d.Once != "" || d.Split != "" || d.All != "" || len(d.NumeratorOnly) > 0 ||
		r.has("low") || r.has("high") || r.countsOthers() {
		return ""
	}
	parts := []string{r.from, d.Sampled, fmt.Sprint(r.isDaily())}
	for _, column := range []string{"happened_on", "grain", "period_start", "from_on", "until_on", "person_id", "identity_id", "account_id"} {
		parts = append(parts, r.exprs[column])
	}
	if r.has("from_on") && (r.has("happened_on") || r.has("grain")) {
		parts = append(parts, fmt.Sprint(d.Windows)) // may be placed together, which one window can say
	}
	for _, s := range r.passes {
		parts = append(parts, s.Type+"="+r.exprs[s.Column])
	}
	for _, t := range r.traits {
		parts = append(parts, t.Type+"="+t.Mart)
	}
	return strings.Join(parts, "\x00")
}

func (r *reading) isDaily() bool { return r.d.Per == "day" && r.d.is("distinct") }

// newGroup puts the numbers of its readings beside each other.
func newGroup(tx Execer, today string, readings []*reading) (*group, error) {
	g := &group{tx: tx, today: today, readings: readings, isDaily: readings[0].isDaily()}
	r := g.head()
	g.flags = flags{split: r.d.Split != "", grain: r.has("grain")}
	g.flags.whole = g.flags.split || g.flags.grain && r.has("community_id")
	if g.isDaily && (g.hasUnit() || !r.has("happened_on")) {
		return nil, fmt.Errorf("distinct per day counts people by happened_on: use measure count over rows of one day each")
	}
	if r.d.All != "" {
		if _, err := r.ownColumn(); err != nil {
			return nil, err
		}
	}
	guarded := g.condition()
	for _, r := range readings {
		guard := ""
		if guarded {
			guard = r.where
		}
		g.metrics = append(g.metrics, metric{r, g.sides(r, guard)})
	}
	return g, nil
}

// condition sets the rows that the group reads: those that any of its KPIs
// does. It reports whether each number has to repeat its own condition.
func (g *group) condition() bool {
	var conditions []string
	isWhole := false
	for _, r := range g.readings {
		isWhole = isWhole || r.where == ""
		if !slices.Contains(conditions, r.where) {
			conditions = append(conditions, r.where)
		}
	}
	if !isWhole {
		g.where = strings.Join(conditions, "\n    or ")
	}
	return len(conditions) > 1
}

// weigh adds a weight, once for equal ones, and gives its name.
func (g *group) weigh(expr, type_, guard string) string {
	if guard != "" {
		expr = fmt.Sprintf("case when %s then %s else 0 end", guard, expr)
	}
	for _, w := range g.weights {
		if w.expr == expr && w.type_ == type_ {
			return w.name
		}
	}
	name := fmt.Sprintf("w%d", len(g.weights))
	g.weights = append(g.weights, weight{name, expr, type_})
	return name
}

// sides are the numbers of a KPI's cells by its measure.
func (g *group) sides(r *reading, guard string) []side {
	numerator, numeratorType := r.exact("numerator")
	denominator, denominatorType := r.exact("denominator")
	amount, amountType := r.exact("amount")
	known := fmt.Sprintf("(%s) > 0 and (%s) is not null", denominator, r.exprs["amount"])
	switch r.d.Measure {
	case "sum":
		numerator, numeratorType = fmt.Sprintf("case when (%s) > 0 then %s else 0 end", denominator, amount), amountType
	case "mean":
		numerator, numeratorType = fmt.Sprintf("case when %s then %s else 0 end", known, amount), amountType
	case "nps":
		numerator, numeratorType = fmt.Sprintf("case when %[1]s and (%[2]s) >= 9 then 1 when %[1]s and (%[2]s) <= 6 then -1 else 0 end", known, r.exprs["amount"]), "integer"
	}
	if r.d.is("mean", "nps", "median") {
		denominator, denominatorType = fmt.Sprintf("case when %s then 1 else 0 end", known), "integer"
	}
	top := func() string { return g.weigh(numerator, numeratorType, guard) }
	bottom := func() string { return g.weigh(denominator, denominatorType, guard) }
	unit := "who"
	if g.hasUnit() {
		unit = "unit"
	}
	switch r.d.Measure {
	case "count":
		return append([]side{{into: "numerator", weight: top()}}, g.n(r, top)...)
	case "distinct":
		if g.isDaily {
			unit = ""
		}
		return append([]side{{into: "numerator", weight: top(), key: unit}}, g.n(r, top)...)
	case "distinct_ratio":
		sides := []side{{into: "numerator", weight: top(), key: unit}, {into: "denominator", weight: bottom(), key: unit}}
		return slices.Concat(sides, g.excess(r, sides), g.n(r, bottom))
	case "sum_per_distinct":
		return append([]side{{into: "numerator", weight: top()}, {into: "denominator", weight: bottom(), key: unit}}, g.n(r, bottom)...)
	case "sum":
		return append(append([]side{{into: "numerator", weight: top()}}, g.n(r, bottom)...), g.estimates(r)...)
	case "nps":
		square := g.weigh("abs("+numerator+")", numeratorType, guard)
		return append([]side{{into: "numerator", weight: top()}, {into: "denominator", weight: bottom()}, {into: "squares", weight: square}}, g.n(r, bottom)...)
	case "median":
		g.counted = bottom()
		return g.n(r, bottom)
	}
	sides := []side{{into: "numerator", weight: top()}, {into: "denominator", weight: bottom()}}
	return slices.Concat(sides, g.excess(r, sides), g.n(r, bottom), g.estimates(r))
}

// excess counts who is in the numerator and not in the denominator: such a
// value is no share, so it has no interval. A numerator of one kind of atoms
// over a denominator of another is left to their sizes.
func (g *group) excess(r *reading, of []side) []side {
	kinds := 0
	for _, column := range []string{"happened_on", "grain", "from_on"} {
		if r.has(column) {
			kinds++
		}
	}
	if !r.isShare() || !g.isPlain() || kinds > 1 || of[0].weight == of[1].weight {
		return nil
	}
	return []side{{into: "squares", weight: of[0].weight, key: "excess", than: of[1].weight}}
}

// n is the side that privacy reads.
func (g *group) n(r *reading, weight func() string) []side {
	if r.who() == "" {
		return nil
	}
	return []side{{into: "n", weight: weight(), key: "who"}}
}

// estimates are the low and the high form of an estimate, each with its own
// denominator where the file has one.
func (g *group) estimates(r *reading) []side {
	var sides []side
	for _, column := range []string{"low", "high", "low_denominator", "high_denominator"} {
		if r.has(column) {
			expr, type_ := r.exact(column)
			sides = append(sides, side{into: column, weight: g.weigh(expr, type_, "")})
		}
	}
	return sides
}

// exact gives a column as a number whose sums do not depend on the order of
// addition: flags and whole numbers as integers, everything else as decimals.
// A missing column counts 1, NULL counts 0.
func (r *reading) exact(column string) (expr, type_ string) {
	columnType, expr := r.types[column], r.exprs[column]
	switch {
	case columnType == "":
		return "1", "integer"
	case columnType == "BOOLEAN":
		return fmt.Sprintf("case when %s then 1 else 0 end", expr), "integer"
	case columnType == "DOUBLE" || columnType == "FLOAT":
		return fmt.Sprintf("coalesce(nullif(%s, cast('infinity' as double)), 0)", expr), "decimal(38, 9)"
	case strings.HasPrefix(columnType, "DECIMAL"):
		return fmt.Sprintf("coalesce(%s, 0)", expr), strings.ToLower(strings.Replace(columnType, ",", ", ", 1))
	}
	return fmt.Sprintf("coalesce(%s, 0)", expr), "bigint"
}

// sumType is the type that a weight keeps when it is added up.
func (w weight) sumType() string {
	if strings.HasPrefix(w.type_, "decimal") {
		return "decimal(38, " + strings.TrimSpace(w.type_[strings.Index(w.type_, ",")+1:])
	}
	return "bigint"
}
