package kpi_test

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

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
