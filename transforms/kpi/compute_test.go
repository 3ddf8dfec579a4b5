package kpi_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCompute_countsEventsByPeriodAndSegment(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-03-31")
	m.people("a 2026-01 search", "b 2026-02 invite", "c")
	m.level("a", "month", "2026-01-01", "engaged", "none")
	m.exec(`create table marts.mart.act as select * from (values
    (date '2026-01-05', 'a', 'x'), (date '2026-01-06', 'a', 'y'), (date '2026-01-31', 'b', 'x'), (date '2026-02-01', 'c', 'x'), (date '2026-01-09', null, 'x')
) as v (happened_on, identity_id, community_id)`)
	m.compute(file("acts", `measure = "count"
segments = ["community_people"]
grains = ["month", "quarter"]`, "select a.happened_on, a.identity_id, a.community_id from mart.act as a"))
	require.Equal(t, []string{
		"01-01|all|4|-|4|2",
		"01-01|community=x|3|-|3|2",
		"01-01|community=y|1|-|1|1",
		"01-01|engagement_level=engaged|2|-|2|1",
		"01-01|engagement_level=none|1|-|1|1",
		"01-01|engagement_level=unknown|1|-|1|0",
		"01-01|join_channel=invite|1|-|1|1",
		"01-01|join_channel=search|2|-|2|1",
		"01-01|join_channel=unknown|1|-|1|0",
		"01-01|join_month=2026-01|2|-|2|1",
		"01-01|join_month=2026-02|1|-|1|1",
		"01-01|join_month=unknown|1|-|1|0",
	}, m.cells("acts", "month")[:12])
	require.Equal(t, "5|-|5|3", m.cell("acts", "quarter", "2026-01-01"))
	require.Equal(t, "0|-|0|0", m.cell("acts", "month", "2026-03-01"), "an empty period inside coverage")
}
