package kpi_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

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
