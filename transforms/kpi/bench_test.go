package kpi_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/kpi"
)

// acts is how many acts the benchmark computes: ROLLCALL_BENCH_ACTS, else a
// million.
func acts(b *testing.B) int {
	text := os.Getenv("ROLLCALL_BENCH_ACTS")
	if text == "" {
		return 1_000_000
	}
	n, err := strconv.Atoi(text)
	require.NoError(b, err)
	return n
}

// fillMarts makes three years of acts by a twentieth as many people, and the
// marts that KPIs read, in the shapes of the product.
func (m *marts) fillMarts(acts int) {
	people := acts / 20
	m.exec("set memory_limit = '2500MB'")
	m.exec("insert into core.person_identity select 'forum:main:' || i.range, md5(cast(i.range as varchar)) || '-p' from range(?) as i", people)
	m.exec(`insert into mart.person
select p.person_id, strftime(date '2023-01-01' + cast(hash(p.person_id) % 1000 as integer), '%Y-%m'), ['search', 'invite', 'event', 'unknown'][cast(1 + hash(p.person_id, 1) % 4 as bigint)]
from core.person_identity as p`)
	m.exec(`create table marts.mart.activity as
select i.range as event_id, 'forum:main:' || who as identity_id, md5(cast(who as varchar)) || '-p' as person_id, 'community-' || (hash(i.range, 3) % 3) as community_id,
    'topic' || (hash(i.range, 5) % 9) as product_topic, date '2023-01-01' + cast(hash(i.range, 2) % 1095 as integer) as happened_on, cast(hash(i.range, 4) % 3 as integer) as tier
from (select i.range, cast(floor(`+fmt.Sprint(people)+` * pow((hash(i.range, 1) % 1000003) / 1000003.0, 2)) as bigint) as who from range(?) as i) as i`, acts)
	m.exec(`create table marts.mart.person_day_community as
select a.person_id, a.community_id, a.happened_on, true as is_active, max(a.tier) as tier_max, count(*) filter (where a.tier > 0) as tier1_acts
from mart.activity as a group by all`)
	for _, grain := range []string{"week", "month", "quarter"} {
		for _, community := range []string{"'all'", "d.community_id"} {
			m.exec(fmt.Sprintf(`insert into mart.person_period
select '%[1]s', cast(date_trunc('%[1]s', d.happened_on) as date) as start, %[2]s as community_id, d.person_id, true, bool_or(d.tier1_acts > 0),
    any_value(p.join_month), any_value(p.join_channel), ['lurker', 'engaged', 'meaningful'][cast(1 + max(d.tier_max) as bigint)], 'none'
from mart.person_day_community as d inner join mart.person as p on p.person_id = d.person_id group by start, %[2]s, d.person_id`, grain, community))
		}
	}
	m.exec(`create table marts.mart.question as
select a.event_id as question_id, a.identity_id, a.community_id, a.product_topic, a.happened_on, cast(hash(a.event_id, 7) % 200 as double) as hours, hash(a.event_id, 8) % 5 = 0 as is_open
from mart.activity as a where a.tier = 2 and a.event_id % 5 = 0`)
	m.exec("create table marts.mart.membership as select p.person_id, 'community-0' as community_id, min(p.happened_on) as from_on, cast(null as date) as until_on from mart.person_day_community as p group by p.person_id")
}

// benchFiles are KPIs of every cost: fifteen over person_period, events of all
// acts, distinct days, rolling windows, stocks, questions and medians.
func benchFiles() []string {
	usual := "\ngrains = [\"week\", \"month\", \"quarter\"]\nsegments = [\"community_people\"]"
	question := usual[:len(usual)-1] + `, "product_topic"]`
	files := []string{
		file("volume", `measure = "count"`+usual, "select a.happened_on, a.identity_id, a.event_id as entity_id, a.community_id from mart.activity as a"),
		file("meaningful_acts", `measure = "ratio"`+usual, "select a.happened_on, a.identity_id, a.community_id, a.tier = 2 as numerator, a.tier > 0 as denominator from mart.activity as a"),
		file("dau", "measure = \"distinct\"\nper = \"day\""+usual, "select d.happened_on, d.person_id, d.community_id from mart.person_day_community as d where d.is_active"),
		file("mau", "measure = \"distinct\"\nwindows = { week = \"r30\", quarter = \"mean:month\" }"+usual, "select d.happened_on, d.person_id, d.community_id from mart.person_day_community as d where d.is_active"),
		file("wau", `measure = "distinct"`+usual, "select d.happened_on, d.person_id, d.community_id from mart.person_day_community as d where d.is_active"),
		file("members", `measure = "distinct"`+usual, "select s.from_on, s.until_on, s.person_id, s.community_id from mart.membership as s"),
		file("wait", `measure = "median"`+question, "select q.happened_on, q.identity_id, q.community_id, q.product_topic, q.hours as amount from mart.question as q"),
		file("wait_censored", `measure = "median"`+question, "select q.happened_on, q.identity_id, q.community_id, q.product_topic, case when q.is_open then cast('infinity' as double) else q.hours end as amount from mart.question as q"),
	}
	for i := range 15 {
		files = append(files, file(fmt.Sprintf("period_%d", i), `measure = "distinct_ratio"`+usual, fmt.Sprintf(
			"select m.grain, m.period_start, m.community_id, m.person_id, m.is_contributor and length(m.join_channel) > %d as numerator, m.is_active as denominator from mart.person_period as m", i)))
	}
	for i := range 10 {
		files = append(files, file(fmt.Sprintf("question_%d", i), `measure = "ratio"`+question, fmt.Sprintf(
			"select q.happened_on, q.identity_id, q.community_id, q.product_topic, q.hours > %d as numerator, true as denominator from mart.question as q", i)))
	}
	return files
}

// slowest is how many statements the benchmark names.
const slowest = 40

// A stopwatch keeps what each statement cost.
type stopwatch struct {
	session
	statements []statement
}

type statement struct {
	took  time.Duration
	query string
}

func (s *stopwatch) Exec(ctx context.Context, query string, args ...any) error {
	began := cpuTime()
	err := s.session.Exec(ctx, query, args...)
	s.statements = append(s.statements, statement{cpuTime() - began, query})
	return err
}

// slowest lists the statements that cost most, by how they begin.
func (s *stopwatch) slowest(n int) string {
	slices.SortStableFunc(s.statements, func(x, y statement) int { return cmp.Compare(y.took, x.took) })
	text := fmt.Sprintf("%d statements", len(s.statements))
	for _, each := range s.statements[:min(n, len(s.statements))] {
		text += fmt.Sprintf("\n%6.2f s  %.220s", each.took.Seconds(), strings.Join(strings.Fields(each.query), " "))
	}
	return text
}

// cpuTime is what the process has used so far, of all cores: on a busy machine
// it says more than the clock does.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func BenchmarkCompute(b *testing.B) {
	m := newMarts(b, "2023-01-01", "2025-12-30")
	m.fillMarts(acts(b))
	var configured []kpi.Finished
	for _, d := range parse(b, benchFiles()...) {
		configured = append(configured, kpi.Finished{Definition: d, Covered: []kpi.Interval{{Until: time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC)}}})
	}
	b.ResetTimer()
	for b.Loop() {
		began, whole := cpuTime(), cpuTime()
		tx := &stopwatch{session: session{m.conn}}
		run := kpi.Run{BuildID: "b1", Today: m.today, Zone: time.UTC}
		err := kpi.Compute(b.Context(), kpi.Connections{Main: tx}, run, configured, func(_ time.Duration, ids ...string) {
			b.Logf("%6.2f s  %s", (cpuTime() - began).Seconds(), strings.Join(ids, " "))
			began = cpuTime()
		})
		require.NoError(b, err)
		b.Logf("%6.2f s  after the last", (cpuTime() - began).Seconds())
		b.Logf("%6.2f s  %d KPIs, %v cells", (cpuTime() - whole).Seconds(), len(configured), m.rows("select count(*) from temp.cell"))
		began = cpuTime()
		require.NoError(b, kpi.Forget(b.Context(), tx, nil))
		require.NoError(b, kpi.Finish(b.Context(), tx, run, configured))
		b.ReportMetric((cpuTime() - began).Seconds(), "cpu-s/finish")
		b.ReportMetric((cpuTime() - whole).Seconds(), "cpu-s")
		b.Log(tx.slowest(slowest))
	}
}
