package kpi

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A node is one object of DuckDB's parse tree.
type node = map[string]any

// parse asks DuckDB for the tree of one select.
func parse(ctx context.Context, tx Execer, text string) (node, error) {
	raw, err := tx.Text(ctx, "select cast(json_serialize_sql(cast(? as varchar)) as varchar)", text)
	if err != nil {
		return nil, err
	}
	var tree node
	reader := json.NewDecoder(strings.NewReader(raw))
	reader.UseNumber() // places in the text are 64-bit numbers, which a float would spoil
	if err := reader.Decode(&tree); err != nil {
		return nil, err
	}
	if failed, _ := tree["error"].(bool); failed {
		return nil, fmt.Errorf("parse the select: %v", tree["error_message"])
	}
	return tree, nil
}

// unparse is the text of a tree.
func unparse(ctx context.Context, tx Execer, tree node) (string, error) {
	raw, err := json.Marshal(tree)
	if err != nil {
		return "", err
	}
	return tx.Text(ctx, "select json_deserialize_sql(cast(? as json))", string(raw))
}

// selectNode is the one statement of a tree.
func selectNode(tree node) node {
	statements, _ := tree["statements"].([]any)
	if len(statements) != 1 {
		return nil
	}
	statement, _ := statements[0].(node)
	body, _ := statement["node"].(node)
	return body
}

// walk visits every object of a tree.
func walk(value any, visit func(n node)) {
	switch v := value.(type) {
	case node:
		visit(v)
		for _, member := range v {
			walk(member, visit)
		}
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	}
}

// text is a string member, "" where it is absent.
func text(n node, key string) string {
	s, _ := n[key].(string)
	return s
}

// readCells is the select with kpi.cell resolved to the temporary table.
func readCells(ctx context.Context, tx Execer, sql string) (string, error) {
	tree, err := parse(ctx, tx, sql)
	if err != nil {
		return "", err
	}
	found := false
	walk(tree, func(n node) {
		if text(n, "type") == "BASE_TABLE" && strings.EqualFold(text(n, "schema_name"), "kpi") && strings.EqualFold(text(n, "table_name"), "cell") {
			n["schema_name"], n["catalog_name"] = "", ""
			found = true
		}
	})
	if !found {
		return sql, nil
	}
	return unparse(ctx, tx, tree)
}

// rowWise reports whether the statement reads one table and answers each of
// its rows by itself: only then can several be put into one.
func rowWise(n node) bool {
	from, _ := n["from_table"].(node)
	ctes, _ := n["cte_map"].(node)
	if text(n, "type") != "SELECT_NODE" || text(from, "type") != "BASE_TABLE" || isFilled(ctes["map"]) {
		return false
	}
	for _, part := range []string{"modifiers", "group_expressions", "having", "qualify", "sample"} {
		if isFilled(n[part]) {
			return false
		}
	}
	plain := true
	for _, part := range []string{"select_list", "where_clause"} {
		walk(n[part], func(n node) {
			switch text(n, "class") {
			case "WINDOW", "SUBQUERY", "STAR", "LAMBDA":
				plain = false
			case "FUNCTION":
				plain = plain && !slices.Contains(aggregates(), strings.ToLower(text(n, "function_name")))
			}
		})
	}
	return plain
}

// aggregates are those that a select without group by could use.
func aggregates() []string {
	return []string{
		"count", "count_star", "sum", "avg", "mean", "min", "max", "median", "any_value", "first", "last", "bool_and", "bool_or",
		"min_by", "max_by", "stddev_samp", "corr", "percentile_cont", "quantile_cont", "mode",
	}
}

func isFilled(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case []any:
		return len(v) > 0
	case string:
		return v != ""
	}
	return true
}

// answers is the row-wise select that a statement is, or that is the last of its
// common table expressions and returned as it stands. nil: neither.
func answers(body node) node {
	if rowWise(body) {
		return body
	}
	last := returned(body)
	if last == nil {
		return nil
	}
	query, _ := last["value"].(node)["query"].(node)
	if final, _ := query["node"].(node); rowWise(final) {
		return final
	}
	return nil
}

// returned is the last of a statement's common table expressions, where that is
// what it returns as it stands; else nil.
func returned(body node) node {
	from, _ := body["from_table"].(node)
	list, _ := body["select_list"].([]any)
	ctes := named(body)
	if len(list) != 1 || len(ctes) == 0 || text(from, "type") != "BASE_TABLE" || text(from, "schema_name") != "" || isFilled(body["where_clause"]) {
		return nil
	}
	star, _ := list[0].(node)
	for _, part := range []string{"exclude_list", "replace_list", "rename_list", "qualified_exclude_list", "relation_name", "expr"} {
		if text(star, "class") != "STAR" || isFilled(star[part]) {
			return nil
		}
	}
	for _, part := range []string{"modifiers", "group_expressions", "having", "qualify", "sample"} {
		if isFilled(body[part]) {
			return nil
		}
	}
	if last := ctes[len(ctes)-1]; text(last, "key") == text(from, "table_name") {
		return last
	}
	return nil
}

// named are the common table expressions of a select, in order.
func named(body node) (list []node) {
	ctes, _ := body["cte_map"].(node)
	items, _ := ctes["map"].([]any)
	for _, item := range items {
		if cte, isNode := item.(node); isNode {
			list = append(list, cte)
		}
	}
	return list
}

// source is what the row-wise select of a statement reads: a table, or the
// statement up to the expression that it reads, which is the same text for
// every KPI that goes on from there.
func source(ctx context.Context, tx Execer, body, final node) (string, error) {
	from := final["from_table"].(node)
	name := text(from, "table_name")
	if schema := text(from, "schema_name"); schema != "" {
		return schema + "." + name, nil
	}
	ctes := named(body)
	if len(ctes) == 0 {
		return name, nil
	}
	tree, err := parse(ctx, tx, "select * from "+name)
	if err != nil {
		return "", err
	}
	before := []any{}
	for _, cte := range ctes[:len(ctes)-1] {
		before = append(before, cte)
	}
	selectNode(tree)["cte_map"] = node{"map": before}
	whole, err := unparse(ctx, tx, tree)
	return "(\n" + strings.TrimSuffix(whole, ";") + "\n)", err
}

// takeApart fills the reading from a row-wise select of a statement: what it
// reads under the alias a, its condition, and the expression of each column.
func takeApart(ctx context.Context, tx Execer, r *reading, statement, body node) error {
	var err error
	if r.from, err = source(ctx, tx, statement, body); err != nil {
		return err
	}
	walk(body, func(n node) {
		if names, isRef := n["column_names"].([]any); isRef && len(names) > 0 {
			n["column_names"] = []any{"a", names[len(names)-1]}
		}
	})
	if body["where_clause"] != nil {
		if r.where, err = expression(ctx, tx, body["where_clause"]); err != nil {
			return err
		}
	}
	list, _ := body["select_list"].([]any)
	for i, item := range list {
		if item, isNode := item.(node); isNode {
			item["alias"] = ""
		}
		if r.exprs[r.names[i]], err = expression(ctx, tx, item); err != nil {
			return err
		}
	}
	return nil
}

// expression is the text of one expression: that of a select of it alone.
func expression(ctx context.Context, tx Execer, e any) (string, error) {
	tree, err := parse(ctx, tx, "select 1")
	if err != nil {
		return "", err
	}
	selectNode(tree)["select_list"] = []any{e}
	whole, err := unparse(ctx, tx, tree)
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(strings.TrimPrefix(whole, "SELECT "), ";"), nil
}
