package transforms

import (
	"regexp"
	"slices"
	"strings"
)

// banned are functions that mean something else, or nothing, on the other
// engine, with what to write instead.
func banned() map[string]string {
	instead := map[string]string{
		"/": "safe_div(a, b)", "//": "floor(safe_div(a, b))",
		"concat": "a || b", "concat_ws": "a || b",
		"date_diff": "hours_between or days_between", "datediff": "hours_between or days_between",
		"date_sub": "hours_between or days_between", "datesub": "hours_between or days_between",
		"date_trunc": "to_week or to_month", "datetrunc": "to_week or to_month",
		"regexp_replace": "replace_all", "upper": "lower", "ucase": "lower",
		"median":  "percentile_cont(0.5) within group (order by x nulls last)",
		"arg_max": "max_by", "arg_min": "min_by", "timezone": "local_date",
		"string_agg": "", "listagg": "", "group_concat": "",
		"generate_series": "", "range": "", "unnest": "", "hash": "", "md5": "", "sha256": "",
		"row": "", "struct_pack": "", "map": "", "map_from_entries": "",
		"strftime": "cast(x as varchar), or nothing: dates are written where they are read", "strptime": "",
		"first": "min_by(x, order)", "last": "max_by(x, order)", "mode": "count(*) and row_number()",
		"random": "", "uuid": "", "gen_random_uuid": "",
	}
	for _, clock := range []string{"now", "current_date", "current_timestamp", "get_current_timestamp", "transaction_timestamp", "today", "current_localtimestamp", "get_current_time"} {
		instead[clock] = "setting('today'): a build has one clock"
	}
	for _, part := range []string{"dayofweek", "weekday", "isodow", "epoch", "epoch_ms", "epoch_us", "epoch_ns", "dayname", "monthname"} {
		instead[part] = "ref.calendar, or hours_between"
	}
	for _, list := range []string{"list_value", "list", "array_agg", "list_transform", "list_filter", "list_reduce", "list_aggregate", "list_contains", "array_value", "string_split", "str_split"} {
		instead[list] = ""
	}
	return instead
}

// lint holds the rules of portable SQL that the tree and the text show: what a
// model of core, mart or kpi may use so that it runs unchanged on both engines.
func (t *tree) lint() []*fault {
	l := &linter{tree: t, banned: banned()}
	for _, statement := range t.statements {
		statement.walk(nil, l.visit)
	}
	for _, at := range castOperator.FindAllStringIndex(blankLiterals(t.text), -1) {
		l.add(at[0], "`::` is not portable: write cast(x as type)")
	}
	l.aliases()
	slices.SortFunc(l.faults, func(a, b *fault) int { return a.Line - b.Line })
	return l.faults
}

var castOperator = regexp.MustCompile(`::`)

// aliases wants `as` before every alias. The tree does not tell, so it counts:
// a name that aliases three things is written after `as` three times.
func (l *linter) aliases() {
	named, places := map[string]int{}, map[string]int{}
	for _, statement := range l.tree.statements {
		statement.walk(nil, func(n node, _ []node) {
			alias := strings.ToLower(n.str("alias"))
			if alias == "" || n.str("type") == "EXPRESSION_LIST" {
				return
			}
			named[alias]++
			if at := n.near(); at >= 0 && (places[alias] == 0 || at < places[alias]) {
				places[alias] = at
			}
		})
	}
	written := map[string]int{}
	for _, words := range asAlias.FindAllStringSubmatch(blankText(l.tree.text), -1) {
		alias := words[1] + strings.ReplaceAll(words[2], `""`, `"`)
		written[strings.ToLower(alias)]++
	}
	for alias, times := range named {
		if written[alias] < times {
			l.add(places[alias], "write `as` before the alias %s", alias)
		}
	}
}

// asAlias finds an alias behind its `as`, plain or quoted.
var asAlias = regexp.MustCompile(`(?i)\bas\s*(?:\s([a-z_][a-z0-9_]*)\b|"((?:[^"]|"")+)")`)

type linter struct {
	tree   *tree
	banned map[string]string
	faults []*fault
}

func (l *linter) add(offset int, format string, args ...any) {
	l.faults = append(l.faults, l.tree.fault(offset, format, args...))
}

func (l *linter) visit(n node, above []node) {
	switch {
	case n.str("class") == "FUNCTION":
		l.function(n, above)
	case n.str("class") == "COLUMN_REF":
		l.clock(n)
	case n.str("class") == "WINDOW":
		if ignore, ok := n["ignore_nulls"].(bool); ok && ignore {
			l.add(n.near(), "ignore nulls is not portable")
		}
	case n.str("class") == "LAMBDA":
		l.add(n.near(), "lambdas are not portable")
	case n.str("class") == "STAR":
		if len(n.list("replace_list")) > 0 || filled(n["exclude_list"]) || filled(n["replace_list"]) || filled(n["qualified_exclude_list"]) {
			l.add(n.near(), "exclude and replace are not portable: name the columns")
		}
	case n.str("class") == "CONSTANT":
		if text := n.child("value").str("value"); strings.Contains(text, `\`) {
			l.add(n.near(), `a backslash in a literal is an escape elsewhere: write [0-9], [.]`)
		}
	case n.str("type") == "TABLE_FUNCTION":
		l.add(n.near(), "table functions are not portable")
	case n.str("type") == "DISTINCT_MODIFIER" && filled(n["distinct_on_targets"]):
		l.add(above[len(above)-1].near(), "distinct on is not portable: use row_number()")
	case n.str("type") == "SELECT_NODE":
		l.selectNode(n)
	case n.str("type") == "JOIN" && slices.Contains([]string{"ASOF", "POSITIONAL"}, n.str("ref_type")):
		l.add(n.near(), "%s joins are not portable", strings.ToLower(n.str("ref_type")))
	}
	if order, ok := n["null_order"].(string); ok && order == "ORDER_DEFAULT" {
		l.add(n.near(), "order by must say nulls first or nulls last")
	}
}

func (l *linter) selectNode(n node) {
	if n.str("aggregate_handling") == "FORCE_AGGREGATES" {
		l.add(n.near(), "group by all is not portable: name the columns")
	}
	if n["qualify"] != nil {
		l.add(n.child("qualify").near(), "qualify is not portable: use a CTE")
	}
	if n["sample"] != nil {
		l.add(n.near(), "samples are refused")
	}
}

func (l *linter) function(n node, above []node) {
	name := strings.ToLower(n.str("function_name"))
	at := n.offset()
	if instead, found := l.banned[name]; found {
		if instead == "" {
			l.add(at, "%s is not portable", name)
		} else {
			l.add(at, "%s is not portable: write %s", name, instead)
		}
	}
	switch name {
	case "quantile_cont", "quantile_disc", "quantile":
		if !filled(n.child("order_bys")["orders"]) {
			l.add(at, "%s is not portable: write percentile_cont(0.5) within group (order by x nulls last)", name)
		}
	case "greatest", "least":
		for _, argument := range n.list("children") {
			if argument.str("type") != "OPERATOR_COALESCE" && argument.str("class") != "CONSTANT" {
				l.add(at, "%s skips NULLs on one engine only: coalesce every argument", name)
				break
			}
		}
	case "regexp_extract", "split_part":
		if len(above) == 0 || !isFunction(above[len(above)-1], "nullif") {
			l.add(at, "%s gives '' without a hit: write nullif(%s(…), '')", name, name)
		}
	case "date_part":
		l.datePart(n)
	case "+", "-":
		l.interval(n, above)
	}
}

// clock finds current_date and its like, which the tree shows as columns.
func (l *linter) clock(n node) {
	names, ok := n["column_names"].([]any)
	if !ok || len(names) != 1 {
		return
	}
	name, ok := names[0].(string)
	if name = strings.ToLower(name); ok && strings.HasPrefix(name, "current_") && l.banned[name] != "" {
		l.add(n.offset(), "%s is not portable: write %s", name, l.banned[name])
	}
}

func (l *linter) datePart(n node) {
	for _, argument := range n.list("children") {
		switch argument.child("value").str("value") {
		case "dow", "isodow", "epoch", "dayofweek", "weekday":
			l.add(n.offset(), "extract(%s …) is not portable", argument.child("value").str("value"))
		}
	}
}

// interval wants date ± interval cast back to a date.
func (l *linter) interval(n node, above []node) {
	if len(above) > 0 && above[len(above)-1].str("class") == "CAST" {
		return
	}
	for _, argument := range n.list("children") {
		if strings.HasPrefix(argument.str("function_name"), "to_") || argument.child("cast_type").str("id") == "INTERVAL" {
			l.add(n.offset(), "date ± interval differs between engines: write add_days, or cast(… as date)")
			return
		}
	}
}

func isFunction(n node, name string) bool {
	return n.str("class") == "FUNCTION" && strings.EqualFold(n.str("function_name"), name)
}

// filled reports whether a JSON value is a non-empty list or object.
func filled(value any) bool {
	switch v := value.(type) {
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return false
}

var literalOrComment = regexp.MustCompile(`(?s)'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/`)

// blankLiterals replaces literals, quoted names and comments by spaces of the
// same length.
func blankLiterals(text string) string {
	return literalOrComment.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat(" ", len(s)) })
}

// blankText does so and leaves quoted names.
func blankText(text string) string {
	return literalOrComment.ReplaceAllStringFunc(text, func(s string) string {
		if s[0] == '"' {
			return s
		}
		return strings.Repeat(" ", len(s))
	})
}

// lintBranch holds the rules of a staging branch: it reads one stream, row by
// row, so that deleting and inserting by record is exact.
func (t *tree) lintBranch(statement node, aggregates map[string]bool) []*fault {
	l := &linter{tree: t}
	if statement.str("type") != "SELECT_NODE" {
		l.add(statement.near(), "a staging branch is one plain select; separate branches by ;")
		return l.faults
	}
	if from := statement.child("from_table"); from.str("type") != "BASE_TABLE" || from.str("schema_name") != "raw" {
		l.add(max(from.offset(), statement.near()), "a staging branch reads one stream, raw.<type>__<stream>, without joins")
	}
	if filled(statement["group_expressions"]) || statement.str("aggregate_handling") == "FORCE_AGGREGATES" {
		l.add(statement.near(), "a staging branch does not group")
	}
	if filled(statement.child("cte_map")["map"]) {
		l.add(statement.near(), "a staging branch has no CTEs")
	}
	for _, modifier := range statement.list("modifiers") {
		kind := strings.ToLower(strings.TrimSuffix(modifier.str("type"), "_MODIFIER"))
		l.add(statement.near(), "a staging branch has no %s", kind)
	}
	statement.walk(nil, func(n node, _ []node) {
		switch {
		case n.str("class") == "WINDOW":
			l.add(n.near(), "a staging branch has no window functions")
		case n.str("class") == "SUBQUERY":
			l.add(n.near(), "a staging branch has no subqueries")
		case n.str("class") == "CAST" && n.offset() >= 0:
			l.add(n.near(), "a staging branch casts nothing: declare the type in the stream's fields")
		case n.str("class") == "FUNCTION" && aggregates[strings.ToLower(n.str("function_name"))]:
			l.add(n.offset(), "a staging branch does not aggregate: %s", n.str("function_name"))
		}
	})
	return l.faults
}

// params calls visit with the literal of every param() and param_text(). A
// call without a literal is a fault.
func (t *tree) params(visit func(name string, offset int)) []*fault {
	var faults []*fault
	for _, statement := range t.statements {
		statement.walk(nil, func(n node, _ []node) {
			if !isFunction(n, "param") && !isFunction(n, "param_text") {
				return
			}
			arguments := n.list("children")
			if len(arguments) != 1 || arguments[0].str("class") != "CONSTANT" {
				faults = append(faults, t.fault(n.offset(), "%s() takes one literal", n.str("function_name")))
				return
			}
			visit(arguments[0].child("value").str("value"), n.offset())
		})
	}
	return faults
}
