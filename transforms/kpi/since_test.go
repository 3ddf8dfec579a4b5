package kpi_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/kpi"
)

// since plans one KPI after rows of a table changed.
func (m *marts) since(text string, c kpi.Change) string {
	m.t.Helper()
	d := parse(m.t, text)[0]
	configured := []kpi.Finished{{Definition: d}}
	run := kpi.Run{Today: m.today, Zone: time.UTC}
	require.NoError(m.t, kpi.Plan(m.t.Context(), session{m.conn}, run, configured, map[string]*kpi.Past{d.ID: {Changes: []kpi.Change{c}}}))
	if configured[0].IsUntouched() {
		return "untouched"
	}
	return configured[0].Since
}

func TestPlan_goesBackToTheFirstAtomThatMoved(t *testing.T) {
	m := newMarts(t, "2025-01-01", "2026-03-15")
	m.exec("create table marts.mart.act (happened_on date, person_id varchar, is_long boolean)")
	m.exec(`create table marts.mart.moved as select * from (values
    (date '2025-05-05', 'P-a', false, -1), (date '2025-05-05', 'P-a', true, 1), (date '2026-02-10', 'P-a', false, 1)
) as v (happened_on, person_id, is_long, added_rows)`)
	moved := kpi.Change{Table: "mart.act", Rows: "mart.moved"}
	require.Equal(t, "2026-01-01", m.since(file("acts", `measure = "count"`, "select a.happened_on, a.person_id from mart.act as a"), moved))
	require.Equal(t, "2025-04-01", m.since(file("long", `measure = "ratio"`,
		"select a.happened_on, a.person_id, a.is_long as numerator, true as denominator from mart.act as a"), moved), "the same row is another atom")
	require.Equal(t, "untouched", m.since(file("short", `measure = "count"`,
		"select a.happened_on, a.person_id from mart.act as a where a.happened_on < date '2026-01-01'"), moved))
}

func TestPlan_followsLevelsNotWhatElseIsSaidOfPeople(t *testing.T) {
	m := newMarts(t, "2025-01-01", "2026-03-15")
	m.exec("create table marts.mart.act (happened_on date, person_id varchar)")
	m.exec(`create table marts.mart.moved as
select 'month' as grain, v.start as period_start, 'all' as community_id, 'P-a' as person_id, v.active as is_active, v.level as engagement_level, 'none' as engagement_level_start, v.added_rows
from (values (date '2025-05-01', false, 'lurker', -1), (date '2025-05-01', true, 'lurker', 1),
    (date '2025-08-01', true, 'lurker', -1), (date '2025-08-01', true, 'engaged', 1)) as v (start, active, level, added_rows)`)
	acts := file("acts", `measure = "count"`, "select a.happened_on, a.person_id from mart.act as a")
	require.Equal(t, "2025-07-01", m.since(acts, kpi.Change{Table: "mart.person_period", Rows: "mart.moved", IsAside: true}))
	require.Equal(t, "2025-04-01", m.since(acts, kpi.Change{Table: "mart.person_period", Rows: "mart.moved"}), "a KPI that reads the mart may read all of it")
}

func TestPlan_goesBackToADayThatNoWeekLiesAcross(t *testing.T) {
	m := newMarts(t, "2024-01-01", "2026-03-15")
	m.exec("create table marts.mart.act (happened_on date, person_id varchar)")
	m.exec("create table marts.mart.moved as select date '2026-02-10' as happened_on, 'P-a' as person_id, 1 as added_rows")
	moved := kpi.Change{Table: "mart.act", Rows: "mart.moved"}
	for grains, since := range map[string]string{
		`"week", "month"`:                   "2026-01-01",
		`"day", "month"`:                    "2026-01-01",
		`"day", "week", "month"`:            "2025-12-01",
		`"day", "week", "month", "quarter"`: "2024-07-01",
		`"day", "week", "month", "year"`:    "2024-01-01",
	} {
		acts := file("acts", "measure = \"count\"\ngrains = ["+grains+"]", "select a.happened_on, a.person_id from mart.act as a")
		require.Equal(t, since, m.since(acts, moved), grains)
	}
}
