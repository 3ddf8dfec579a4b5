package sql_test

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
)

// busy fills every shape for two communities: in each month some people join
// by two ways and do everything that a KPI counts, half of them more than the
// others, some of them in both communities.
func busy(t *testing.T) *fixture {
	f := newFixture(t)
	f.covers("2026-01-01", "2026-06-30")
	f.survey("useful", scale{min: 1, max: 5, kind: "community_sat"})
	for c, community := range []string{"main", "side"} {
		f := f.in(community)
		f.tells(line{"exposes_visits": true, "exposes_views": true, "supports_accept": true})
		for month, name := range []string{"Jan", "Feb", "Mar", "Apr"} {
			people := crowd(fmt.Sprint("m", month+c, "-"), 14)
			for i, who := range people {
				f.joined(who, "3 "+name, line{"join_channel": []string{"invite", "search"}[i%2]})
			}
			for later := month; later < 4; later++ {
				f.busyMonth([]string{"Jan", "Feb", "Mar", "Apr"}[later], fmt.Sprint(community, month), people)
			}
		}
	}
	return f
}

// busyMonth is what a group of people does in one month.
func (f *fixture) busyMonth(month, group string, people []string) {
	on := func(day int) string { return fmt.Sprint(day, " ", month, " 10:00") }
	half := len(people) / 2
	f.visits(on(5), people...)
	f.visits(on(19), people[:half]...)
	var answers []string
	for i, who := range people {
		thread := fmt.Sprint(month, group, "-", i)
		f.question(thread, who, on(6+i), line{"product_topic": []string{"api", "billing"}[i%2]})
		if i%4 == 3 {
			continue
		}
		answer := f.reply(thread, people[(i+3)%len(people)], on(7+i), line{"char_len": 200})
		answers = append(answers, answer)
		f.reply(thread, who, on(8+i))
		if i%2 == 0 {
			f.accepted(thread, answer, on(9+i))
			f.votes(answer, "like", on(9+i), people[(i+5)%len(people)])
		}
		if i%3 == 0 {
			f.flag(answer, on(9+i), on(10+i), "upheld")
		}
		f.does("bookmark", who, on(10), line{"content_id": answer})
		f.views(answer, fmt.Sprintf("2026-%02d-12", slices.Index([]string{"", "Jan", "Feb", "Mar", "Apr"}, month)), "member", 7)
	}
	f.likes(answers[0], 3, on(14))
	for _, who := range people[half:] {
		f.does("research_test", who, on(15))
	}
	f.gathering("E"+month+group, on(16), line{"event_series": "monthly"})
	f.register("E"+month+group, on(4), people...)
	f.come("E"+month+group, on(16), 60, people[:half+3]...)
	f.come("E"+month+group, on(16), 5, people[half+3:]...)
	f.survey("rating"+month+group, scale{min: 1, max: 5, kind: "event", aboutGathering: "E" + month + group})
	for i, who := range people {
		f.answers("rating"+month+group, who, on(17), float64(1+i%5))
		f.in("main").answers("useful", who, on(18), float64(1+(i+1)%5))
	}
	f.uses("export", on(20), people)
	f.uses("lesson_opened", on(21), people[:half])
}

// Whatever the measure, kind of atoms, window and slice: what the rows add is
// the value's numerator and denominator, and a value made of values names them.
func TestExplain_rowsSumToTheirCell(t *testing.T) {
	f := busy(t)
	s := openSite(t, f, training)
	s.sync(t, f, now)
	ids := map[string]bool{}
	for _, id := range communityKPIs(t) {
		ids[id] = true
	}
	b, err := transforms.New(t.Context(), transforms.Options{DB: s.db, Config: s.cfg, SQL: withKPIs(t, ids), Sources: sources(s.cfg),
		Now: s.clock.Now, Log: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	_, err = b.Build(t.Context(), transforms.BuildRequest{})
	require.NoError(t, err)

	explained, types := map[string]int{}, map[string]int{}
	var wrong []string
	for _, r := range s.cellsToExplain(t) {
		x, err := b.Explain(t.Context(), r)
		require.NoError(t, err, r)
		switch {
		case x.Refused != "":
			require.Empty(t, x.Rows, r)
		case x.Atoms == nil:
			require.NotEmpty(t, x.Parts, "%s is made of atoms or of parts", r)
			explained[r.KPI]++
		default:
			wrong = append(wrong, mismatch(r, x)...)
			explained[r.KPI]++
			types[r.SegmentType]++
		}
	}
	require.Empty(t, wrong, strings.Join(wrong, "\n"))
	for id := range ids {
		require.Positive(t, explained[id], id)
	}
	for _, segment := range []string{"all", "community", "join_month", "join_channel", "engagement_level", "product_topic", "event_series", "k", "window_days"} {
		require.Positive(t, types[segment], "%s: %v", segment, types)
	}
}

// cellsToExplain are shown cells of every KPI: the whole in each grain, and each
// segment type in the grain that shows most.
func (s *site) cellsToExplain(t *testing.T) (requests []transforms.ExplainRequest) {
	t.Helper()
	rows, err := s.db.SQL().QueryContext(t.Context(), `select v.kpi_id, p.label, v.segment_type, v.segment_value
from marts.kpi.value as v inner join marts.ref.period as p on p.grain = v.grain and p.period_start = v.period_start
where v.status not like 'suppressed%'
qualify row_number() over (
    partition by v.kpi_id, v.segment_type, case when v.segment_type = 'all' then v.grain end
    order by coalesce(v.numerator, 0) = 0, coalesce(v.denominator, 0) = 0, v.n desc, v.period_start, v.segment_value
) = 1
order by all`)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		r := transforms.ExplainRequest{Rows: math.MaxInt32}
		require.NoError(t, rows.Scan(&r.KPI, &r.Period, &r.SegmentType, &r.SegmentValue))
		requests = append(requests, r)
	}
	require.NoError(t, rows.Err())
	return requests
}

// mismatch tells where the rows of an explanation do not sum to its value.
func mismatch(r transforms.ExplainRequest, x *transforms.Explanation) (wrong []string) {
	var numerator, denominator float64
	for _, row := range x.Rows {
		numerator += orZero(row.Numerator)
		denominator += orZero(row.Denominator)
	}
	if int64(len(x.Rows)) != x.Atoms.Count {
		wrong = append(wrong, fmt.Sprintf("%v: %d rows of %d", r, len(x.Rows), x.Atoms.Count))
	}
	if math.Abs(numerator-orZero(x.Value.Numerator)) > tolerance {
		wrong = append(wrong, fmt.Sprintf("%v: the numerator is %g, the rows add %g", r, orZero(x.Value.Numerator), numerator))
	}
	if !x.Atoms.PerDay && math.Abs(denominator-orZero(x.Value.Denominator)) > tolerance {
		wrong = append(wrong, fmt.Sprintf("%v: the denominator is %g, the rows add %g", r, orZero(x.Value.Denominator), denominator))
	}
	return wrong
}

func orZero(x *float64) float64 {
	if x == nil {
		return 0
	}
	return *x
}
