package kpi_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestCompute_equalsBruteForce compares every cell of KPIs of all measures,
// kinds of atoms, windows and options, over random atoms of random people, with
// a computation that goes through the atoms of each period one by one.
func TestCompute_equalsBruteForce(t *testing.T) {
	for _, seed := range seeds(t) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, seed)
			w.store()
			specs := w.specs()
			var files []string
			for _, s := range specs {
				files = append(files, s.file())
			}
			w.marts.compute(files...)
			found := w.marts.found()
			for _, s := range specs {
				w.compare(s, found[s.id])
			}
		})
	}
}

// seeds are the worlds that are tried: one of fiscal years, or as many as
// ROLLCALL_WORLDS says, every other one of calendar years.
func seeds(t *testing.T) []uint64 {
	t.Helper()
	text := os.Getenv("ROLLCALL_WORLDS")
	if text == "" {
		return []uint64{1}
	}
	worlds, err := strconv.ParseUint(text, 10, 16)
	require.NoError(t, err)
	var list []uint64
	for seed := range worlds {
		list = append(list, seed)
	}
	return list
}

// A point is a random atom: what each kind of select returns of it.
type point struct {
	kind                                              byte // e, s, p
	on, until                                         time.Time
	grain                                             string
	at                                                int // order within a day
	identity, account, entity, community, topic, days string
	isN, isD                                          bool
	num, den                                          int
	amount                                            float64 // NaN: unknown
	score                                             int
}

type state struct {
	grain, start, community, person string
	isActive, isContributor         bool
	level                           string
}

// A world is random atoms and people, and the calendar they lie in.
type world struct {
	t       *testing.T
	random  *rand.Rand
	marts   *marts
	from    time.Time
	today   time.Time
	fiscal  int
	person  map[string]string // of an identity
	month   map[string]string // of a person
	channel map[string]string
	states  []state
	levels  map[[3]string]string // of person, grain and period
	points  []point
}

func day(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return d
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{
		t: t, random: rand.New(rand.NewPCG(seed, 7)), fiscal: []int{1, 4}[seed%2],
		person: map[string]string{}, month: map[string]string{}, channel: map[string]string{}, levels: map[[3]string]string{},
	}
	// 2020 has an ISO week 53, and 2020 is a leap year.
	w.from = day("2020-01-20").AddDate(0, 0, w.random.IntN(40))
	w.today = day("2021-01-05").AddDate(0, 0, w.random.IntN(60))
	w.marts = newMarts(t, w.from.Format(time.DateOnly), w.today.Format(time.DateOnly))
	w.marts.exec("update ref.setting set value = ? where name = 'fiscal_year_start'", fmt.Sprint(w.fiscal))
	w.marts.calendar()
	for i := range 14 {
		person := fmt.Sprintf("P%d", i%10)
		w.person[fmt.Sprintf("i%d", i)] = person
		w.month[person] = []string{"2020-01", "2020-02", "unknown"}[w.random.IntN(3)]
		w.channel[person] = []string{"search", "unknown"}[w.random.IntN(2)]
	}
	w.makeStates()
	for range 150 {
		w.points = append(w.points, w.point())
	}
	return w
}

func (w *world) makeStates() {
	for _, grain := range []string{"week", "month", "quarter", "year"} {
		for start := w.start(grain, w.from); !start.After(w.today); start = w.end(grain, start) {
			for i := range 10 {
				person := fmt.Sprintf("P%d", i)
				if w.random.IntN(2) == 0 {
					continue
				}
				level := w.pick("lurker", "engaged", "meaningful")
				w.levels[[3]string{person, grain, start.Format(time.DateOnly)}] = level
				for _, community := range []string{"all", "x", "y"} {
					if community == "all" || w.random.IntN(2) == 0 {
						w.states = append(w.states, state{
							grain, start.Format(time.DateOnly), community, person,
							w.random.IntN(4) > 0, w.random.IntN(2) == 0, level,
						})
					}
				}
			}
		}
	}
}

func (w *world) pick(list ...string) string { return list[w.random.IntN(len(list))] }

func (w *world) point() point {
	span := int(w.today.Sub(w.from).Hours()/24) + 1
	p := point{
		kind: "eeesp"[w.random.IntN(5)], on: w.from.AddDate(0, 0, w.random.IntN(span)), at: w.random.IntN(1000),
		account: w.pick("", "acme", "bolt", "core"), entity: w.pick("", "e1", "e2", "e3", "e4", "e5", "e6"),
		community: w.pick("", "x", "y", "z"), topic: w.pick("", "t1", "t2", "t3"), days: w.pick("7", "14", "30"),
		isD: w.random.IntN(3) > 0, num: w.random.IntN(4), den: w.random.IntN(3), score: w.random.IntN(11),
		amount: float64(w.random.IntN(200)) / 4,
	}
	p.isN = w.random.IntN(2) == 0
	if i := w.random.IntN(16); i < 14 {
		p.identity = fmt.Sprintf("i%d", i)
	}
	switch w.random.IntN(12) {
	case 0:
		p.amount = math.NaN()
	case 1:
		p.amount = math.Inf(1)
	}
	switch p.kind {
	case 's':
		if w.random.IntN(4) > 0 {
			p.until = p.on.AddDate(0, 0, w.random.IntN(120))
		}
	case 'p':
		p.grain = w.pick("week", "month", "month", "quarter", "year")
		p.community = w.pick("all", "all", "", "x", "y")
		if w.random.IntN(10) == 0 {
			p.on = w.today.AddDate(0, 0, w.random.IntN(200)) // periods to come are never shown
		}
		p.on = w.start(p.grain, p.on)
	case 'e':
		if w.random.IntN(40) == 0 {
			p.on = w.end("year", w.start("year", w.today)) // a gathering that is planned
		}
	}
	return p
}

// start is the first day of the period that holds a day.
func (w *world) start(grain string, d time.Time) time.Time {
	switch grain {
	case "day":
		return d
	case "week":
		return d.AddDate(0, 0, -(int(d.Weekday())+6)%7)
	}
	months := map[string]int{"month": 1, "quarter": 3, "year": 12}[grain]
	since := (int(d.Month()) - w.fiscal + 12) % 12
	return time.Date(d.Year(), d.Month()-time.Month(since%months), 1, 0, 0, 0, 0, time.UTC)
}

// end is the day after a period that begins on a day.
func (w *world) end(grain string, start time.Time) time.Time {
	switch grain {
	case "day":
		return start.AddDate(0, 0, 1)
	case "week":
		return start.AddDate(0, 0, 7)
	}
	return start.AddDate(0, map[string]int{"month": 1, "quarter": 3, "year": 12}[grain], 0)
}

// store puts the world into tables.
func (w *world) store() {
	m := w.marts
	m.exec("insert into ref.param values ('default_days', '14')")
	literal := func(text string) string {
		if text == "" {
			return "null"
		}
		return "'" + text + "'"
	}
	insert := func(table string, rows []string) {
		m.exec("insert into " + table + " values " + strings.Join(rows, ",\n"))
	}
	var identities, people, states, points []string
	for identity, person := range w.person {
		identities = append(identities, fmt.Sprintf("('%s', '%s')", identity, person))
	}
	for person, month := range w.month {
		people = append(people, fmt.Sprintf("('%s', '%s', '%s')", person, month, w.channel[person]))
	}
	insert("core.person_identity", identities)
	insert("mart.person", people)
	for _, s := range w.states {
		states = append(states, fmt.Sprintf("('%s', date '%s', '%s', '%s', %t, %t, '%s', '%s', '%s', 'none')",
			s.grain, s.start, s.community, s.person, s.isActive, s.isContributor, w.month[s.person], w.channel[s.person], s.level))
	}
	insert("mart.person_period", states)
	m.exec(`create table marts.mart.point (kind varchar, happened_on date, from_on date, until_on date, grain varchar, period_start date, happened_at timestamp,
    identity_id varchar, person_id varchar, account_id varchar, entity_id varchar, community_id varchar, topic varchar, window_days varchar,
    is_n boolean, is_d boolean, num integer, den integer, amount double, score integer)`)
	for _, p := range w.points {
		on := "date '" + p.on.Format(time.DateOnly) + "'"
		until, amount := "null", fmt.Sprint(p.amount)
		if !p.until.IsZero() {
			until = "date '" + p.until.Format(time.DateOnly) + "'"
		}
		if math.IsNaN(p.amount) {
			amount = "null"
		}
		if math.IsInf(p.amount, 1) {
			amount = "'infinity'"
		}
		dates := map[byte]string{
			'e': on + ", null, null, null, null", 's': "null, " + on + ", " + until + ", null, null", 'p': "null, null, null, " + literal(p.grain) + ", " + on,
		}[p.kind]
		points = append(points, fmt.Sprintf("('%c', %s, timestamp '2020-01-01' + interval '%d' minute, %s, %s, %s, %s, %s, %s, %s, %t, %t, %d, %d, %s, %d)",
			p.kind, dates, p.at, literal(p.identity), literal(w.person[p.identity]), literal(p.account), literal(p.entity), literal(p.community), literal(p.topic),
			literal(p.days), p.isN, p.isD, p.num, p.den, amount, p.score))
	}
	insert("mart.point", points)
}

// A spec is one random KPI.
type spec struct {
	id, measure, of, kinds       string
	who                          string // identity_id, person_id or account_id; "" for nobody
	windows                      map[string]string
	grains, segments             []string
	option                       string // per, once, split, all, numerator_only
	isStart, isNumeric, isPoured bool   // isPoured: not read row by row
	only                         bool   // where is_d
}

// specs are KPIs of each measure over several kinds of atoms.
func (w *world) specs() []spec {
	var list []spec
	add := func(s spec) {
		s.id = fmt.Sprintf("kpi_%02d_%s_%s_%s", len(list), s.measure, s.kinds, s.option)
		list = append(list, s)
	}
	random := func(measure string) spec {
		s := spec{
			measure: measure, of: w.pick("person", "person", "account", "entity"), kinds: w.pick("e", "e", "s", "p", "es", "ep", "esp"),
			who: w.pick("identity_id", "identity_id", "person_id", "account_id"), segments: []string{"community", "topic", "join_month", "join_channel", "engagement_level"},
			isStart: w.random.IntN(4) == 0, isNumeric: w.random.IntN(2) == 0, isPoured: w.random.IntN(3) == 0, only: w.random.IntN(3) == 0,
		}
		if s.of == "person" && s.who == "account_id" {
			s.who = "identity_id"
		}
		if s.who == "account_id" {
			s.segments = s.segments[:2]
		}
		grains := []string{"week", "month", "quarter", "year", "day"}
		size := 4 + w.random.IntN(6)/5 // days are many
		w.random.Shuffle(size, func(i, j int) { grains[i], grains[j] = grains[j], grains[i] })
		s.grains = grains[:2]
		slices.Sort(s.grains)
		s.windows = map[string]string{}
		for _, grain := range s.grains {
			if w.random.IntN(3) == 0 && s.kinds != "s" {
				s.windows[grain] = w.pick("r30", "r7", "r12m")
			}
		}
		return s
	}
	for _, measure := range []string{"count", "distinct", "ratio", "distinct_ratio", "sum", "mean", "median", "nps", "sum_per_distinct"} {
		for range 4 {
			add(random(measure))
		}
	}
	for _, measure := range []string{"count", "distinct", "sum", "ratio", "median"} { // windows that are means of months
		s := random(measure)
		s.grains, s.windows = []string{"month", "quarter"}, map[string]string{"quarter": "mean:month"}
		add(s)
	}
	for _, options := range [][]string{
		{"per", "count", "distinct", "sum"}, {"once", "nps", "ratio"}, {"split", "ratio", "distinct_ratio"},
		{"all", "ratio", "distinct_ratio", "mean", "sum_per_distinct"}, {"numerator_only", "ratio", "distinct_ratio", "sum_per_distinct"},
	} {
		option := options[0]
		for _, measure := range options[1:] {
			s := random(measure)
			s.option = option
			if option == "per" || option == "once" {
				s.kinds, s.of, s.who = "e", "person", "identity_id"
				s.segments = []string{"community", "topic", "join_month", "join_channel", "engagement_level"}
			}
			if option == "per" {
				s.windows = nil
			}
			add(s)
		}
	}
	for _, measure := range []string{"distinct_ratio", "ratio"} { // rows of mart.person_period as they stand
		add(spec{
			measure: measure, of: "person", kinds: "a", who: "person_id", grains: []string{"week", "month", "quarter", "year"},
			segments: []string{"community", "join_month", "join_channel", "engagement_level"},
		})
	}
	return list
}

func (s spec) file() string {
	fields := fmt.Sprintf("measure = %q\nof = %q\n", s.measure, s.of)
	list := func(items []string) string { return `["` + strings.Join(items, `", "`) + `"]` }
	fields += "grains = " + list(s.grains) + "\nsegments = " + list(s.segments)
	var windows []string
	for grain, window := range s.windows {
		windows = append(windows, fmt.Sprintf("%s = %q", grain, window))
	}
	if len(windows) > 0 {
		fields += "\nwindows = { " + strings.Join(windows, ", ") + " }"
	}
	if s.isStart {
		fields += "\nsampled = \"start\""
	}
	fields += map[string]string{
		"per": "\nper = \"day\"", "once": "\nonce = \"person\"", "all": "\nall = \"mean of segments\"", "numerator_only": "\nnumerator_only = [\"topic\"]",
		"split": "\nsplit = \"window_days\"\nsplit_default = \"default_days\"\nparameters = [\"default_days\"]",
	}[s.option]
	return file(s.id, fields, s.sql())
}

func (s spec) sql() string {
	if s.kinds == "a" {
		return "select m.grain, m.period_start, m.community_id, m.person_id, m.is_contributor and m.is_active as numerator, m.is_active as denominator from mart.person_period as m"
	}
	columns := []string{"p.community_id", "p.topic", "p.entity_id", "p.account_id"}
	for kind, names := range map[string][]string{"e": {"happened_on"}, "s": {"from_on", "until_on"}, "p": {"grain", "period_start"}} {
		if strings.Contains(s.kinds, kind) {
			for _, name := range names {
				columns = append(columns, "p."+name)
			}
		}
	}
	if s.who != "account_id" {
		columns = append(columns, "p."+s.who)
	}
	sort.Strings(columns)
	switch s.measure {
	case "sum", "mean", "median":
		columns = append(columns, "p.amount", "p.is_d as denominator")
	case "nps":
		columns = append(columns, "p.score as amount", "p.is_d as denominator")
	case "count", "distinct":
		columns = append(columns, "p.is_n as numerator")
	default:
		if s.isNumeric || s.measure == "sum_per_distinct" {
			columns = append(columns, "p.num as numerator", "p.den as denominator")
		} else {
			columns = append(columns, "p.is_n as numerator", "p.is_d as denominator")
		}
	}
	if s.option == "split" {
		columns = append(columns, "p.window_days")
	}
	if s.option == "once" {
		columns = append(columns, "p.happened_at")
	}
	from, where := "mart.point as p", "where contains('"+s.kinds+"', p.kind)"
	if s.only {
		where += " and p.is_d"
	}
	if s.isPoured {
		return "with q as (select p.* from mart.point as p)\nselect " + strings.Join(columns, ", ") + " from q as p " + where
	}
	return "select " + strings.Join(columns, ", ") + " from " + from + " " + where
}

// place names a cell of one KPI.
type place struct{ grain, start, type_, value string }

// numbers are those of a cell; NaN where one is null.
type numbers struct{ numerator, denominator, value, n, low, high float64 }

func (m *marts) found() map[string]map[place]numbers {
	m.t.Helper()
	rows, err := m.conn.QueryContext(m.t.Context(), `select kpi_id, grain, strftime(period_start, '%Y-%m-%d'), segment_type, segment_value,
    coalesce(numerator, 'nan'), coalesce(denominator, 'nan'), coalesce(value, 'nan'), coalesce(cast(n as double), 'nan'), coalesce(ci_low, 'nan'), coalesce(ci_high, 'nan')
from temp.cell`)
	require.NoError(m.t, err)
	defer func() { require.NoError(m.t, rows.Close()) }()
	found := map[string]map[place]numbers{}
	for rows.Next() {
		var id string
		var p place
		var x numbers
		require.NoError(m.t, rows.Scan(&id, &p.grain, &p.start, &p.type_, &p.value, &x.numerator, &x.denominator, &x.value, &x.n, &x.low, &x.high))
		if found[id] == nil {
			found[id] = map[place]numbers{}
		}
		require.NotContains(m.t, found[id], p, id)
		found[id][p] = x
	}
	require.NoError(m.t, rows.Err())
	return found
}

// compare finds each cell that is not what brute force says, that is missing,
// or that should not be there.
func (w *world) compare(s spec, found map[place]numbers) {
	expected := w.expected(s)
	var faults []string
	for p, want := range expected {
		got, isFound := found[p]
		isEmpty := want.numerator == 0 && (orZero(want.denominator) == 0 || s.option == "per" || s.option == "numerator_only" && p.type_ == "topic")
		isNeeded := !isEmpty || p.type_ == "all" && !strings.HasPrefix(s.windows[p.grain], "mean")
		if s.measure == "median" {
			isNeeded = want.denominator > 0 || p.type_ == "all" && !strings.HasPrefix(s.windows[p.grain], "mean")
		}
		if !isFound && isNeeded {
			faults = append(faults, fmt.Sprintf("%v is missing: %v", p, want))
		}
		if isFound && !same(got, want) {
			faults = append(faults, fmt.Sprintf("%v is %v, want %v", p, got, want))
		}
	}
	for p, got := range found {
		if _, isExpected := expected[p]; !isExpected {
			faults = append(faults, fmt.Sprintf("%v should not be there: %v", p, got))
		}
	}
	sort.Strings(faults)
	if len(faults) > 0 {
		w.t.Errorf("%s: %d of %d cells, today %s, %+v\n%s\n%s", s.id, len(faults), len(expected), w.today.Format(time.DateOnly), s, s.sql(),
			strings.Join(faults[:min(len(faults), 6)], "\n"))
	}
}

func orZero(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return x
}

func same(a, b numbers) bool {
	near := func(x, y float64) bool {
		return math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= 1e-9*(1+math.Abs(y))
	}
	isSame := near(a.numerator, b.numerator) || b.denominator == 0 && orZero(a.numerator) == 0 && orZero(b.numerator) == 0
	return isSame && near(a.denominator, b.denominator) && near(a.value, b.value) && orZero(a.n) == orZero(b.n) &&
		near(a.low, b.low) && near(a.high, b.high)
}

// expected are the cells of every period from the first day of data to today,
// of every slice that has an atom in any of them.
func (w *world) expected(s spec) map[place]numbers {
	cells := map[place]numbers{}
	means := map[string]string{}
	for _, grain := range s.grains {
		if of, isMean := strings.CutPrefix(s.windows[grain], "mean:"); isMean {
			means[grain] = of
			continue
		}
		slots := map[string]map[string]bool{"all": {"all": true}}
		var periods []time.Time
		atoms := w.atoms(s)
		parts := map[time.Time]map[string]map[string][]point{}
		for start := w.start(grain, w.from); !start.After(w.today); start = w.end(grain, start) {
			periods = append(periods, start)
			parts[start] = w.slices(s, atoms, grain, start)
			for type_, values := range parts[start] {
				for value := range values {
					if slots[type_] == nil {
						slots[type_] = map[string]bool{}
					}
					slots[type_][value] = true
				}
			}
		}
		for type_, values := range slots {
			for value := range values {
				begun := type_ == "all"
				for _, start := range periods {
					list := parts[start][type_][value]
					if !begun && len(list) == 0 {
						continue
					}
					x := w.numbers(s, type_, grain, start, list, parts[start]["all"]["all"])
					begun = true
					cells[place{grain, start.Format(time.DateOnly), type_, value}] = x
				}
			}
		}
	}
	for grain, of := range means {
		w.addMeans(s, cells, grain, of)
	}
	return cells
}

// addMeans adds the cells that are means of smaller periods' values.
func (w *world) addMeans(s spec, cells map[place]numbers, grain, of string) {
	type sum struct{ total, count, n float64 }
	begun := map[place]string{} // a slice's first month that has something
	for p, x := range cells {
		slice := place{of, "", p.type_, p.value}
		isSomething := x.numerator != 0 && !math.IsNaN(x.numerator) || orZero(x.denominator) != 0 || x.n > 0
		if first, isThere := begun[slice]; (isSomething || p.type_ == "all") && (!isThere || p.start < first) {
			begun[slice] = p.start
		}
	}
	sums := map[place]sum{}
	for p, x := range cells {
		first, isThere := begun[place{of, "", p.type_, p.value}]
		if p.grain != of || !isThere || p.start < first {
			continue
		}
		at := place{grain, w.start(grain, day(p.start)).Format(time.DateOnly), p.type_, p.value}
		y := sums[at]
		if !math.IsNaN(x.value) {
			y.total += x.value
			y.count++
		}
		if x.n > 0 && (y.n == 0 || x.n < y.n) {
			y.n = x.n
		}
		sums[at] = y
	}
	for p, y := range sums {
		x := numbers{y.total, y.count, y.total / y.count, y.n, math.NaN(), math.NaN()}
		if y.count == 0 {
			x.numerator = math.NaN()
		}
		cells[p] = x
	}
}

// slices are the atoms of one period by segment type and value.
func (w *world) slices(s spec, atoms []point, grain string, start time.Time) map[string]map[string][]point {
	found := map[string]map[string][]point{}
	add := func(type_, value string, p point) {
		if value == "" {
			value = "unknown"
		}
		if found[type_] == nil {
			found[type_] = map[string][]point{}
		}
		found[type_][value] = append(found[type_][value], p)
	}
	hasPeriods := strings.ContainsAny(s.kinds, "pa")
	for _, p := range w.placed(s, atoms, grain, start) {
		isDefault := s.option != "split" || p.days == "14"
		isOver := p.grain == "" || p.community == "" || p.community == "all"
		if !isDefault {
			if !hasPeriods || p.community == "" || p.community == "all" {
				add("window_days", p.days, p)
			}
			continue
		}
		if slices.Contains(s.segments, "community") && (p.community != "all" || !hasPeriods) {
			add("community", p.community, p)
		}
		if !isOver {
			continue
		}
		add("all", "all", p)
		if slices.Contains(s.segments, "topic") {
			add("topic", p.topic, p)
		}
		if s.who != "account_id" {
			person := w.person[p.identity]
			if grain == "month" || grain == "quarter" {
				add("join_month", w.month[person], p)
			}
			add("join_channel", w.channel[person], p)
			add("engagement_level", w.level(person, grain, start), p)
		}
	}
	if s.option == "all" {
		delete(found["topic"], "unknown")
	}
	return found
}

func (w *world) level(person, grain string, start time.Time) string {
	if person == "" {
		return "unknown"
	}
	if level, isActive := w.levels[[3]string{person, grain, start.Format(time.DateOnly)}]; isActive {
		return level
	}
	return "none"
}

// placed are the atoms that belong to a period.
func (w *world) placed(s spec, atoms []point, grain string, start time.Time) []point {
	end := w.end(grain, start)
	last := end.AddDate(0, 0, -1)
	if last.After(w.today) {
		last = w.today
	}
	first := start
	window := s.windows[grain]
	switch {
	case strings.HasSuffix(window, "m"):
		first = last.AddDate(0, 0, 1).AddDate(-1, 0, 0)
	case window != "":
		var days int
		_, err := fmt.Sscanf(window, "r%d", &days)
		require.NoError(w.t, err)
		first = last.AddDate(0, 0, 1-days)
	default:
		last = end.AddDate(0, 0, -1)
	}
	sample := w.end(grain, start).AddDate(0, 0, -1)
	if sample.After(w.today) {
		sample = w.today
	}
	if s.isStart {
		sample = start.AddDate(0, 0, -1)
	}
	var found []point
	for _, p := range atoms {
		isIn := !p.on.Before(first) && !p.on.After(last)
		switch p.kind {
		case 's':
			isIn = !p.on.After(sample) && (p.until.IsZero() || p.until.After(sample))
		case 'p':
			isIn = isIn && p.grain == grain
		}
		if isIn {
			found = append(found, p)
		}
	}
	if s.option != "once" {
		return found
	}
	latest := map[string]point{}
	var kept []point
	for _, p := range found {
		who := w.person[p.identity]
		if who == "" {
			kept = append(kept, p)
			continue
		}
		other, isThere := latest[who]
		if !isThere || isLater(p, other) {
			latest[who] = p
		}
	}
	for _, p := range latest {
		kept = append(kept, p)
	}
	return kept
}

func isLater(a, b point) bool {
	if !a.on.Equal(b.on) {
		return a.on.After(b.on)
	}
	if a.at != b.at {
		return a.at > b.at
	}
	return a.entity > b.entity
}

// atoms are those that the KPI's select returns.
func (w *world) atoms(s spec) (found []point) {
	if s.kinds == "a" {
		for _, st := range w.states {
			identity := "i" + strings.TrimPrefix(st.person, "P")
			found = append(found, point{kind: 'p', grain: st.grain, on: day(st.start), identity: identity, community: st.community,
				isN: st.isContributor && st.isActive, isD: st.isActive})
		}
		return found
	}
	for _, p := range w.points {
		if strings.ContainsRune(s.kinds, rune(p.kind)) && (!s.only || p.isD) {
			found = append(found, p)
		}
	}
	return found
}

// numbers works one cell out of its atoms; whole are those of the segment all.
func (w *world) numbers(s spec, type_, grain string, start time.Time, list, whole []point) numbers {
	if s.option == "all" && type_ != "topic" {
		return w.meanOfTopics(s, list)
	}
	x := w.fold(s, list)
	if s.hasInterval() && !w.hasExcess(s, grain, list) {
		x.low, x.high = wilsonOf(x.numerator, x.denominator)
	}
	if s.option == "numerator_only" && type_ == "topic" {
		all := w.fold(s, whole)
		x = numbers{x.numerator, all.denominator, x.numerator / all.denominator, all.n, math.NaN(), math.NaN()}
		if all.denominator == 0 {
			x.value = math.NaN()
		}
	}
	if s.option == "per" {
		days := 0.0
		for d := start; d.Before(w.end(grain, start)); d = d.AddDate(0, 0, 1) {
			if !d.Before(w.from) && !d.After(w.today) {
				days++
			}
		}
		x.denominator, x.value = days, x.numerator/days
	}
	return x
}

// hasInterval reports whether the value is a share of those for whom something
// is true.
func (s spec) hasInterval() bool {
	return (s.measure == "ratio" || s.measure == "distinct_ratio") && !s.isNumeric
}

// hasExcess reports whether somebody is above the line who is not below it; it
// is looked for where atoms of one kind stand in their own period.
func (w *world) hasExcess(s spec, grain string, list []point) bool {
	if len(s.kinds) > 1 || s.kinds == "s" || s.windows[grain] != "" && s.option != "once" || s.option == "all" || s.measure == "distinct_ratio" && s.unit() != s.who {
		return false
	}
	above, below := map[string]int{}, map[string]int{}
	for _, p := range list {
		who := w.person[p.identity]
		if s.who == "account_id" {
			who = p.account
		}
		above[who] += int(boolean(p.isN))
		below[who] += int(boolean(p.isD))
	}
	for who, n := range above {
		if s.measure == "ratio" && n > below[who] || s.measure == "distinct_ratio" && n > 0 && below[who] == 0 {
			return true
		}
	}
	return false
}

// unit is the column that is counted once, as who names it.
func (s spec) unit() string {
	if s.of == "person" {
		return s.who
	}
	return s.of + "_id"
}

func wilsonOf(successes, size float64) (low, high float64) {
	if size == 0 || successes > size || successes < 0 {
		return math.NaN(), math.NaN()
	}
	const z = 1.959963984540054
	share := successes / size
	center := (share + z*z/(2*size)) / (1 + z*z/size)
	half := z / (1 + z*z/size) * math.Sqrt(share*(1-share)/size+z*z/(4*size*size))
	return math.Max(0, center-half), math.Min(1, center+half)
}

func (w *world) meanOfTopics(s spec, list []point) numbers {
	topics := map[string][]point{}
	for _, p := range list {
		if p.topic != "" {
			topics[p.topic] = append(topics[p.topic], p)
		}
	}
	x := numbers{low: math.NaN(), high: math.NaN()}
	for _, part := range topics {
		y := w.fold(s, part)
		if y.denominator != 0 {
			x.numerator += y.value
			x.denominator++
		}
		if y.n > 0 && (x.n == 0 || y.n < x.n) {
			x.n = y.n
		}
	}
	x.value = x.numerator / x.denominator
	return x
}

func (w *world) fold(s spec, list []point) numbers {
	null := math.NaN()
	x := numbers{low: null, high: null}
	above, below, who, voters := map[string]bool{}, map[string]bool{}, map[string]bool{}, 0.0
	perDay := map[string]bool{}
	var amounts []float64
	for _, p := range list {
		numerator, denominator := boolean(p.isN), boolean(p.isD)
		if (s.isNumeric || s.measure == "sum_per_distinct") && s.kinds != "a" {
			numerator, denominator = float64(p.num), float64(p.den)
		}
		person := w.person[p.identity]
		if s.who == "account_id" {
			person = p.account
		}
		unit := map[string]string{"person": person, "account": p.account, "entity": p.entity}[s.of]
		counted := false
		switch s.measure {
		case "count", "distinct":
			numerator = boolean(p.isN)
			counted = p.isN
			x.numerator += numerator
			if p.isN && person != "" {
				perDay[person+p.on.String()] = true
			}
		case "sum":
			counted = p.isD
			if p.isD && !math.IsNaN(p.amount) && !math.IsInf(p.amount, 1) {
				x.numerator += p.amount
			}
		case "mean", "median", "nps":
			amount := p.amount
			if s.measure == "nps" {
				amount = float64(p.score)
			}
			if !p.isD || math.IsNaN(amount) {
				continue
			}
			counted = true
			x.denominator++
			amounts = append(amounts, amount)
			switch {
			case s.measure == "nps" && amount >= 9:
				x.numerator++
				voters++
			case s.measure == "nps" && amount <= 6:
				x.numerator--
				voters++
			case s.measure == "mean" && !math.IsInf(amount, 1):
				x.numerator += amount
			}
		default:
			counted = denominator > 0
			x.numerator += numerator
			x.denominator += denominator
		}
		if numerator > 0 && unit != "" {
			above[unit] = true
		}
		if denominator > 0 && unit != "" {
			below[unit] = true
		}
		if counted && person != "" {
			who[person] = true
		}
	}
	x.n = float64(len(who))
	switch s.measure {
	case "distinct":
		x.numerator = float64(len(above))
		if s.option == "per" {
			x.numerator = float64(len(perDay))
		}
	case "distinct_ratio":
		x.numerator, x.denominator = float64(len(above)), float64(len(below))
	case "sum_per_distinct":
		x.denominator = float64(len(below))
	case "median":
		return medianOf(amounts, x)
	}
	x.value = x.numerator / x.denominator
	if x.denominator == 0 {
		x.value = null
	}
	if slices.Contains([]string{"count", "distinct", "sum"}, s.measure) {
		x.denominator, x.value = null, x.numerator
	}
	if s.measure == "nps" && x.denominator > 0 {
		share := x.value
		x.value = 100 * share
		half := 1.959963984540054 * math.Sqrt(math.Max(0, voters/x.denominator-share*share)/x.denominator)
		x.low, x.high = math.Max(-100, 100*(share-half)), math.Min(100, 100*(share+half))
	}
	return x
}

func boolean(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// medianOf is the middle of the amounts, null where that is not reached yet,
// with its interval from order statistics.
func medianOf(amounts []float64, x numbers) numbers {
	null := math.NaN()
	x.numerator, x.value = null, null
	sort.Float64s(amounts)
	size := len(amounts)
	finite := func(v float64) float64 {
		if math.IsInf(v, 1) {
			return null
		}
		return v
	}
	if size > 0 {
		x.value = finite((amounts[(size-1)/2] + amounts[size/2]) / 2)
	}
	if size >= 20 {
		half := 1.959963984540054 * math.Sqrt(float64(size)) / 2
		low := max(1, int(math.Floor(float64(size)/2-half)))
		high := min(size, int(math.Ceil(float64(size)/2+1+half)))
		x.low, x.high = finite(amounts[low-1]), finite(amounts[high-1])
	}
	return x
}
