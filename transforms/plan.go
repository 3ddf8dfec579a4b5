package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/warehouse"
	"rollcall/transforms/kpi"
)

// errPlanned ends the transaction of a plan, which keeps nothing.
var errPlanned = errors.New("planned")

// Plan says what a build would do with every model and KPI, and why. It
// parses what was synced since the last build, as the build would, and writes
// nothing. What a model does that reads another one can depend on what comes
// out there: then the reason names that model.
func (b *Builder) Plan(ctx context.Context, r BuildRequest) (steps []Step, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	build, err := b.newBuild(r)
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, b.emptyWork(context.WithoutCancel(ctx), "raw", "staging", "staged", "delta"))
	}()
	isBuilt, err := b.isBuilt(ctx)
	if err != nil {
		return nil, err
	}
	if !isBuilt {
		return b.explainFirst(build), nil
	}
	for _, step := range []func(context.Context, *Build) error{b.prepareStaged, b.stage} {
		if err := step(ctx, build); err != nil {
			return nil, fmt.Errorf("plan: %w", err)
		}
	}
	build.plan.assume(b.shapes)
	err = b.writeMarts(ctx, func(tx *warehouse.Tx) error {
		if err := b.writeSettings(ctx, tx, build); err != nil {
			return err
		}
		m, err := b.newModelBuild(ctx, tx, build)
		if err != nil {
			return err
		}
		steps, err = m.explain(ctx)
		return errors.Join(err, errPlanned)
	})
	if err != nil && !errors.Is(err, errPlanned) {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return steps, nil
}

// isBuilt reports whether both files hold what a build leaves.
func (b *Builder) isBuilt(ctx context.Context) (built bool, err error) {
	err = b.opts.DB.Marts.Do(ctx, func(conn *sql.Conn) error {
		return conn.QueryRowContext(ctx, `select count(*) = 2 from duckdb_tables()
where (database_name, schema_name, table_name) in (('lake', 'staged', 'change'), ('marts', 'checks', 'model'))`).Scan(&built)
	})
	return built, err
}

func (b *Builder) explainFirst(build *Build) []Step {
	var steps []Step
	for _, md := range b.models {
		if build.selected.includes(md.name()) {
			steps = append(steps, Step{md.name(), Whole, "it was never built"})
		}
	}
	for _, d := range b.kpis {
		if build.selected.includes(d.ID) {
			steps = append(steps, Step{d.ID, Whole, "it was never computed"})
		}
	}
	return steps
}

// assume notes the tables of the lake that the build would change.
func (p *stagingPlan) assume(shapes map[string]*shape) {
	for name, s := range shapes {
		if p.touched(s) {
			p.noted["staging."+name] = true
		}
	}
	mayMove := p.peopleMayMove(shapes) || len(p.gone) > 0
	p.noted[peopleTable] = p.newLogins > 0 || mayMove
	if mayMove {
		delete(p.deltas, peopleTable)
	}
}

// explain plans all models without computing any. Of one that would run it is
// not known which rows change.
func (m *modelBuild) explain(ctx context.Context) ([]Step, error) {
	var steps []Step
	for _, md := range m.models {
		step, err := m.planPending(ctx, md)
		if err != nil {
			return nil, err
		}
		m.version[md.name()] = m.was[md.name()]
		if step.Action != Skip {
			m.version[md.name()] = m.build.ID
			m.changes[md.name()] = &tableChange{isPending: true}
		}
		if m.build.selected.includes(md.name()) {
			steps = append(steps, step)
		}
	}
	for _, d := range m.kpis {
		if !m.build.selected.includes(d.ID) {
			continue
		}
		steps = append(steps, m.planKPI(d))
	}
	return steps, nil
}

// planKPI says what is known of a KPI before its tables are computed.
func (m *modelBuild) planKPI(d *kpi.Definition) Step {
	changed := m.pending(m.readsOf(d))
	switch {
	case m.build.full:
		return Step{d.ID, Whole, "a full build was asked for"}
	case m.before[d.ID] == nil:
		return Step{d.ID, Whole, "it was never computed"}
	case m.build.selected.isNamed(d.ID):
		return Step{d.ID, Whole, "it was selected"}
	case len(changed) > 0:
		return Step{d.ID, Slice, "its periods from the earliest row on that changes in " + strings.Join(changed, ", ")}
	}
	return Step{d.ID, Skip, "nothing that it reads changes, unless it is a new day or its definition is another"}
}

// pending are the tables whose rows a model of this build may change.
func (m *modelBuild) pending(names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return m.changes[name] == nil || !m.changes[name].isPending
	})
}

// planPending plans a model some of whose inputs are yet to be computed.
func (m *modelBuild) planPending(ctx context.Context, md *model) (Step, error) {
	if !m.build.selected.includes(md.name()) {
		return Step{md.name(), Skip, "it was not selected"}, nil
	}
	pending := m.pending(md.inputs())
	step, err := m.plan(ctx, md)
	if err != nil || len(pending) == 0 || step.Action == Whole {
		return step, err
	}
	if md.slice == nil {
		return Step{md.name(), Whole, "if rows change in " + strings.Join(pending, ", ")}, nil
	}
	reason := "the keys of rows that change in " + strings.Join(pending, ", ")
	if step.Action == Slice {
		reason = step.Reason + "; and " + reason
	}
	return Step{md.name(), Slice, reason}, nil
}
