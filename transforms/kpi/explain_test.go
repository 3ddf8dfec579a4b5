package kpi_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/kpi"
)

// explainedCells are how many cells of each KPI, grain and segment type
// explains looks at, those that count something first.
const explainedCells = 3

// explains wants the rows behind the computed cells to sum to them, whatever
// the kind of atoms, measure, window and slice, and one row for each that is
// counted once. It tells all that do not.
func (m *marts) explains(definitions []*kpi.Definition) {
	m.t.Helper()
	cells := m.rows(fmt.Sprintf(`select c.kpi_id, c.grain, strftime(c.period_start, '%%Y-%%m-%%d'), strftime(r.period_end, '%%Y-%%m-%%d'), c.segment_type, c.segment_value, c.numerator, c.denominator
from temp.cell as c inner join ref.period as r on r.grain = c.grain and r.period_start = c.period_start
qualify row_number() over (partition by c.kpi_id, c.grain, c.segment_type order by coalesce(c.numerator, 0) = 0, coalesce(c.denominator, 0) = 0, c.period_start desc, c.segment_value) <= %d
order by all`, explainedCells))
	var wrong []string
	for _, line := range cells {
		f := strings.Split(line, "|")
		d := definitions[slices.IndexFunc(definitions, func(d *kpi.Definition) bool { return d.ID == f[0] })]
		if !d.HasAtoms(f[1]) {
			continue
		}
		from, err := time.Parse(time.DateOnly, f[2])
		require.NoError(m.t, err)
		until, err := time.Parse(time.DateOnly, f[3])
		require.NoError(m.t, err)
		cell := kpi.Cell{Grain: f[1], From: from, Until: until, SegmentType: f[4], SegmentValue: f[5]}
		require.NoError(m.t, kpi.WriteCellRows(m.t.Context(), session{m.conn}, m.today, d, cell), line)
		sums := strings.Split(m.rows("select sum(numerator), sum(denominator) from " + kpi.CellRows)[0], "|")
		if !near(f[6], sums[0]) || d.Per == "" && !near(f[7], sums[1]) {
			wrong = append(wrong, fmt.Sprintf("%s: the rows sum to %s and %s", line, sums[0], sums[1]))
		}
	}
	require.Empty(m.t, wrong, strings.Join(wrong, "\n"))
}

// near compares two sums, of which none is 0.
func near(a, b string) bool {
	number := func(text string) (x float64) {
		if text != "-" {
			_, _ = fmt.Sscan(text, &x)
		}
		return x
	}
	return math.Abs(number(a)-number(b)) < 1e-6
}
