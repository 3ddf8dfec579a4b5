package transforms

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/warehouse"
	"rollcall/transforms/kpi"
)

// What the state of a KPI holds beside the versions of the tables that it read.
const (
	readToday   = "today"
	readCovered = "covered until"
)

// planKPIs finds from which day on each KPI has to be computed, and leaves out
// those of which nothing changed.
func (b *Builder) planKPIs(ctx context.Context, tx *warehouse.Tx, build *Build, run kpi.Run, configured []kpi.Finished) ([]kpi.Finished, error) {
	pasts := map[string]*kpi.Past{}
	for i := range configured {
		p, err := build.models.pastOf(ctx, &configured[i])
		if err != nil {
			return nil, err
		}
		pasts[configured[i].ID] = p
	}
	if err := kpi.Plan(ctx, tables{tx}, run, configured, pasts); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(configured), func(f kpi.Finished) bool { return f.IsUntouched() }), nil
}

// kpiTables are the tables that a KPI's cells depend on: those that its select
// names, and those by which its people are known and sliced.
func (m *modelBuild) kpiTables(f *kpi.Finished) []string {
	names := append(m.readsOf(f.Definition), "ref.calendar", "ref.period", "ref.data_start", "core.person_identity", "mart.person", "mart.person_period")
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return m.version[name] == "" })
}

// pastOf says what happened to what a KPI is made of since it was computed.
func (m *modelBuild) pastOf(ctx context.Context, f *kpi.Finished) (*kpi.Past, error) {
	p := &kpi.Past{IsWhole: true}
	state := m.before[f.ID]
	if m.build.full || state == nil || m.build.selected.isNamed(f.ID) || state.Fingerprint != m.kpiFingerprint(f) {
		return p, nil
	}
	names, read := m.kpiTables(f), m.readsOf(f.Definition)
	p.IsWhole = len(state.Inputs) != len(names)+2
	for _, name := range []string{readToday, readCovered} {
		if was, is := state.Inputs[name], m.kpiInput(f, name); was != is && (p.Since == "" || was < p.Since) {
			p.Since = was
		}
	}
	for _, name := range names {
		c := m.inputChange(f.ID, name)
		if c.isNone {
			continue
		}
		isWhole, isNothing, err := m.isAboutPeople(ctx, name, c)
		if err != nil {
			return nil, err
		}
		p.IsWhole = p.IsWhole || isWhole
		if !isNothing {
			p.Changes = append(p.Changes, kpi.Change{Table: name, Rows: c.rows, IsAside: !slices.Contains(read, name)})
		}
	}
	return p, nil
}

// isAboutPeople looks at the tables that say who somebody is. What they say of
// people who are new is about nothing that was there before; what they say of
// others moves any of their past acts.
func (m *modelBuild) isAboutPeople(ctx context.Context, name string, c *tableChange) (isWhole, isNothing bool, err error) {
	if name != "core.person_identity" && name != "mart.person" {
		return name == "ref.data_start", false, nil
	}
	if c.rows == "" {
		return true, false, nil
	}
	isOld, err := m.isAboutOldPeople(ctx, c.rows)
	return isOld, !isOld, err
}

// kpiInput is what the KPI reads beside tables.
func (m *modelBuild) kpiInput(f *kpi.Finished, name string) string {
	if name == readToday {
		return m.today()
	}
	if len(f.Covered) == 0 {
		return ""
	}
	return f.Covered[len(f.Covered)-1].Until.In(m.opts.Config.TimeZone).Format(time.DateOnly)
}

// kpiFingerprint is everything that decides a KPI's cells beside the rows that
// it reads, the day, and how far its sources are complete.
func (m *modelBuild) kpiFingerprint(f *kpi.Finished) string {
	header, err := json.Marshal(f.Definition)
	if err != nil {
		header = []byte(m.build.ID)
	}
	parts := []string{kpi.Shape(), string(header), m.fingerprint(m.trees[f.ID]), f.Hash, fmt.Sprint(f.Number), f.Witnessed.String()}
	for _, s := range m.settings() {
		if s[0] != "today" {
			parts = append(parts, s[1])
		}
	}
	for i, c := range f.Covered {
		parts = append(parts, c.From.String())
		if i < len(f.Covered)-1 {
			parts = append(parts, c.Until.String())
		}
	}
	return fingerprint(parts...)
}

// rememberKPIs notes what the computed KPIs were made of, and forgets those that
// have no rows any more.
func (m *modelBuild) rememberKPIs(ctx context.Context, tx *warehouse.Tx, computed []kpi.Finished, kept []string) error {
	if err := tx.Exec(ctx, "delete from checks.model where not contains(model, '.') and model not in ("+strings.Join(literals(append(kept, "")), ", ")+")"); err != nil {
		return err
	}
	for i := range computed {
		f := &computed[i]
		step := Step{f.ID, Whole, "all its periods"}
		if f.Since != "" {
			step.Action, step.Reason = Slice, "its periods from "+f.Since+" on"
		}
		state := &modelState{Version: m.build.ID, Fingerprint: m.kpiFingerprint(f), Inputs: map[string]string{}}
		for _, name := range m.kpiTables(f) {
			state.Inputs[name] = m.version[name]
		}
		for _, name := range []string{readToday, readCovered} {
			state.Inputs[name] = m.kpiInput(f, name)
		}
		if err := writeState(ctx, tx, step, state); err != nil {
			return fmt.Errorf("remember what %s was made of: %w", f.ID, err)
		}
	}
	return nil
}

func literals(texts []string) []string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = literal(text)
	}
	return quoted
}
