package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"rollcall/transforms/kpi"
)

// ExplainRequest names one value.
type ExplainRequest struct {
	KPI, Period               string // Period is a label of ref.period: 2026-02, 2026-W06, FY2026-Q1
	SegmentType, SegmentValue string // empty: the whole
	Rows                      int    // how many of the atoms behind it to give; 0: none
}

// An Explanation is what one value is made of.
type Explanation struct {
	KPI          string        `json:"kpi"`
	Name         string        `json:"name"`
	Period       string        `json:"period"`
	Grain        string        `json:"grain"`
	From         string        `json:"from"`
	Until        string        `json:"until"` // the day after its last
	SegmentType  string        `json:"segment_type"`
	SegmentValue string        `json:"segment_value"`
	Value        *KPIValue     `json:"value"`
	Build        string        `json:"build"`
	SQL          string        `json:"sql"`
	Refused      string        `json:"refused,omitempty"` // why no rows are shown; of a hidden value no parts either
	Parts        []Part        `json:"parts,omitempty"`
	Atoms        *AtomSums     `json:"atoms,omitempty"`
	Rows         []Atom        `json:"rows,omitempty"`
	Runs         []RunBehind   `json:"runs,omitempty"`
	RunsBasis    string        `json:"runs_basis,omitempty"` // what connects runs and value
	History      []Replacement `json:"history,omitempty"`
}

// A KPIValue is one row of kpi.value.
type KPIValue struct {
	Value       *float64  `json:"value"`
	Numerator   *float64  `json:"numerator"`
	Denominator *float64  `json:"denominator"`
	N           *int64    `json:"n"`
	Low         *float64  `json:"ci_low"`
	High        *float64  `json:"ci_high"`
	Status      string    `json:"status"`
	IsPartial   bool      `json:"is_partial"`
	IsFinal     bool      `json:"is_final"`
	ComputedAt  time.Time `json:"computed_at"`
}

// A Part is another value that a value is made of.
type Part struct {
	KPI    string    `json:"kpi"`
	Period string    `json:"period"`
	Value  *KPIValue `json:"value"` // nil: there is none for this period and slice
}

// AtomSums are what the atoms behind a value add up to.
type AtomSums struct {
	Count       int64    `json:"count"`
	Numerator   *float64 `json:"numerator"`
	Denominator *float64 `json:"denominator"`
	PerDay      bool     `json:"per_day,omitempty"` // the value's denominator is days, which no row adds to
}

// An Atom is one thing counted.
type Atom struct {
	EntityID    *string  `json:"entity_id"`
	PersonID    *string  `json:"person_id"`
	AccountID   *string  `json:"account_id,omitempty"`
	On          *string  `json:"on"`
	Amount      *float64 `json:"amount"`
	Numerator   *float64 `json:"numerator"`   // what it adds
	Denominator *float64 `json:"denominator"` // what it adds
}

// A RunBehind is one sync run that stored records behind a value.
type RunBehind struct {
	Run      int64     `json:"run"`
	Type     string    `json:"type"`
	Instance string    `json:"instance"`
	Stream   string    `json:"stream"`
	Status   string    `json:"status"`
	Started  time.Time `json:"started"`
	Records  int64     `json:"records"` // of those behind the value, versions that this run stored
}

// A Replacement is a final value that a later build replaced.
type Replacement struct {
	ReplacedAt time.Time `json:"replaced_at"`
	Old        *float64  `json:"old"`
	New        *float64  `json:"new"`
	Reason     string    `json:"reason"`
	Build      string    `json:"build"`
}

// An Unknown is a name that a caller gave and that does not exist.
type Unknown struct {
	What, Name string
	Known      []string
	Note       string // what else helps
}

func (e *Unknown) Error() string {
	return fmt.Sprintf("there is no %s %q%s", e.What, e.Name, e.Note)
}

// ErrNotBuilt means that there is nothing to show yet.
var ErrNotBuilt = errors.New("nothing was built yet: run `rollcall build` first")

// ErrUnfinished means that values are of another build than what they are made
// of.
var ErrUnfinished = errors.New("the last build was interrupted before its KPIs were written: run `rollcall build` again")

// reading runs fn on a connection that sees one instant of both files, names
// resolved as models see them. It waits for no build, and what fn writes, into
// temporary tables only, is gone when it returns.
func (b *Builder) reading(ctx context.Context, fn func(conn *sql.Conn) error) (err error) {
	last, err := LastBuild(ctx, b.opts.DB)
	if err != nil {
		return err
	}
	if last == nil {
		return ErrNotBuilt
	}
	conn, err := b.opts.DB.SQL().Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, releaseStaging(conn)) }()
	for _, statement := range []string{"set search_path = " + literal(searchPath()), "begin transaction"} {
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	defer func() {
		_, rollback := conn.ExecContext(context.WithoutCancel(ctx), "rollback")
		err = errors.Join(err, rollback)
	}()
	return fn(conn)
}

// definition finds a KPI by its id.
func (b *Builder) definition(id string) (*kpi.Definition, error) {
	var ids []string
	for _, d := range b.kpis {
		if d.ID == id {
			return d, nil
		}
		ids = append(ids, d.ID)
	}
	slices.Sort(ids)
	return nil, &Unknown{What: "KPI", Name: id, Known: ids}
}

// Explain says what one value of the last build is made of. It waits for a build
// that is between its models and its values. The error is an [*Unknown] where id,
// period or segment do not exist.
func (b *Builder) Explain(ctx context.Context, r ExplainRequest) (*Explanation, error) {
	b.unfinished.RLock()
	defer b.unfinished.RUnlock()
	d, err := b.definition(r.KPI)
	if err != nil {
		return nil, err
	}
	if last, err := LastBuild(ctx, b.opts.DB); err != nil {
		return nil, err
	} else if last != nil && last.Status == StatusUnfinished {
		return nil, ErrUnfinished
	}
	x := &explainer{builder: b, d: d, request: r, out: &Explanation{
		KPI: d.ID, Name: d.Name, SQL: d.SQL, SegmentType: "all", SegmentValue: "all",
	}}
	if r.SegmentType != "" {
		x.out.SegmentType, x.out.SegmentValue = r.SegmentType, r.SegmentValue
	}
	err = b.reading(ctx, func(conn *sql.Conn) error {
		x.conn = conn
		for _, step := range []func(context.Context) error{x.find, x.parts, x.atoms, x.runs, x.history} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return x.out, nil
}

// An explainer fills one explanation.
type explainer struct {
	builder *Builder
	d       *kpi.Definition
	request ExplainRequest
	conn    *sql.Conn
	out     *Explanation
	hidden  bool // the value is
	hasRows bool // kpi.CellRows holds the atoms behind the cell
}

// find resolves period and slice to the row of kpi.value.
func (x *explainer) find(ctx context.Context) error {
	if err := x.findPeriod(ctx); err != nil {
		return err
	}
	if err := x.findSegment(ctx); err != nil {
		return err
	}
	value, err := x.valueOf(ctx, x.d.ID, x.out.Grain, x.out.From)
	if err != nil {
		return err
	}
	x.out.Value = value
	err = x.conn.QueryRowContext(ctx, "select build_id from marts.kpi.build").Scan(&x.out.Build)
	if err != nil {
		return err
	}
	if value != nil {
		return x.refuse(ctx)
	}
	return x.noValue(ctx)
}

// parts shows the values that a value is made of where it is not made of atoms.
func (x *explainer) parts(ctx context.Context) error {
	smaller, ids := x.d.Parts(x.out.Grain)
	if x.hidden {
		return nil
	}
	if smaller != "" {
		rows, err := x.conn.QueryContext(ctx, `select p.label, cast(p.period_start as varchar) from ref.period as p
where p.grain = ? and p.period_start >= cast(? as date) and p.period_start < cast(? as date) order by p.period_start`, smaller, x.out.From, x.out.Until)
		if err != nil {
			return err
		}
		periods, err := scanPairs(rows)
		if err != nil {
			return err
		}
		for _, p := range periods {
			if err := x.addPart(ctx, x.d.ID, smaller, p[1], p[0]); err != nil {
				return err
			}
		}
	}
	for _, id := range ids {
		if err := x.addPart(ctx, id, x.out.Grain, x.out.From, x.out.Period); err != nil {
			return err
		}
	}
	return nil
}

func (x *explainer) addPart(ctx context.Context, id, grain, start, label string) error {
	value, err := x.valueOf(ctx, id, grain, start)
	x.out.Parts = append(x.out.Parts, Part{KPI: id, Period: label, Value: value})
	return err
}

// valueOf reads one value of the explained slice; nil where there is none.
func (x *explainer) valueOf(ctx context.Context, id, grain, start string) (*KPIValue, error) {
	var v KPIValue
	err := x.conn.QueryRowContext(ctx, `select value, numerator, denominator, n, ci_low, ci_high, status, is_partial, is_final, computed_at
from marts.kpi.value where kpi_id = ? and grain = ? and period_start = cast(? as date) and segment_type = ? and segment_value = ?`,
		id, grain, start, x.out.SegmentType, x.out.SegmentValue).
		Scan(&v.Value, &v.Numerator, &v.Denominator, &v.N, &v.Low, &v.High, &v.Status, &v.IsPartial, &v.IsFinal, &v.ComputedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read kpi.value: %w", err)
	}
	return &v, nil
}

// history lists what later builds made of the value once it was final.
func (x *explainer) history(ctx context.Context) (err error) {
	kept, err := tableExists(ctx, x.conn, "marts", "kpi", "value_history")
	if err != nil || !kept || x.hidden {
		return err
	}
	rows, err := x.conn.QueryContext(ctx, `select replaced_at, old_value, new_value, reason, build_id from marts.kpi.value_history
where kpi_id = ? and grain = ? and period_start = cast(? as date) and segment_type = ? and segment_value = ? order by replaced_at desc, build_id desc`,
		x.d.ID, x.out.Grain, x.out.From, x.out.SegmentType, x.out.SegmentValue)
	if err != nil {
		return err
	}
	defer func() { err = closing(rows, err) }()
	for rows.Next() {
		var r Replacement
		if err := rows.Scan(&r.ReplacedAt, &r.Old, &r.New, &r.Reason, &r.Build); err != nil {
			return err
		}
		x.out.History = append(x.out.History, r)
	}
	return rows.Err()
}
