package kpi

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An arm is the last select of a union all that reads personPeriods as it
// stands, where the others have none of its grains: it is folded from the mart,
// not from atoms.
type arm struct {
	*reading
	rest string // the statement without it
}

// findArm looks for an arm in a statement whose last common table expression is
// a union all and is returned as it stands; nil where there is none.
func (r *reading) findArm(ctx context.Context, tx Execer, tree node) (*arm, error) {
	statement := selectNode(tree)
	last := returned(statement)
	if last == nil || !slices.Contains(r.names, "grain") {
		return nil, nil
	}
	query, _ := last["value"].(node)["query"].(node)
	union, _ := query["node"].(node)
	others, final := lastArm(union)
	grains := r.grainsOf(final)
	if !rowWise(final) || len(grains) == 0 || slices.Contains(grains, "") || !r.lacks(others, grains) {
		return nil, nil
	}
	query["node"] = others
	rest, err := unparse(ctx, tx, tree)
	if err != nil {
		return nil, err
	}
	d := *r.d
	d.Grains = slices.DeleteFunc(slices.Clone(d.Grains), func(grain string) bool { return !slices.Contains(grains, grain) })
	own := &reading{d: &d, names: r.names, types: r.types, exprs: map[string]string{}, rowWise: true, passes: r.passes, traits: r.traits}
	if err := takeApart(ctx, tx, own, statement, final); err != nil {
		return nil, err
	}
	if !own.isAttached() {
		return nil, nil
	}
	return &arm{own, "(\n" + strings.TrimSuffix(rest, ";") + "\n)"}, nil
}

// lastArm takes the last select off a union all: what stays, and it.
func lastArm(union node) (others, last node) {
	ctes, _ := union["cte_map"].(node)
	if all, _ := union["setop_all"].(bool); !all || text(union, "setop_type") != "UNION" || isFilled(union["modifiers"]) || isFilled(ctes["map"]) {
		return nil, nil
	}
	left, _ := union["left"].(node)
	right, _ := union["right"].(node)
	if others, last := lastArm(right); last != nil {
		union = maps.Clone(union)
		union["right"] = others
		return union, last
	}
	return left, right
}

// lacks reports whether every select of a union all names its grain, none of
// these.
func (r *reading) lacks(n node, grains []string) bool {
	if text(n, "type") == "SET_OPERATION_NODE" {
		others, last := lastArm(n)
		return last != nil && r.lacks(others, grains) && r.lacks(last, grains)
	}
	list, _ := n["select_list"].([]any)
	at := slices.Index(r.names, "grain")
	if at >= len(list) {
		return false
	}
	column, _ := list[at].(node)
	grain := constant(column)
	return grain != "" && !slices.Contains(grains, grain)
}

// grainsOf are the grains that a select asks a table for by name; "" where it
// asks for one by something else.
func (r *reading) grainsOf(n node) (grains []string) {
	where, _ := n["where_clause"].(node)
	conditions := []any{where}
	if text(where, "type") == "CONJUNCTION_AND" {
		conditions, _ = where["children"].([]any)
	}
	for _, condition := range conditions {
		condition, _ := condition.(node)
		children, _ := condition["children"].([]any)
		if text(condition, "type") != "COMPARE_IN" || len(children) < 2 {
			continue
		}
		column, _ := children[0].(node)
		names, _ := column["column_names"].([]any)
		if len(names) == 0 || fmt.Sprint(names[len(names)-1]) != "grain" {
			continue
		}
		for _, child := range children[1:] {
			value, _ := child.(node)
			grains = append(grains, constant(value))
		}
		return grains
	}
	return nil
}

// constant is the text that an expression is, "" where it is another.
func constant(e node) string {
	value, _ := e["value"].(node)
	if text(e, "class") != "CONSTANT" {
		return ""
	}
	return text(value, "value")
}

// foldArm folds the group's arm, as far back as its atoms were read.
func (g *group) foldArm(ctx context.Context) error {
	own, err := newGroup(g.tx, g.today, []*reading{g.head().arm.reading})
	if err != nil {
		return err
	}
	own.since = g.since
	if err := own.leaveOut(); err != nil {
		return err
	}
	return own.foldAttached(ctx)
}
