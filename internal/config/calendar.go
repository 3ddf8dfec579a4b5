package config

import (
	_ "embed"
	"strings"
	"time"

	"golang.org/x/text/currency"
)

// zones are the names of the IANA time zone database.
//
//go:embed zones.txt
var zones string

func (l *loader) timeZone(top section) *time.Location {
	name, rng, ok := top.text("time_zone")
	if !ok {
		return time.UTC
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		near := ""
		if zone, ok := NearMiss(name, strings.Fields(zones)); ok {
			near = " Did you mean \"" + zone + "\"?"
		}
		l.fail(rng, "Unknown time zone", "%q is no name of the IANA time zone database.%s", name, near)
		return time.UTC
	}
	return zone
}

func (l *loader) currency(top section) string {
	code, rng, ok := top.text("currency")
	if !ok {
		return "USD"
	}
	var codes []string
	for it := currency.Query(); it.Next(); {
		codes = append(codes, it.Unit().String())
		if it.Unit().String() == code {
			return code
		}
	}
	near := ""
	if other, ok := NearMiss(code, codes); ok {
		near = " Did you mean \"" + other + "\"?"
	}
	l.fail(rng, "Unknown currency", "%q is no ISO 4217 currency code: write three capital letters, \"EUR\".%s", code, near)
	return ""
}

func (l *loader) fiscalYearStart(top section) time.Month {
	value, rng, ok := top.value("fiscal_year_start")
	if !ok {
		return time.January
	}
	var names []string
	word := strings.ToLower(plainText(value))
	for month := time.January; month <= time.December; month++ {
		name := strings.ToLower(month.String())
		names = append(names, name)
		if word == name || word == name[:3] {
			return month
		}
	}
	if n, err := coerceInt(value, true); err == nil && n >= 1 && n <= 12 {
		return time.Month(n)
	}
	l.fail(rng, "Invalid fiscal_year_start", "The first month of the fiscal year is 1 to 12 or its name.%s", known(word, names))
	return time.January
}
