package transforms

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"rollcall/transforms/kpi"
)

// A KPISummary is one KPI with its newest whole value.
type KPISummary struct {
	ID        string   `json:"kpi"`
	Name      string   `json:"name"`
	Category  string   `json:"category"`
	Unit      string   `json:"unit"`
	Direction string   `json:"direction"`
	Decimals  int      `json:"decimals"`
	IsPrimary bool     `json:"is_primary"`
	Grain     string   `json:"grain"` // that of its cadence
	Period    string   `json:"period,omitempty"`
	Value     *float64 `json:"value"`
	Change    *float64 `json:"change"` // against the period before, as a share of it
	Status    string   `json:"status"` // of the value, or not_configured or no_value
	IsPartial bool     `json:"is_partial,omitempty"`
	Missing   string   `json:"missing,omitempty"` // what is not configured
}

// A KPIDetail is everything that is known of one KPI.
type KPIDetail struct {
	KPISummary
	Definition  string            `json:"definition"`
	Formula     string            `json:"formula"`
	DataSource  string            `json:"data_source"`
	Owner       string            `json:"owner"` // a role
	OwnerPerson string            `json:"owner_person,omitempty"`
	Cadence     string            `json:"cadence"`
	Measure     string            `json:"measure"`
	Grains      []string          `json:"grains"`
	Window      string            `json:"window"`
	Windows     map[string]string `json:"windows,omitempty"`
	Maturity    string            `json:"maturity"`
	Restate     string            `json:"restate"`
	MinN        int               `json:"min_n"`
	PrivacyK    int               `json:"privacy_k"`
	Version     int               `json:"definition_version"`
	VariantOf   string            `json:"variant_of,omitempty"`
	Depends     []string          `json:"depends,omitempty"`
	Segments    []string          `json:"segments"`         // that have values
	NotComputed []string          `json:"not_computed_yet"` // declared, and without a value
	Parameters  map[string]string `json:"parameters,omitempty"`
	Disputed    *Disputed         `json:"disputed,omitempty"`
	Periods     []PeriodValue     `json:"periods"` // the last ones, newest first
	SQL         string            `json:"sql"`
}

// A Disputed is the formula that others use, and what it gives.
type Disputed struct {
	KPI     string   `json:"kpi"`
	Formula string   `json:"formula"`
	Value   *float64 `json:"value"` // in the period of the KPI's own value
}

// A PeriodValue is one value of the whole.
type PeriodValue struct {
	Period string `json:"period"`
	KPIValue
}

// recentPeriods is how many periods a KPI is shown with.
const recentPeriods = 8

// KPIs lists every KPI with its newest whole value, by category and id.
func (b *Builder) KPIs(ctx context.Context) ([]KPISummary, error) {
	var list []KPISummary
	err := b.reading(ctx, func(conn *sql.Conn) error {
		for _, d := range b.kpis {
			summary, err := b.summary(ctx, conn, d)
			if err != nil {
				return err
			}
			list = append(list, *summary)
		}
		return nil
	})
	slices.SortStableFunc(list, func(a, b KPISummary) int {
		return cmp.Or(cmp.Compare(a.Category, b.Category), cmp.Compare(a.ID, b.ID))
	})
	return list, err
}

// PrimaryKPIs are those by which the configuration judges the community, in its
// order.
func (b *Builder) PrimaryKPIs(ctx context.Context) ([]KPISummary, error) {
	all, err := b.KPIs(ctx)
	if err != nil {
		return nil, err
	}
	list := slices.DeleteFunc(all, func(s KPISummary) bool { return !s.IsPrimary })
	place := func(s KPISummary) int { return slices.Index(b.opts.Config.Community.Primary, s.ID) }
	slices.SortFunc(list, func(a, b KPISummary) int { return cmp.Compare(place(a), place(b)) })
	return list, nil
}

func (b *Builder) isPrimary(d *kpi.Definition) bool {
	return slices.Contains(b.opts.Config.Community.Primary, d.ID)
}

// KPI shows one KPI. The error is an [*Unknown] where there is none of the id.
func (b *Builder) KPI(ctx context.Context, id string) (*KPIDetail, error) {
	d, err := b.definition(id)
	if err != nil {
		return nil, err
	}
	var detail *KPIDetail
	err = b.reading(ctx, func(conn *sql.Conn) error {
		summary, err := b.summary(ctx, conn, d)
		if err != nil {
			return err
		}
		detail = b.detail(d, *summary)
		return errors.Join(b.addSegments(ctx, conn, d, detail), b.addPeriods(ctx, conn, detail), b.addDisputed(ctx, conn, d, detail))
	})
	return detail, err
}

func (b *Builder) summary(ctx context.Context, conn *sql.Conn, d *kpi.Definition) (*KPISummary, error) {
	s := &KPISummary{ID: d.ID, Name: d.Name, Category: d.Category, Unit: d.Unit, Direction: d.Direction, Decimals: d.Decimals, Grain: d.ReportingGrain(),
		IsPrimary: b.isPrimary(d)}
	var err error
	if s.Missing, err = b.notConfigured(ctx, conn, d.ID); err != nil {
		return nil, err
	}
	if s.Missing != "" {
		s.Status = "not_configured"
		return s, nil
	}
	var start time.Time
	err = conn.QueryRowContext(ctx, `select p.label, v.period_start, v.value, v.status, v.is_partial from marts.kpi.latest as v
inner join ref.period as p on p.grain = v.grain and p.period_start = v.period_start
where v.kpi_id = ? and v.grain = ? and v.segment_type = 'all'`, d.ID, s.Grain).Scan(&s.Period, &start, &s.Value, &s.Status, &s.IsPartial)
	if errors.Is(err, sql.ErrNoRows) {
		s.Status = "no_value"
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	s.Change, err = change(ctx, conn, d.ID, s.Grain, start)
	return s, err
}

// change is how the value moved since the period before; nil where they cannot
// be compared.
func change(ctx context.Context, conn *sql.Conn, id, grain string, start time.Time) (*float64, error) {
	compared, err := tableExists(ctx, conn, "marts", "kpi", "change")
	if err != nil || !compared {
		return nil, err
	}
	var share *float64
	err = conn.QueryRowContext(ctx, `select c.pct_change from marts.kpi.change as c
where c.kpi_id = ? and c.grain = ? and c.period_start = ? and c.segment_type = 'all' and c.compare_to = 'prior_period'`, id, grain, start).Scan(&share)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	return share, err
}

func (b *Builder) detail(d *kpi.Definition, summary KPISummary) *KPIDetail {
	detail := &KPIDetail{
		KPISummary: summary, Definition: d.Definition, Formula: d.Formula, DataSource: d.DataSource, Owner: d.Owner,
		OwnerPerson: b.opts.Config.Community.Owners[d.Owner], Cadence: d.Cadence,
		Measure: d.Measure, Grains: d.Grains, Window: d.Window, Windows: d.Windows, Maturity: d.Maturity, Restate: d.Restate,
		MinN: d.MinN, PrivacyK: d.PrivacyK, Version: d.Version, VariantOf: d.VariantOf, Depends: d.Depends,
		Segments: []string{}, NotComputed: []string{}, Parameters: map[string]string{}, Periods: []PeriodValue{}, SQL: d.SQL,
	}
	for _, name := range d.Parameters {
		detail.Parameters[name] = b.params[name]
	}
	return detail
}

func (b *Builder) addSegments(ctx context.Context, conn *sql.Conn, d *kpi.Definition, detail *KPIDetail) error {
	rows, err := conn.QueryContext(ctx, `select distinct v.segment_type from marts.kpi.value as v
where v.kpi_id = ? and v.segment_type <> 'all' order by 1`, d.ID)
	if err != nil {
		return err
	}
	computed, err := scanStrings(rows)
	if err != nil {
		return err
	}
	detail.Segments = append(detail.Segments, computed...)
	for _, segment := range d.DeclaredSegments() {
		if !slices.Contains(computed, segment) {
			detail.NotComputed = append(detail.NotComputed, segment)
		}
	}
	return nil
}

func (b *Builder) addPeriods(ctx context.Context, conn *sql.Conn, detail *KPIDetail) (err error) {
	rows, err := conn.QueryContext(ctx, `select p.label, v.value, v.numerator, v.denominator, v.n, v.ci_low, v.ci_high, v.status, v.is_partial, v.is_final, v.computed_at
from marts.kpi.value as v
inner join ref.period as p on p.grain = v.grain and p.period_start = v.period_start
where v.kpi_id = ? and v.grain = ? and v.segment_type = 'all'
order by v.period_start desc limit ?`, detail.ID, detail.Grain, recentPeriods)
	if err != nil {
		return err
	}
	defer func() { err = closing(rows, err) }()
	for rows.Next() {
		var v PeriodValue
		if err := rows.Scan(&v.Period, &v.Value, &v.Numerator, &v.Denominator, &v.N, &v.Low, &v.High, &v.Status, &v.IsPartial, &v.IsFinal, &v.ComputedAt); err != nil {
			return err
		}
		detail.Periods = append(detail.Periods, v)
	}
	return rows.Err()
}

// addDisputed adds the formula that others use, with its value in the same
// period.
func (b *Builder) addDisputed(ctx context.Context, conn *sql.Conn, d *kpi.Definition, detail *KPIDetail) error {
	if d.Disputed == "" {
		return nil
	}
	other, err := b.definition(d.Disputed)
	if err != nil {
		return err
	}
	detail.Disputed = &Disputed{KPI: other.ID, Formula: other.Formula}
	err = conn.QueryRowContext(ctx, `select v.value from marts.kpi.value as v
inner join ref.period as p on p.grain = v.grain and p.period_start = v.period_start
where v.kpi_id = ? and v.grain = ? and p.label = ? and v.segment_type = 'all'`, other.ID, detail.Grain, detail.Period).Scan(&detail.Disputed.Value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
