package kpi_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestCompute_givesOneThreadAndTwoTheSameCells computes more rows than one
// thread takes at a time, fractions among them, whose sum as doubles would
// depend on the order of addition.
func TestCompute_givesOneThreadAndTwoTheSameCells(t *testing.T) {
	m := newMarts(t, "2023-01-01", "2025-12-30")
	m.fillMarts(150_000)
	usual := "grains = [\"month\"]\nsegments = [\"community_people\"]"
	files := []string{
		file("volume", "measure = \"count\"\n"+usual, "select a.happened_on, a.identity_id, a.event_id as entity_id, a.community_id from mart.activity as a"),
		file("monthly", "measure = \"distinct\"\nwindows = { month = \"r90\" }\n"+usual, "select a.happened_on, a.identity_id, a.community_id from mart.activity as a"),
		file("wait", "measure = \"median\"\n"+usual, "select a.happened_on, a.identity_id, a.community_id, (a.event_id % 977) / 7.0 as amount from mart.activity as a"),
		file("share", "measure = \"mean\"\n"+usual, "select a.happened_on, a.identity_id, a.community_id, cast((a.event_id % 977) / 7.0 as double) as amount from mart.activity as a"),
	}
	cells := map[string][]string{}
	for _, threads := range []string{"1", "2"} {
		m.exec("set threads = " + threads)
		m.compute(files...)
		cells[threads] = m.rows("select c.* from temp.cell as c order by all")
	}
	require.Greater(t, len(cells["1"]), 4*36)
	require.Equal(t, cells["1"], cells["2"])
}
