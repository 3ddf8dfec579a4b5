// Package labelled measures how well identities are resolved on data whose
// people were told apart by hand. The data flatters names and local parts (its
// README says why), so it proves what fails and never what is good enough.
package labelled

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/identity/suggest"
)

// A bar is what a set must reach; zero is no bar.
type bar struct {
	precision float64 // of pairs that are linked without asking
	recall    float64 // of those pairs, in thousandths: what equal addresses alone reach
	accepted  float64 // recall once suggestions are accepted from the top
}

// accepting is the precision of all pairs that accepting must keep.
const accepting = 0.95

// TestTable prints the table of `make identity-table` and holds its bars.
func TestTable(t *testing.T) {
	openStack := readOpenStack(t, true)
	sympy, moby := readMailmap(t, "SymPy", "mailmap_sympy.tsv"), readMailmap(t, "Moby", "mailmap_moby.tsv")
	fake := readFake1000(t)
	var table strings.Builder
	table.WriteString("\n" +
		"                              without asking      suggestions accepted from the top, pairs at precision 0.95\n" +
		"set                    rows   precision  recall   recall  precision  accepted  of     log2 odds\n")
	for _, entry := range []struct {
		set
		bar
	}{
		{openStack, bar{precision: 0.99}},
		{readOpenStack(t, false), bar{precision: 0.99}},
		{sympy, bar{precision: 0.99, recall: 0.291, accepted: 0.70}},
		{moby, bar{precision: 0.99, recall: 0.017}},
		{fake, bar{precision: 0.99, recall: 0.336, accepted: 0.62}},
		{mix(openStack, sympy, moby, fake), bar{precision: 0.995}},
	} {
		line := measure(t, entry.set, entry.bar)
		table.WriteString(line)
	}
	table.WriteString("Every set's addresses are staff-asserted. Employers, by domain and at a date, are measured by the Employer tests of package sql.\n")
	t.Log(table.String())
}

// TestTable_fuzzy adds sets without addresses, which nothing links, so that all
// is left to suggestions.
func TestTable_fuzzy(t *testing.T) {
	if testing.Short() {
		t.Skip("fifty thousand records take a while")
	}
	var table strings.Builder
	for _, s := range []set{
		readFEBRL(t, "febrl3", "febrl_dataset3.csv"),
		readFEBRL(t, "febrl4", "febrl_dataset4a.csv", "febrl_dataset4b.csv"),
		readHistorical(t),
	} {
		table.WriteString("\n" + strings.TrimRight(measure(t, s, bar{}), "\n"))
	}
	t.Log(table.String())
}

// measure links a set, accepts its suggestions, and gives the table's line.
func measure(t *testing.T, s set, want bar) string {
	p := newPartition(s.rows)
	link(p, s)
	precision, recall := p.precision(), p.recall()
	suggestions := suggest.Pairs(linked(p, s.rows), suggest.Options{})
	best := deepest(p, s.rows, suggestions, accepting)
	require.GreaterOrEqual(t, precision, want.precision, s.name)
	require.GreaterOrEqual(t, math.Round(recall*1000)/1000, want.recall, s.name)
	require.GreaterOrEqual(t, best.recall, want.accepted, s.name)
	return fmt.Sprintf("%-20s %6d   %9.4f  %6.3f   %6.3f  %9.3f  %8d  %-6d %5.1f\n", s.name, len(s.rows), precision, recall,
		best.recall, best.precision, best.accepted, len(suggestions), best.odds)
}
