package githubtest

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

func lower(s string) string { return strings.ToLower(s) }

// weigh counts the requests a query would make if every list were full, which
// is what GitHub charges a hundredth of, and the nodes it could give.
// https://docs.github.com/en/graphql/overview/rate-limits-and-node-limits-for-the-graphql-api
func (x *execution) weigh(set ast.SelectionSet, parents int) (requests, nodes int) {
	for _, selection := range set {
		switch s := selection.(type) {
		case *ast.Field:
			if !x.included(s.Directives) {
				continue
			}
			each := parents
			if first, ok := number(x.argument(field{node: s}, "first")); ok {
				requests += parents
				nodes += parents * first
				each = parents * first
			}
			if ids, ok := x.argument(field{node: s}, "ids").([]any); ok {
				nodes += len(ids)
				requests++
				each = len(ids)
			}
			r, n := x.weigh(s.SelectionSet, each)
			requests, nodes = requests+r, nodes+n
		case *ast.InlineFragment:
			r, n := x.weigh(s.SelectionSet, parents)
			requests, nodes = requests+r, nodes+n
		case *ast.FragmentSpread:
			if fragment := x.fragments.ForName(s.Name); fragment != nil && x.included(s.Directives) {
				r, n := x.weigh(fragment.SelectionSet, parents)
				requests, nodes = requests+r, nodes+n
			}
		}
	}
	return requests, nodes
}
