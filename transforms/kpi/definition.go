// Package kpi turns KPI files into values. A file opens with an HCL block that
// holds every field of the dictionary, then one select that returns atoms: one
// row per thing counted. The package collapses atoms to one row per grain,
// period and person, folds those to cells, and finishes all cells at once:
// intervals, completeness, status and suppression.
package kpi

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/gohcl"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// A Definition is the header of a KPI file and its select.
type Definition struct {
	ID            string            `hcl:"id,label"`
	Name          string            `hcl:"name"`
	Definition    string            `hcl:"definition"`
	Formula       string            `hcl:"formula"`
	DataSource    string            `hcl:"data_source"`
	Owner         string            `hcl:"owner"`
	Cadence       string            `hcl:"cadence"` // weekly, monthly, quarterly
	Category      string            `hcl:"category"`
	Measure       string            `hcl:"measure"`
	Of            string            `hcl:"of,optional"` // what is counted once: person (default), account, entity
	Unit          string            `hcl:"unit"`
	Direction     string            `hcl:"direction"` // up, down, either
	Additive      string            `hcl:"additive"`  // add, semi, no
	Grains        []string          `hcl:"grains"`
	Window        string            `hcl:"window"`
	Windows       map[string]string `hcl:"windows,optional"`        // by grain: cal (default), r30, r12m, mean:month
	Per           string            `hcl:"per,optional"`            // day: the value is divided by the days of the period
	Split         string            `hcl:"split,optional"`          // column that holds a parameter's values, of which one is the default
	SplitDefault  string            `hcl:"split_default,optional"`  // the parameter with the default
	SplitMaturity map[string]string `hcl:"split_maturity,optional"` // maturity by value of the split column
	Sampled       string            `hcl:"sampled,optional"`        // end (default) or start: when spans are looked at
	Once          string            `hcl:"once,optional"`           // person: only the latest atom of each in a period
	NumeratorOnly []string          `hcl:"numerator_only,optional"` // segments of the numerator; the denominator is that of all
	All           string            `hcl:"all,optional"`            // "mean of segments": of those by the file's own column
	Maturity      string            `hcl:"maturity"`                // days after a period's end until its value is whole
	Restate       string            `hcl:"restate"`                 // days after that until it is final
	Segments      []string          `hcl:"segments"`                // segment sets, and columns of the file's own
	Sources       []string          `hcl:"sources"`                 // kinds of source
	Capabilities  []string          `hcl:"capabilities,optional"`   // what core.capability must list
	Needs         []string          `hcl:"needs,optional"`          // staging shapes without which it is not configured; default: all its select reaches that are not enriching
	NeedsAny      []string          `hcl:"needs_any,optional"`      // shapes of which one is enough
	Depends       []string          `hcl:"depends,optional"`        // ids that a derived select reads; default: those it compares kpi_id with
	MinN          int               `hcl:"min_n,optional"`
	PrivacyK      int               `hcl:"privacy_k,optional"` // default 5
	Decimals      int               `hcl:"decimals,optional"`  // shown places
	Leading       bool              `hcl:"leading"`
	Outcome       bool              `hcl:"outcome"`
	Vanity        bool              `hcl:"vanity,optional"`
	Forward       bool              `hcl:"forward,optional"` // no period is made of rows that begin after it ends, nor of other periods' cells
	IsEstimate    bool              `hcl:"is_estimate,optional"`
	Influences    []string          `hcl:"influences,optional"` // "id" or "id:sign:maxlag"
	Seeds         []string          `hcl:"seeds,optional"`
	Parameters    []string          `hcl:"parameters,optional"`
	VariantOf     string            `hcl:"variant_of,optional"`
	Disputed      string            `hcl:"disputed,optional"` // id of the formula that others use, shown beside
	Version       int               `hcl:"version,optional"`  // of the definition; default 1

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

// isFilled reports whether an empty period inside coverage counts 0.
func (d *Definition) isFilled() bool {
	return d.is("count", "distinct", "sum")
}

// kpiType is the class of the semantic layer.
func (d *Definition) kpiType() string {
	switch d.Measure {
	case "ratio", "distinct_ratio", "sum_per_distinct":
		return "ratio"
	case "mean", "median", "derived":
		return d.Measure
	case "nps":
		return "derived"
	}
	return "simple"
}
