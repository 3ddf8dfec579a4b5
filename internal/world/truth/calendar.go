package truth

import (
	"fmt"
	"time"

	"rollcall/internal/world"
)

// A day is a local day, counted from 1 January 1970.
type day int32

// A month is a calendar month, counted from January of the year 0.
type month int32

// A calendar turns moments into local days (G1).
type calendar struct{ zone *time.Location }

func newCalendar() calendar {
	zone, err := time.LoadLocation(world.Zone)
	if err != nil {
		panic(fmt.Sprintf("no time zone %s, without which no world could have been made: %v", world.Zone, err))
	}
	return calendar{zone}
}

func (c calendar) day(m world.Moment) day {
	_, offset := time.UnixMilli(int64(m)).In(c.zone).Zone()
	ms := int64(m) + int64(offset)*1000
	return day(floorDiv(ms, 24*60*60*1000))
}

func (c calendar) month(m world.Moment) month { return c.day(m).month() }

// begins is the local midnight with which a day begins.
func (c calendar) begins(d day) world.Moment {
	year, m, n := d.time().Date()
	return world.MomentOf(time.Date(year, m, n, 0, 0, 0, 0, c.zone))
}

func (d day) time() time.Time { return time.Unix(int64(d)*24*60*60, 0).UTC() }

func (d day) month() month {
	year, m, _ := d.time().Date()
	return month(year*12 + int(m) - 1)
}

// week counts ISO weeks; the first day of 1970 was a Thursday.
func (d day) week() int32 { return int32(floorDiv(int64(d)+3, 7)) }

func (m month) first() day {
	return day(floorDiv(m.time().Unix(), 24*60*60))
}

func (m month) time() time.Time {
	return time.Date(int(m)/12, time.Month(int(m)%12+1), 1, 0, 0, 0, 0, time.UTC)
}

// last is the day after which the next month begins.
func (m month) last() day { return (m + 1).first() - 1 }

func (m month) String() string { return m.time().Format("2006-01") }

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return -((-a + b - 1) / b)
	}
	return a / b
}
