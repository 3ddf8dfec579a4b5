// Package kpi turns KPI files into values. A file opens with an HCL block that
// holds every field of the dictionary, then one select that returns atoms: one
// row per thing counted. The package collapses atoms to one row per grain,
// period and person, folds those to cells, and finishes all cells at once:
// intervals, completeness, status and suppression.
package kpi

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// A Definition is the header of a KPI file and its select.
type Definition struct {
	ID         string            `hcl:"id,label"`
	Name       string            `hcl:"name"`
	Definition string            `hcl:"definition"`
	Formula    string            `hcl:"formula"`
	DataSource string            `hcl:"data_source"`
	Owner      string            `hcl:"owner"`
	Cadence    string            `hcl:"cadence"` // weekly, monthly, quarterly
	Category   string            `hcl:"category"`
	Measure    string            `hcl:"measure"`
	Of         string            `hcl:"of,optional"` // what distinct counts: person (default), account, entity
	Unit       string            `hcl:"unit"`
	Direction  string            `hcl:"direction"` // up, down, either
	Additive   string            `hcl:"additive"`  // add, semi, no
	Grains     []string          `hcl:"grains"`
	Window     string            `hcl:"window"`
	Windows    map[string]string `hcl:"windows,optional"` // by grain: cal (default), r30, mean:month
	Maturity   string            `hcl:"maturity"`         // days after a period's end until its value is whole
	Restate    string            `hcl:"restate"`          // days after that until it is final
	Segments   []string          `hcl:"segments"`         // segment sets, and columns of the file's own
	Sources    []string          `hcl:"sources"`          // kinds of source
	Needs      []string          `hcl:"needs,optional"`   // staging shapes without which it is not configured; default: all its select reaches that are not enriching
	MinN       int               `hcl:"min_n,optional"`
	PrivacyK   int               `hcl:"privacy_k,optional"` // default 5
	Leading    bool              `hcl:"leading"`
	Outcome    bool              `hcl:"outcome"`
	Vanity     bool              `hcl:"vanity,optional"`
	Influences []string          `hcl:"influences,optional"`
	Seeds      []string          `hcl:"seeds,optional"`
	Parameters []string          `hcl:"parameters,optional"`
	VariantOf  string            `hcl:"variant_of,optional"`
	Version    int               `hcl:"version,optional"` // of the definition; default 1

	File         string // "kpi/health/community_mau.sql"
	SQL          string // the select
	MaturityDays int
	RestateDays  int
}

// defaultPrivacyK is the fewest people a shown cell of a segment has.
const defaultPrivacyK = 5

var header = regexp.MustCompile(`(?s)^\s*/\*(.*?)\*/`)

// Parse reads one KPI file. The error holds every fault of its header.
func Parse(file, text string) (*Definition, error) {
	at := header.FindStringSubmatchIndex(text)
	if at == nil {
		return nil, fmt.Errorf("%s:1: a KPI file opens with /* kpi \"id\" { … } */", file)
	}
	start := hcl.Pos{Line: 1 + strings.Count(text[:at[2]], "\n"), Column: 1, Byte: at[2]}
	parsed, diags := hclsyntax.ParseConfig([]byte(text[at[2]:at[3]]), file, start)
	var body struct {
		KPI []*Definition `hcl:"kpi,block"`
	}
	if !diags.HasErrors() {
		diags = append(diags, gohcl.DecodeBody(parsed.Body, nil, &body)...)
	}
	if diags.HasErrors() {
		return nil, diagnostics(diags)
	}
	if len(body.KPI) != 1 {
		return nil, fmt.Errorf("%s:1: a KPI file holds one kpi block, this one %d", file, len(body.KPI))
	}
	d := body.KPI[0]
	d.File, d.SQL = file, strings.TrimSpace(text[at[1]:])
	return d, d.check()
}

func diagnostics(diags hcl.Diagnostics) error {
	var errs []error
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		place := ""
		if d.Subject != nil {
			place = fmt.Sprintf("%s:%d: ", d.Subject.Filename, d.Subject.Start.Line)
		}
		errs = append(errs, fmt.Errorf("%s%s; %s", place, d.Summary, d.Detail))
	}
	return errors.Join(errs...)
}

// grains are the periods that values are given for.
func grains() []string { return []string{"day", "week", "month", "quarter", "year"} }

func (d *Definition) check() error {
	var errs []error
	fail := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: %s", d.File, fmt.Sprintf(format, args...)))
	}
	oneOf := func(field, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			fail("%s is %q, must be one of %s", field, value, strings.Join(allowed, ", "))
		}
	}
	d.defaults()
	oneOf("measure", d.Measure, measures()...)
	oneOf("of", d.Of, "person", "account", "entity")
	oneOf("direction", d.Direction, "up", "down", "either")
	oneOf("additive", d.Additive, "add", "semi", "no")
	oneOf("cadence", d.Cadence, "weekly", "monthly", "quarterly")
	for _, grain := range d.Grains {
		oneOf("grain", grain, grains()...)
		if err := d.checkWindow(grain); err != nil {
			fail("%v", err)
		}
	}
	for grain := range d.Windows {
		if !slices.Contains(d.Grains, grain) {
			fail("windows names grain %q, which grains does not", grain)
		}
	}
	if len(d.Sources) == 0 {
		fail("sources names no kind of source")
	}
	var err error
	if d.MaturityDays, err = days(d.Maturity); err != nil {
		fail("maturity: %v", err)
	}
	if d.RestateDays, err = days(d.Restate); err != nil {
		fail("restate: %v", err)
	}
	return errors.Join(errs...)
}

func (d *Definition) defaults() {
	if d.Of == "" {
		d.Of = "person"
	}
	if d.PrivacyK == 0 {
		d.PrivacyK = defaultPrivacyK
	}
	if d.Version == 0 {
		d.Version = 1
	}
}

// measures are those the aggregator computes.
func measures() []string { return []string{"count", "distinct", "ratio", "sum", "mean", "median"} }

// window gives the grain's window: "cal", or "roll" with its days, or "mean"
// with the grain whose values are averaged.
func (d *Definition) window(grain string) (kind string, rollDays int, of string) {
	text := d.Windows[grain]
	if text == "" || text == "cal" {
		return "cal", 0, ""
	}
	if of, found := strings.CutPrefix(text, "mean:"); found {
		return "mean", 0, of
	}
	if number, found := strings.CutPrefix(text, "r"); found {
		if n, err := strconv.Atoi(number); err == nil && n > 0 {
			return "roll", n, ""
		}
	}
	return "", 0, ""
}

func (d *Definition) checkWindow(grain string) error {
	switch kind, _, of := d.window(grain); {
	case kind == "":
		return fmt.Errorf("window %q of grain %s is not cal, rN or mean:GRAIN", d.Windows[grain], grain)
	case kind == "roll" && d.Measure != "distinct":
		return fmt.Errorf("rolling windows are swept for measure distinct, not for %s", d.Measure)
	case kind == "mean":
		below, _, _ := d.window(of)
		if !slices.Contains(d.Grains, of) || below != "cal" || slices.Index(grains(), of) >= slices.Index(grains(), grain) {
			return fmt.Errorf("window mean:%s of grain %s needs the smaller grain %s with window cal", of, grain, of)
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

// isFilled reports whether an empty period inside coverage counts 0.
func (d *Definition) isFilled() bool {
	return d.Measure == "count" || d.Measure == "distinct" || d.Measure == "sum"
}

// kpiType is the class of the semantic layer.
func (d *Definition) kpiType() string {
	switch d.Measure {
	case "ratio", "mean", "median":
		return d.Measure
	}
	return "simple"
}

// Hash identifies the computation: the select without differences of white
// space, the measure's fields and the values of its parameters.
func (d *Definition) Hash(parameters map[string]string) string {
	parts := []string{strings.Join(strings.Fields(d.SQL), " "), d.Measure, d.Of, fmt.Sprint(d.Grains), fmt.Sprint(d.Windows)}
	for _, name := range d.Parameters {
		parts = append(parts, name+"="+parameters[name])
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}
