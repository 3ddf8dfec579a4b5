package kpi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/kpi"
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

// TestCompute_readsOnceWhatSelectsGoOnFrom has two shares of members, whose
// selects differ in the last expression alone, and one whose base is another.
func TestCompute_readsOnceWhatSelectsGoOnFrom(t *testing.T) {
	m := newMarts(t, "2026-01-01", "2026-03-31")
	m.people("a 2026-01 search", "b 2026-02 invite", "c")
	m.exec(`create table marts.mart.act as select * from (values
    (date '2026-01-01', 'a', true, true), (date '2026-01-01', 'b', false, true), (date '2026-02-01', 'b', true, false)
) as v (period_start, identity_id, did_write, did_read)`)
	m.exec(`create table marts.mart.member as select * from (values
    (date '2025-12-01', null, 'a'), (date '2026-01-03', null, 'b'), (date '2026-01-20', date '2026-02-10', 'c')
) as v (from_on, until_on, identity_id)`)
	share := func(id, did, since string) string {
		return file(id, "measure = \"distinct_ratio\"\nsegments = [\"community_people\"]", fmt.Sprintf(`with
seen as (
    select 'month' as grain, a.period_start, cast(null as date) as from_on, cast(null as date) as until_on,
        a.identity_id, a.did_write, a.did_read, false as is_member
    from mart.act as a
    union all
    select cast(null as varchar) as grain, cast(null as date) as period_start, m.from_on, m.until_on,
        m.identity_id, false as did_write, false as did_read, true as is_member
    from mart.member as m
    where m.from_on >= date '%s'
),

final as (
    select s.grain, s.period_start, s.from_on, s.until_on, s.identity_id, s.%s as numerator, s.is_member as denominator
    from seen as s
    where s.%[2]s or s.is_member
)

select * from final`, since, did))
	}
	files := []string{share("writers", "did_write", "2025-01-01"), share("readers", "did_read", "2025-01-01"), share("late", "did_read", "2026-01-01")}
	var configured []kpi.Finished
	for _, d := range parse(t, files...) {
		configured = append(configured, kpi.Finished{Definition: d})
	}
	var passes []string
	require.NoError(t, kpi.Compute(t.Context(), kpi.Connections{Main: session{m.conn}}, kpi.Run{Today: m.today, Zone: time.UTC}, configured,
		func(_ time.Duration, ids ...string) { passes = append(passes, fmt.Sprint(ids)) }))
	require.ElementsMatch(t, []string{"[writers readers]", "[late]"}, passes)
	m.compute(files...)
	for cell, want := range map[[2]string]string{
		{"writers", "2026-01-01"}: "1|3|0.333333|3", {"writers", "2026-02-01"}: "1|2|0.5|2",
		{"readers", "2026-01-01"}: "2|3|0.666667|3", {"readers", "2026-02-01"}: "0|2|0|2",
		{"late", "2026-01-01"}: "2|2|1|2", {"late", "2026-02-01"}: "0|1|0|1",
	} {
		require.Equal(t, want, m.cell(cell[0], "month", cell[1]), cell)
	}
}
