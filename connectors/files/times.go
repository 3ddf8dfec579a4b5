package files

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// A timeLayout reads times as one file set writes them.
type timeLayout struct {
	unix   time.Duration // unit of a count since 1970; 0: not a count
	layout string        // Go layout; empty: ISO 8601
	iso    isoLayouts
}

// isoLayouts are the ISO 8601 forms read without a time_format. Go's
// parser takes a fraction after the seconds by itself.
type isoLayouts struct{ zoned, zoneless []string }

func newISOLayouts() isoLayouts {
	return isoLayouts{
		zoned: []string{"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05Z07",
			"2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02 15:04:05 Z0700",
			"2006-01-02 15:04:05 -0700 MST", "2006-01-02T15:04Z07:00"},
		zoneless: []string{"2006-01-02", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04"},
	}
}

// directive is the Go layout of a strftime letter; empty: not understood.
func directive(letter byte) string {
	switch letter {
	case 'Y':
		return "2006"
	case 'y':
		return "06"
	case 'm':
		return "01"
	case 'd':
		return "02"
	case 'e':
		return "_2"
	case 'H':
		return "15"
	case 'I':
		return "03"
	case 'M':
		return "04"
	case 'S':
		return "05"
	case 'p':
		return "PM"
	case 'b':
		return "Jan"
	case 'B':
		return "January"
	case 'z':
		return "-0700"
	case '%':
		return "%"
	}
	return ""
}

func parseLayout(format string) (timeLayout, error) {
	switch format {
	case "":
		return timeLayout{iso: newISOLayouts()}, nil
	case "unix":
		return timeLayout{unix: time.Second}, nil
	case "unix_ms":
		return timeLayout{unix: time.Millisecond}, nil
	}
	var b strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			b.WriteByte(format[i])
			continue
		}
		i++
		if i == len(format) || directive(format[i]) == "" {
			return timeLayout{}, fmt.Errorf("%q is not understood: use unix, unix_ms or %%Y %%m %%d %%H %%M %%S %%z %%I %%p %%b %%B %%y %%e", format)
		}
		b.WriteString(directive(format[i]))
	}
	if b.String() == format {
		return timeLayout{}, fmt.Errorf("%q holds no %%Y, %%m, …", format)
	}
	return timeLayout{layout: b.String()}, nil
}

// parse reads a time; one without a zone is in the given one.
func (l timeLayout) parse(s string, zone *time.Location) (time.Time, bool) {
	s = strings.TrimSpace(s)
	// Some tools write the zone as a word.
	if before, ok := strings.CutSuffix(s, " UTC"); ok {
		s = before + "Z"
	}
	switch {
	case l.unix != 0:
		return parseUnix(s, l.unix)
	case l.layout != "":
		t, err := time.ParseInLocation(l.layout, s, zone)
		return t, err == nil && inRange(t)
	case len(s) < len("2006-01-02") || s[4] != '-':
		return time.Time{}, false
	}
	for _, layout := range l.iso.candidates(s) {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t, inRange(t)
		}
	}
	return time.Time{}, false
}

// candidates saves trying every form on every cell.
func (l isoLayouts) candidates(s string) []string {
	if len(s) > 16 && strings.ContainsAny(s[16:], "Z+-") {
		return l.zoned
	}
	return l.zoneless
}

// inRange reports whether RFC 3339 can write t.
func inRange(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

func parseUnix(s string, unit time.Duration) (time.Time, bool) {
	perSecond := int64(time.Second / unit)
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		t := time.Unix(n/perSecond, n%perSecond*int64(unit)).UTC()
		return t, inRange(t)
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(n) || math.Abs(n) > 1e15 {
		return time.Time{}, false
	}
	seconds, fraction := math.Modf(n / float64(perSecond))
	t := time.Unix(int64(seconds), int64(math.Round(fraction*1e6))*1e3).UTC()
	return t, inRange(t)
}
