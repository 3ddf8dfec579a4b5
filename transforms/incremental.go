package transforms

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/warehouse"
)

// followedRows is how many rows a table may have so that a build that computed
// it whole compares it with what it was: what reads it then stays as it is, or
// computes a slice.
const followedRows = 3_000_000

// A modelBuild brings the models up to date, one after another, in the
// transaction of the marts.
type modelBuild struct {
	*Builder
	tx      *warehouse.Tx
	build   *Build
	before  map[string]*modelState
	version map[string]string       // of every table as it is now
	was     map[string]string       // of every table before this build
	changes map[string]*tableChange // of every table that has been looked at

	slicing *sliceRun        // of the model that is planned last
	rows    map[string]int64 // of tables whose rows were counted
	open    map[string]bool  // tables that were written and not committed
}

func (b *Builder) newModelBuild(ctx context.Context, tx *warehouse.Tx, build *Build) (*modelBuild, error) {
	m := &modelBuild{Builder: b, tx: tx, build: build, version: map[string]string{}, was: map[string]string{}, changes: map[string]*tableChange{},
		rows: map[string]int64{}, open: map[string]bool{}}
	if err := tx.Exec(ctx, createModelState); err != nil {
		return nil, err
	}
	var err error
	if m.before, err = readStates(ctx, tx); err != nil {
		return nil, err
	}
	if err := createNewPeople(ctx, tx); err != nil {
		return nil, err
	}
	for name, state := range m.before {
		m.was[name] = state.Version
	}
	for name := range b.knownTables() {
		if err := m.noteKnown(ctx, name); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// noteKnown finds what this build did to a table that no model makes: one of
// the lake, or one that the build itself has just written from the
// configuration, whose version is what it holds.
func (m *modelBuild) noteKnown(ctx context.Context, name string) error {
	p := m.build.plan
	if strings.HasPrefix(name, "staging.") || strings.HasPrefix(name, "identity.") {
		m.was[name], m.version[name] = p.versions[name], p.versions[name]
		if p.noted[name] {
			m.version[name] = m.build.ID
			m.changes[name] = &tableChange{rows: p.deltas[name]}
		}
		return nil
	}
	content, err := contentOf(ctx, m.tx, "marts."+name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	m.version[name] = content
	return nil
}

// inputChange says what happened to an input since the model read it.
func (m *modelBuild) inputChange(model, input string) *tableChange {
	read := m.before[model].Inputs[input]
	switch {
	case read == m.version[input]:
		return &tableChange{isNone: true}
	case read == m.was[input] && m.changes[input] != nil:
		return m.changes[input]
	}
	return &tableChange{}
}

// inputs are the names of the tables that the model reads, each once.
func (md *model) inputs() []string {
	var names []string
	for _, read := range md.reads {
		names = append(names, read.name())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// plan decides what happens to the model. The reason is for people.
func (m *modelBuild) plan(ctx context.Context, md *model) (Step, error) {
	step := Step{Name: md.name(), Action: Whole}
	state := m.before[md.name()]
	switch {
	case m.build.full:
		step.Reason = "a full build was asked for"
	case state == nil:
		step.Reason = "it was never built"
	case m.build.selected.isNamed(md.name()):
		step.Reason = "it was selected"
	case state.Fingerprint != m.fingerprint(md.tree):
		step.Reason = "its text, a macro, a parameter or a setting that it reads changed"
	}
	if step.Reason != "" {
		return step, nil
	}
	var changed, unknown []string
	for _, input := range md.inputs() {
		c := m.inputChange(md.name(), input)
		if c.isNone || c.isPending {
			continue
		}
		changed = append(changed, input)
		if c.rows == "" {
			unknown = append(unknown, input)
		}
	}
	switch {
	case len(changed) == 0:
		return Step{md.name(), Skip, "nothing that it reads changed"}, nil
	case md.slice == nil:
		step.Reason = strings.Join(changed, ", ") + " changed"
	case len(unknown) > 0:
		step.Reason = strings.Join(unknown, ", ") + " changed as a whole"
	default:
		return m.planSlice(ctx, md, changed)
	}
	return step, nil
}

// planSlice fills slice_key with the keys that changed rows reach.
func (m *modelBuild) planSlice(ctx context.Context, md *model, changed []string) (Step, error) {
	step := Step{Name: md.name(), Action: Whole}
	run := &sliceRun{modelBuild: m, md: md}
	m.slicing = run
	for _, input := range changed {
		declared := md.slice.inputs[input]
		if declared == nil {
			isOld, err := m.isAboutOldPeople(ctx, m.changes[input].rows)
			if err != nil {
				return step, err
			}
			if isOld {
				step.Reason = input + " changed"
				return step, nil
			}
			continue
		}
		run.add(declared, m.changes[input].rows)
	}
	keys, err := run.collect(ctx)
	if err != nil {
		return step, fmt.Errorf("%s: find its slices: %w", md.tree.file, err)
	}
	step.Action, step.Reason = Slice, fmt.Sprintf("%s of %s: %s changed", counted(keys, "key"), md.slice.unit(), strings.Join(changed, ", "))
	if keys == 0 {
		step.Action, step.Reason = Skip, "what changed in "+strings.Join(changed, ", ")+" reaches no row"
	}
	isMost, err := run.isMost(ctx, changed)
	if isMost {
		step.Action, step.Reason = Whole, "much changed in "+strings.Join(changed, ", ")
	}
	return step, err
}

func counted(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// buildModels brings every model up to date.
func (b *Builder) buildModels(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	m, err := b.newModelBuild(ctx, tx, build)
	if err != nil {
		return err
	}
	build.models = m
	for i, md := range b.models {
		began := b.opts.Now()
		step, err := m.bring(ctx, md)
		if err != nil {
			return err
		}
		build.Steps = append(build.Steps, step)
		b.opts.Events(Event{Step: "model", Name: md.name(), Done: i + 1, Total: len(b.models), Took: b.opts.Now().Sub(began)})
	}
	build.Models = len(b.models)
	return nil
}

func (m *modelBuild) bring(ctx context.Context, md *model) (Step, error) {
	if !m.build.selected.includes(md.name()) {
		m.version[md.name()], m.changes[md.name()] = m.was[md.name()], &tableChange{isNone: true}
		if m.before[md.name()] == nil {
			return Step{}, fmt.Errorf("%s was never built: run `rollcall build` once without --select", md.name())
		}
		return Step{md.name(), Skip, "it was not selected"}, nil
	}
	step, err := m.plan(ctx, md)
	if err != nil {
		return step, err
	}
	c := &tableChange{isNone: true}
	switch step.Action {
	case Slice:
		c, err = m.slicing.replace(ctx)
	case Whole:
		c, err = m.computeWhole(ctx, md)
	}
	if err != nil {
		return step, err
	}
	if step.Action != Skip {
		delete(m.rows, md.name())
		m.open[md.name()] = true
	}
	m.changes[md.name()] = c
	m.version[md.name()] = m.was[md.name()]
	if !c.isNone {
		m.version[md.name()] = m.build.ID
	}
	state := &modelState{Version: m.version[md.name()], Fingerprint: m.fingerprint(md.tree), Inputs: map[string]string{}}
	for _, input := range md.inputs() {
		state.Inputs[input] = m.version[input]
	}
	return step, writeState(ctx, m.tx, step, state)
}

func (md *model) text() string { return strings.TrimRight(strings.TrimSpace(md.tree.text), ";") }

// computeWhole makes the table anew. Where it is small enough it is compared
// with what it was.
func (m *modelBuild) computeWhole(ctx context.Context, md *model) (*tableChange, error) {
	table := fmt.Sprintf("marts.%s.%s", ident(md.Schema), ident(md.Table))
	isFollowed := false
	var then int64
	if m.before[md.name()] != nil {
		var err error
		if then, err = m.count(ctx, table); err != nil {
			return nil, err
		}
		isFollowed = then <= followedRows
	}
	if isFollowed {
		if err := m.tx.Exec(ctx, "create or replace temp table was as select * from "+table); err != nil {
			return nil, err
		}
	}
	if err := m.create(ctx, md, table); err != nil {
		return nil, err
	}
	if err := comment(ctx, m.tx, "marts."+md.name(), md.doc); err != nil {
		return nil, fmt.Errorf("%s: %w", md.tree.file, err)
	}
	if !isFollowed {
		return &tableChange{}, nil
	}
	// As many rows as that are not followed anyway, and comparing them costs more
	// than making them.
	now, err := m.count(ctx, table)
	if grown := max(now-then, then-now); err != nil || now > followedRows || grown > 1000 && float64(grown) > wholeShare*float64(now) {
		return &tableChange{}, err
	}
	return m.compare(ctx, md, "from "+table, "from temp.was")
}

// create makes the model's table.
func (m *modelBuild) create(ctx context.Context, md *model, table string) error {
	areMany, areOpen, err := m.inputsOf(ctx, md)
	if err != nil {
		return err
	}
	if areOpen {
		if err := m.commit(ctx); err != nil {
			return err
		}
	}
	text, made := md.text(), []string(nil)
	if areMany {
		if text, made, err = m.computeApart(ctx, md); err != nil {
			return err
		}
	}
	if err := m.tx.Exec(ctx, "create or replace table "+table+" as\n"+text); err != nil {
		return m.blame(ctx, md.reads, md.tree.locate(err, 1))
	}
	for _, apart := range made {
		if err := m.tx.Exec(ctx, "drop table "+apart); err != nil {
			return err
		}
	}
	return nil
}

func (m *modelBuild) count(ctx context.Context, table string) (int64, error) {
	found, err := m.tx.Query(ctx, "select count(*) from "+table)
	if err != nil {
		return 0, err
	}
	var rows int64
	return rows, scanOne(found, &rows)
}

// compare keeps the rows by which the model's table differs from what it was;
// nothing is known of a table whose columns changed.
func (m *modelBuild) compare(ctx context.Context, md *model, after, before string) (*tableChange, error) {
	described := tables{m.tx}
	now, err := described.Columns(ctx, "select * "+after)
	if err != nil {
		return nil, err
	}
	then, err := described.Columns(ctx, "select * "+before)
	if err != nil || !slices.Equal(now, then) {
		return &tableChange{}, err
	}
	rows := "temp." + ident("rows of "+md.name())
	if err := m.tx.Exec(ctx, "create or replace temp table "+strings.TrimPrefix(rows, "temp.")+" as "+changedRows("select * "+after, "select * "+before)); err != nil {
		return nil, fmt.Errorf("compare %s: %w", md.name(), err)
	}
	found, err := m.tx.Query(ctx, "select count(*) = 0 from "+rows)
	if err != nil {
		return nil, err
	}
	c := &tableChange{rows: rows}
	return c, scanOne(found, &c.isNone)
}
