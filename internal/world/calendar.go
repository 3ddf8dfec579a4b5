package world

import "time"

// A calendar is the world's days in Zone: a day may have 23 or 25 hours.
type calendar struct {
	days   []Moment // local midnights from Start to End, both among them
	months []int    // positions in days at which months of the world begin, and the end
	weight []float64
}

func newCalendar(end time.Time) (calendar, error) {
	zone, err := time.LoadLocation(Zone)
	if err != nil {
		return calendar{}, err
	}
	year, month, day := end.In(zone).Date()
	midnight := func(months, days int) time.Time {
		return time.Date(year, month+time.Month(months), day+days, 0, 0, 0, 0, zone)
	}
	var c calendar
	last := midnight(0, 0)
	for at, n := midnight(-Months, 0), 0; !at.After(last); n++ {
		for len(c.months) <= Months && !at.Before(midnight(len(c.months)-Months, 0)) {
			c.months = append(c.months, n)
		}
		c.days = append(c.days, MomentOf(at))
		c.weight = append(c.weight, dayWeight(at))
		at = midnight(-Months, n+1)
	}
	return c, nil
}

// dayWeight is how busy a day is against a plain Tuesday.
func dayWeight(day time.Time) float64 {
	weight := []float64{0.2, 0.95, 1, 1.05, 1, 0.8, 0.25}[day.Weekday()]
	switch {
	case day.Month() == time.August:
		weight *= 0.65
	case day.Month() == time.December && day.Day() > 20:
		weight *= 0.35
	case day.Month() == time.September || day.Month() == time.March:
		weight *= 1.15
	}
	return weight
}

func (c *calendar) start() Moment { return c.days[0] }
func (c *calendar) end() Moment   { return c.days[len(c.days)-1] }

// monthBounds are the first day of a month of the world and the one after its
// last.
func (c *calendar) monthBounds(month int) (first, after int) {
	return c.months[month], c.months[month+1]
}

func (c *calendar) monthStart(month int) Moment { return c.days[c.months[month]] }

// season is how busy a month is against a usual one.
func (c *calendar) season(month int) float64 {
	first, after := c.monthBounds(month)
	sum := 0.0
	for _, weight := range c.weight[first:after] {
		sum += weight
	}
	return sum / float64(after-first) / 0.75 // a plain week's mean
}

// busyDay draws a day in [first, after), busy ones more often.
func (c *calendar) busyDay(d *dice, first, after int) int {
	for range 12 {
		if day := first + d.below(after-first); d.share()*1.25 < c.weight[day] {
			return day
		}
	}
	return first + d.below(after-first)
}

// within is a moment of a day in somebody's waking hours, seen from Zone.
func (c *calendar) within(d *dice, day int, home Country) Moment {
	hour := 8 + 6*(d.share()+d.share()) + hoursFromZone(home)
	if hour < 0 {
		hour += 24
	}
	if hour >= 24 {
		hour -= 24
	}
	length := float64(c.days[day+1] - c.days[day])
	return c.days[day] + Moment(hour/24*length)
}

func hoursFromZone(home Country) float64 {
	return [countryCount]float64{0, 1, 7, 0, 0, -4, -8, -2}[home]
}

// someday is a moment between two, at any hour; from where there is none between.
func someday(d *dice, from, until Moment) Moment {
	if until <= from {
		return from
	}
	return from + Moment(d.share()*float64(until-from))
}

// days is a span of n days of 24 hours.
func days(n float64) Moment { return Moment(n * 24 * float64(time.Hour/time.Millisecond)) }

// hours is a span of n hours.
func hours(n float64) Moment { return Moment(n * float64(time.Hour/time.Millisecond)) }
