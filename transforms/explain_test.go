package transforms_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
)

func orZero(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

func TestExplain_findsTheRunsThatStoredTheRecords(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	l.exec("insert into lake.ops.run select i, 'board', 'main', 'threads', 'continue', 'ok', null, null, timestamp '2026-02-09 10:00:00', null, null, 1, 1, 0, 0, 0, 0, 0 from range(1, 40) as r(i)")
	b := l.builder(board("main"))
	l.build(b)
	run := l.rows("select run_id from lake.raw.board__threads where key = 'T3'")[0]
	x, err := b.Explain(t.Context(), transforms.ExplainRequest{KPI: "unanswered_question_rate", Period: "2026-02", Rows: 10})
	require.NoError(t, err)
	require.Equal(t, "records of the things counted", x.RunsBasis)
	var runs []string
	records := int64(0)
	for _, r := range x.Runs {
		runs = append(runs, fmt.Sprint(r.Run))
		records += r.Records
		require.Equal(t, "ok", r.Status)
		require.Equal(t, "main", r.Instance)
	}
	require.Contains(t, runs, run)
	require.EqualValues(t, 11, records, "four questions and their seven replies")

	l.put("board", "main", "threads", "T3", object{"id": "T3", "author": "m4", "created_at": "2026-02-04T08:00:00Z", "solvable": false}, false)
	again, err := b.Explain(t.Context(), transforms.ExplainRequest{KPI: "unanswered_question_rate", Period: "2026-02"})
	require.NoError(t, err)
	require.Equal(t, x.Runs, again.Runs, "what the build has not seen is not behind it")
	require.Empty(t, again.Rows)
}

func TestExplain_refusesTheRowsOfAHiddenCell(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	for instance, people := range map[string]int{"x": 3, "y": 9, "z": 40} {
		l.ask(instance, "2026-02-03", people, people)
		for _, stream := range []string{"users", "threads", "replies"} {
			l.createRaw("board", stream)
			l.cover("board", instance, stream)
		}
	}
	b := l.builder(board("x", "y", "z"))
	l.build(b)
	for value, why := range map[string]string{"board:x": "fewer than 5 people", "board:y": "a smaller one beside it"} {
		x, err := b.Explain(t.Context(), transforms.ExplainRequest{KPI: "community_post_volume", Period: "2026-02", SegmentType: "community", SegmentValue: value, Rows: 10})
		require.NoError(t, err)
		require.Contains(t, x.Refused, why)
		require.Nil(t, x.Atoms)
		require.Empty(t, x.Rows)
		require.Empty(t, x.Runs)
		require.Nil(t, x.Value.Value)
	}
	x, err := b.Explain(t.Context(), transforms.ExplainRequest{KPI: "community_post_volume", Period: "2026-02", SegmentType: "community", SegmentValue: "board:z", Rows: 100})
	require.NoError(t, err)
	require.Empty(t, x.Refused)
	require.Len(t, x.Rows, 40)
}

func TestExplain_listsWhatExists(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	_, err := b.Explain(t.Context(), transforms.ExplainRequest{KPI: "community_mau", Period: "2026-02"})
	require.ErrorIs(t, err, transforms.ErrNotBuilt)
	l.build(b)
	for _, c := range []struct {
		request transforms.ExplainRequest
		message string
		known   string
	}{
		{transforms.ExplainRequest{KPI: "mau", Period: "2026-02"}, `no KPI "mau"`, "community_mau"},
		{transforms.ExplainRequest{KPI: "community_mau", Period: "2026"}, `by "year"`, "month"},
		{transforms.ExplainRequest{KPI: "community_mau", Period: "2026-13"}, `for "2026-13": write`, "2026-05"},
		{transforms.ExplainRequest{KPI: "community_mau", Period: "2026-12"}, "not covered by what was synced", "2026-05"},
		{transforms.ExplainRequest{KPI: "community_mau", Period: "2026-02", SegmentType: "comunity", SegmentValue: "x"}, "segment of", "community"},
		{transforms.ExplainRequest{KPI: "community_mau", Period: "2026-02", SegmentType: "persona", SegmentValue: "x"}, "not computed yet", "community"},
		{transforms.ExplainRequest{KPI: "community_mau", Period: "2026-02", SegmentType: "community", SegmentValue: "x"}, "community of", "board:main"},
	} {
		_, err := b.Explain(t.Context(), c.request)
		var unknown *transforms.Unknown
		require.ErrorAs(t, err, &unknown, c.request)
		require.ErrorContains(t, err, c.message)
		require.Contains(t, unknown.Known, c.known, c.message)
		if c.message == `for "2026-13": write` {
			require.Equal(t, "2026-06", unknown.Known[0], "the nearest month, not a week")
		}
	}
}

func TestExplain_knowsFiscalPeriods(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.cfg.FiscalYearStart = 4
	l.fixtureT()
	b := l.builder(board("main"))
	l.build(b)
	x, err := b.Explain(t.Context(), transforms.ExplainRequest{KPI: "community_post_volume", Period: "FY2026-Q4"})
	require.NoError(t, err)
	require.Equal(t, []string{"2026-01-01", "2026-04-01", "quarter"}, []string{x.From, x.Until, x.Grain})
	require.InDelta(t, 11, orZero(x.Atoms.Numerator), 0)
	_, err = b.Explain(t.Context(), transforms.ExplainRequest{KPI: "community_post_volume", Period: "2026-Q1"})
	require.ErrorContains(t, err, "with a fiscal year FY2026-Q1")
}

func TestKPI_showsWhatIsNotComputedYetAndWhatIsMissing(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	b := l.builder(board("main"))
	l.build(b)
	detail, err := b.KPI(t.Context(), "unanswered_question_rate")
	require.NoError(t, err)
	require.Contains(t, detail.Segments, "community")
	require.Contains(t, detail.NotComputed, "persona")
	require.NotContains(t, detail.NotComputed, "community")
	require.Equal(t, "168", detail.Parameters["unanswered_window_hours"])
	require.NotEmpty(t, detail.Periods)
	require.Equal(t, "week", detail.Grain)

	list, err := b.KPIs(t.Context())
	require.NoError(t, err)
	require.Equal(t, l.rows("select count(distinct kpi_id) from kpi.dictionary"), []string{fmt.Sprint(len(list))})
	bare := newLake(t).builder()
	_, err = bare.Build(t.Context(), transforms.BuildRequest{})
	require.NoError(t, err)
	list, err = bare.KPIs(t.Context())
	require.NoError(t, err)
	for _, s := range list {
		require.Equal(t, "not_configured", s.Status, s.ID)
		require.NotEmpty(t, s.Missing, s.ID)
	}
	_, err = bare.Explain(t.Context(), transforms.ExplainRequest{KPI: "community_post_volume", Period: "2026-02"})
	require.ErrorContains(t, err, "not configured")
}
