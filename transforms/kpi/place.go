package kpi

import (
	"fmt"
	"slices"
	"strings"
)

// A placing says which atoms are put into each period one by one. The others,
// spans and rolling windows, are swept.
type placing struct {
	spans bool // spans stand in every period at whose sample they are open
	rolls bool // events and periods stand in every period whose window holds them
}

// place needs all amounts of a period together for a median, the latest atom
// for once, and one set of units where spans and events share a side: what a
// rolling window holds of events then stands beside the spans.
func (g *group) place(p *probe) placing {
	whole := g.head().d.is("median") || g.head().d.Once != "" || g.head().d.All != "" || g.hasUnit() || p.SpansShare
	return placing{spans: whole, rolls: whole}
}

// isPlaced reports whether the KPI's atoms stand one by one in the periods of
// the grain.
func (g *group) isPlaced(d *Definition, grain string) bool {
	if !slices.Contains(d.Grains, grain) {
		return false
	}
	if arm := g.head().arm; arm != nil && !g.showsAtoms && slices.Contains(arm.d.Grains, grain) {
		return false
	}
	kind := d.window(grain).kind
	return kind == "cal" || kind == "roll" && g.placing.rolls
}

// sampleDay is the day on which a stock or a rolling window of period r is
// read: its last, or today while it runs; the day before it for a stock at its
// start.
func sampleDay(sampled, today string) string {
	if sampled == "start" {
		return "add_days(r.period_start, -1)"
	}
	return fmt.Sprintf("case when r.period_end > cast('%[1]s' as date) then cast('%[1]s' as date) else add_days(r.period_end, -1) end", today)
}

// after is the first day on which a day has left the window.
func (w window) after(day string) string {
	if w.months > 0 {
		return fmt.Sprintf("cast(%s + interval '%d' month as date)", day, w.months)
	}
	return fmt.Sprintf("add_days(%s, %d)", day, w.days)
}

// placed is the select that puts atoms into the periods of a grain: keys,
// weights and what once and medians read. It is "" where every atom is swept.
func (g *group) placed(grain string) string {
	r := g.head()
	by := g.placing
	at := slices.IndexFunc(g.readings, func(r *reading) bool { return g.isPlaced(r.d, grain) })
	if at < 0 {
		return ""
	}
	w := g.readings[at].d.window(grain)
	var parts []string
	add := func(period, from string) {
		parts = append(parts, fmt.Sprintf("select %s as period_start%s\nfrom atom as a%s", period, g.carried(), from))
	}
	if w.kind == "cal" && r.has("happened_on") {
		add("c."+periodColumn(grain), g.onDay(grain))
	}
	if w.kind == "cal" && r.has("grain") {
		// What a mart says of the period after this one, or of days to come, is
		// no value yet; null drops out here as well.
		add("a.period_start", fmt.Sprintf("\nwhere a.grain = '%s' and a.period_start <= cast('%s' as date)", grain, g.today))
	}
	periods := fmt.Sprintf("\ninner join ref.period as r on r.grain = '%s' and r.period_start <= cast('%s' as date)", grain, g.today)
	if w.kind == "roll" && by.rolls && r.has("happened_on") {
		add("r.period_start", g.inWindow(periods, w, "a.happened_on"))
	}
	if w.kind == "roll" && by.rolls && r.has("grain") {
		add("r.period_start", g.inWindow(periods+fmt.Sprintf(" and a.grain = '%s'", grain), w, "a.period_start"))
	}
	if by.spans && r.has("from_on") {
		day := sampleDay(r.d.Sampled, g.today)
		add("r.period_start", fmt.Sprintf("%s\n    and a.from_on <= %s and (a.until_on is null or a.until_on > %s)", periods, day, day))
	}
	return g.latest(strings.Join(parts, "\nunion all\n"))
}

// onDay joins the period in which an event happened.
func (g *group) onDay(grain string) string {
	if g.calendar == "" {
		return "\ninner join ref.calendar as c on c.date_day = a.happened_on"
	}
	return fmt.Sprintf("\ninner join %s as c on c.date_day = a.happened_on and c.%s is not null", g.calendar, periodColumn(grain))
}

func (g *group) inWindow(periods string, w window, day string) string {
	read := sampleDay("end", g.today)
	return fmt.Sprintf("%s\n    and %s <= %s and %s > %s", periods, day, read, w.after(day), read)
}

// carried are the columns that placed atoms keep.
func (g *group) carried() string {
	r := g.head()
	columns := g.keys()
	if r.has("happened_on") && (g.isDaily || r.d.Once != "") {
		columns = append(columns, "happened_on")
	}
	if r.d.is("median") {
		columns = append(columns, "amount")
	}
	if r.d.Once != "" {
		for _, column := range []string{"happened_at", "entity_id"} {
			if r.has(column) {
				columns = append(columns, column)
			}
		}
	}
	for _, w := range g.weights {
		columns = append(columns, w.name)
	}
	if g.showsAtoms {
		columns = append(columns, shownColumns()...)
	}
	text := ""
	for _, column := range columns {
		text += ", a." + column
	}
	return text
}

// latest keeps the last atom of each person in a period where the header says
// once: by day, time, entity and the numbers themselves, in this order. Atoms
// of nobody all stay.
func (g *group) latest(placed string) string {
	r := g.head()
	if r.d.Once == "" || placed == "" {
		return placed
	}
	together := "m.period_start, m.who"
	for _, flag := range []string{"split", "is_whole"} {
		if slices.Contains(g.keys(), flag) {
			together += ", m." + flag
		}
	}
	var order []string
	for _, column := range []string{"happened_on", "happened_at", "entity_id"} {
		if r.has(column) {
			order = append(order, "m."+column+" desc nulls last")
		}
	}
	for _, w := range g.weights {
		order = append(order, "m."+w.name+" desc nulls last")
	}
	return fmt.Sprintf(`select l.*
from (
    select m.*, row_number() over (partition by %s order by %s) as place
    from (
%s
    ) as m
) as l
where l.place = 1 or l.who is null`, together, strings.Join(order, ", "), placed)
}

// periodColumn is the column of ref.calendar with the start of a day's period.
func periodColumn(grain string) string {
	if grain == "day" {
		return "date_day"
	}
	return grain + "_start"
}
