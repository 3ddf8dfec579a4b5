package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"rollcall/transforms"
)

// lines writes "name: value" lines; lines without a value are left out.
func lines(w io.Writer, pairs ...[2]string) error {
	for _, pair := range pairs {
		if pair[1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(w, "%-13s %s\n", pair[0]+":", inLine(pair[1])); err != nil {
			return err
		}
	}
	return nil
}

func (a *app) printKPI(d transforms.KPIDetail) error {
	w := a.stdout
	head := lines(w, [][2]string{
		{"kpi", d.ID}, {"name", d.Name}, {"definition", d.Definition}, {"formula", d.Formula}, {"source", d.DataSource},
		{"owner", ownerText(d)}, {"primary", primaryText(d)}, {"cadence", d.Cadence}, {"grains", strings.Join(d.Grains, ", ")}, {"window", windowText(d)},
		{"maturity", fmt.Sprintf("%s after the period's end; final %s later", d.Maturity, d.Restate)},
		{"measure", fmt.Sprintf("%s in %s, better %s", d.Measure, d.Unit, d.Direction)},
		{"hidden", fmt.Sprintf("slices of fewer than %d people", d.PrivacyK)}, {"reads", strings.Join(d.Depends, ", ")}, {"variant of", d.VariantOf},
		{"segments", strings.Join(d.Segments, ", ")}, {"not yet", notYet(d.NotComputed)}, {"parameters", parameterText(d.Parameters)},
		{"disputed", disputedText(d)}, {"missing", d.Missing},
	}...)
	if head != nil || len(d.Periods) == 0 {
		return errors.Join(head, sqlText(w, d.SQL))
	}
	t := newTable("PERIOD", "VALUE", "NUMERATOR", "DENOMINATOR", "PEOPLE", "95% FROM", "TO", "STATUS")
	t.right(1, 2, 3, 4, 5, 6)
	for _, p := range d.Periods {
		t.add(p.Period, shown(p.Value, d.Unit, d.Decimals), number(p.Numerator), number(p.Denominator), people(p.N),
			shown(p.Low, d.Unit, d.Decimals), shown(p.High, d.Unit, d.Decimals), valueState(p.KPIValue))
	}
	fmt.Fprintln(w)
	return errors.Join(t.print(w, a.terminal), sqlText(w, d.SQL))
}

func ownerText(d transforms.KPIDetail) string {
	if d.OwnerPerson == "" {
		return d.Owner
	}
	return fmt.Sprintf("%s (%s)", d.Owner, d.OwnerPerson)
}

func primaryText(d transforms.KPIDetail) string {
	if !d.IsPrimary {
		return ""
	}
	return "yes: one by which the community is judged"
}

func windowText(d transforms.KPIDetail) string {
	var windows []string
	for _, grain := range d.Grains {
		if d.Windows[grain] != "" {
			windows = append(windows, grain+" "+d.Windows[grain])
		}
	}
	if len(windows) == 0 {
		return d.Window
	}
	return fmt.Sprintf("%s (%s)", d.Window, strings.Join(windows, ", "))
}

func notYet(segments []string) string {
	if len(segments) == 0 {
		return ""
	}
	return "not computed yet: " + strings.Join(segments, ", ")
}

func parameterText(parameters map[string]string) string {
	var list []string
	for name, value := range parameters {
		list = append(list, name+" = "+value)
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func disputedText(d transforms.KPIDetail) string {
	if d.Disputed == nil {
		return ""
	}
	return fmt.Sprintf("%s: %s, %s in %s", d.Disputed.KPI, d.Disputed.Formula, shown(d.Disputed.Value, d.Unit, d.Decimals), dash(d.Period))
}

func people(n *int64) string {
	if n == nil {
		return "-"
	}
	return count(*n)
}

func valueState(v transforms.KPIValue) string {
	switch {
	case v.IsFinal:
		return v.Status + ", final"
	case v.IsPartial:
		return v.Status + ", partial"
	}
	return v.Status
}

func sqlText(w io.Writer, text string) error {
	_, err := fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(text))
	return err
}
