package kpi

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// grains are the periods that values are given for, small to large.
func grains() []string { return []string{"day", "week", "month", "quarter", "year"} }

// measures are those the aggregator computes.
func measures() []string {
	return []string{"count", "distinct", "ratio", "distinct_ratio", "sum", "mean", "median", "nps", "sum_per_distinct", "derived", "custom"}
}

// OwnerRoles are the roles that answer for KPIs.
func OwnerRoles() []string {
	return []string{
		"community_manager", "community_analyst", "lifecycle_marketer", "marketing_ops", "product_manager",
		"support_lead", "cs_lead", "revops_finance", "data_steward",
	}
}

// is reports whether the KPI's measure is one of these.
func (d *Definition) is(measures ...string) bool { return slices.Contains(measures, d.Measure) }

// A faultList gathers what is wrong with one header.
type faultList struct {
	file string
	errs []error
}

func (f *faultList) add(format string, args ...any) {
	f.errs = append(f.errs, fmt.Errorf("%s: %s", f.file, fmt.Sprintf(format, args...)))
}

func (f *faultList) oneOf(field, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		f.add("%s is %q, must be one of %s", field, value, strings.Join(allowed, ", "))
	}
}

// check fills the defaults and finds every fault of the header.
func (d *Definition) check() error {
	f := &faultList{file: d.File}
	d.defaults()
	f.oneOf("measure", d.Measure, measures()...)
	f.oneOf("of", d.Of, "person", "account", "entity")
	f.oneOf("direction", d.Direction, "up", "down", "either")
	f.oneOf("additive", d.Additive, "add", "semi", "no")
	f.oneOf("owner", d.Owner, OwnerRoles()...)
	f.oneOf("cadence", d.Cadence, "weekly", "monthly", "quarterly")
	if len(d.Sources) == 0 {
		f.add("sources names no kind of source")
	}
	d.checkGrains(f)
	d.checkFields(f)
	var err error
	if d.MaturityDays, err = days(d.Maturity); err != nil {
		f.add("maturity: %v", err)
	}
	if d.RestateDays, err = days(d.Restate); err != nil {
		f.add("restate: %v", err)
	}
	return errors.Join(f.errs...)
}

func (d *Definition) defaults() {
	if d.Of == "" {
		d.Of = "person"
	}
	if d.Sampled == "" {
		d.Sampled = "end"
	}
	if d.PrivacyK == 0 {
		d.PrivacyK = defaultPrivacyK
	}
	if d.Version == 0 {
		d.Version = 1
	}
	if d.Measure == "derived" && len(d.Depends) == 0 {
		d.Depends = comparedIDs(d.SQL)
	}
}

func (d *Definition) checkGrains(f *faultList) {
	if len(d.Grains) == 0 {
		f.add("grains names no grain")
	}
	for _, grain := range d.Grains {
		f.oneOf("grain", grain, grains()...)
		if err := d.checkWindow(grain); err != nil {
			f.add("%v", err)
		}
	}
	for grain := range d.Windows {
		if !slices.Contains(d.Grains, grain) {
			f.add("windows names grain %q, which grains does not", grain)
		}
	}
}

// checkFields checks the fields that only some measures take.
func (d *Definition) checkFields(f *faultList) {
	f.oneOf("sampled", d.Sampled, "end", "start")
	if d.Per != "" {
		f.oneOf("per", d.Per, "day")
		if !d.is("count", "distinct", "sum") {
			f.add("per divides a count, a distinct count or a sum, not a %s", d.Measure)
		}
	}
	if d.Once != "" {
		f.oneOf("once", d.Once, "person")
	}
	if d.All != "" {
		f.oneOf("all", d.All, "mean of segments")
		if !d.is("ratio", "distinct_ratio", "mean", "sum_per_distinct") {
			f.add("all = %q averages the values of segments, which a %s does not have", d.All, d.Measure)
		}
	}
	if len(d.NumeratorOnly) > 0 && !d.is("ratio", "distinct_ratio", "sum_per_distinct") {
		f.add("numerator_only needs a denominator, which measure %s has not", d.Measure)
	}
	if (d.Split == "") != (d.SplitDefault == "") {
		f.add("split names a column and split_default the parameter with its default value: give both or none")
	}
	if d.Split == "" && len(d.SplitMaturity) > 0 {
		f.add("split_maturity needs split")
	}
	if d.SplitDefault != "" && !slices.Contains(d.Parameters, d.SplitDefault) {
		f.add("split_default is %q, which parameters does not list", d.SplitDefault)
	}
	for value, text := range d.SplitMaturity {
		if _, err := days(text); err != nil {
			f.add("split_maturity of %s: %v", value, err)
		}
	}
	if len(d.Depends) > 0 && !d.is("derived", "custom") {
		f.add("depends is for derived KPIs, this one is a %s", d.Measure)
	}
	if d.Measure == "derived" && len(d.Depends) == 0 {
		f.add("a derived select compares kpi_id with ids, or its header lists them in depends")
	}
}

// A window is how the values of one grain reach over time.
type window struct {
	kind   string // cal: the calendar period; roll: so many days or months up to its last day; mean: of smaller periods
	days   int    // of roll
	months int    // of roll
	of     string // of mean: the smaller grain
}

var rolling = regexp.MustCompile(`^r([1-9][0-9]*)(m?)$`)

// window gives the grain's window; its kind is "" where the header has none
// that is known.
func (d *Definition) window(grain string) window {
	text := d.Windows[grain]
	if text == "" || text == "cal" {
		return window{kind: "cal"}
	}
	if of, found := strings.CutPrefix(text, "mean:"); found {
		return window{kind: "mean", of: of}
	}
	found := rolling.FindStringSubmatch(text)
	if found == nil {
		return window{}
	}
	length, err := strconv.Atoi(found[1])
	switch {
	case err != nil:
		return window{}
	case found[2] == "m":
		return window{kind: "roll", months: length}
	}
	return window{kind: "roll", days: length}
}

func (d *Definition) checkWindow(grain string) error {
	switch w := d.window(grain); w.kind {
	case "":
		return fmt.Errorf("window %q of grain %s is not cal, rN, rNm or mean:GRAIN", d.Windows[grain], grain)
	case "roll":
		if d.is("derived", "custom") || d.Per != "" {
			return fmt.Errorf("window %s of grain %s: a rolling window is made from atoms, and not divided per day", d.Windows[grain], grain)
		}
	case "mean":
		if !slices.Contains(d.Grains, w.of) || d.window(w.of).kind != "cal" || slices.Index(grains(), w.of) >= slices.Index(grains(), grain) {
			return fmt.Errorf("window mean:%s of grain %s needs the smaller grain %s with window cal", w.of, grain, w.of)
		}
	}
	return nil
}

var dayCount = regexp.MustCompile(`^([0-9]+)d$`)

func days(text string) (int, error) {
	found := dayCount.FindStringSubmatch(text)
	if found == nil {
		return 0, fmt.Errorf("%q is not a number of days like 35d", text)
	}
	return strconv.Atoi(found[1])
}
