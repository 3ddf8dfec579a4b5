package transforms

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rollcall/transforms/kpi"
)

// A sliceRun computes the changed slices of one model. temp.slice_key holds the
// keys; of periods those of the inputs, temp.slice_reached those of the output and
// temp.slice_of whose rows changed, where only theirs are computed.
type sliceRun struct {
	*modelBuild
	md   *model
	keys []string // selects of keys
	rows []string // tables of changed rows of inputs that reach slices

	hasNull map[string]bool // tables of keys with one that is null

	has map[string]bool // inputs with the column that temp.slice_of is about; nil: everybody is computed
}

// unit names what keys are, for people.
func (s *slice) unit() string {
	if s.isPeriods {
		return "days"
	}
	return s.key
}

// isAboutOldPeople reports whether a dimension's changed rows say anything
// about people who were known before this build. New rows about new people can
// change no old row of a fact.
func (m *modelBuild) isAboutOldPeople(ctx context.Context, rows string) (bool, error) {
	columns, err := tables{m.tx}.Columns(ctx, "select * from "+rows)
	if err != nil {
		return false, err
	}
	old := "true"
	for _, c := range columns {
		switch c.Name {
		case "identity_id":
			old = "added_rows < 0 or not exists (select 1 from temp.new_login as n where n.identity_id = d.identity_id)"
		case "person_id":
			old = "added_rows < 0 or not exists (select 1 from temp.new_person as n where n.person_id = d.person_id)"
		default:
			continue
		}
		break
	}
	found, err := m.tx.Query(ctx, fmt.Sprintf("select count(*) > 0 from %s as d where %s", rows, old))
	if err != nil {
		return false, err
	}
	var isOld bool
	return isOld, scanOne(found, &isOld)
}

// add notes the keys that the changed rows of an input reach.
func (r *sliceRun) add(input *sliceInput, rows string) {
	r.rows = append(r.rows, rows)
	if input.key != "" {
		r.keys = append(r.keys, fmt.Sprintf("select %s as slice_key from %s", input.key, rows))
	}
	for _, via := range input.via {
		r.keys = append(r.keys, fmt.Sprintf("select %s as slice_key from %s where %s in (select d.%s from %s as d)",
			r.md.slice.inputs[via.table].key, via.table, ident(via.tableColumn), ident(via.column), rows))
	}
}

// collect makes the tables of keys and counts those of the inputs.
func (r *sliceRun) collect(ctx context.Context) (int64, error) {
	if len(r.keys) == 0 {
		return 0, nil
	}
	statements := []string{
		"create or replace temp table slice_key as select distinct slice_key from (\n" + strings.Join(r.keys, "\nunion all\n") + "\n)",
	}
	if r.md.slice.isPeriods {
		statements = append(statements[:1], r.periods()...)
	}
	if r.md.slice.of != "" {
		whose, err := r.whose(ctx)
		if err != nil {
			return 0, err
		}
		statements = append(statements, whose...)
	}
	for _, statement := range statements {
		if err := r.tx.Exec(ctx, statement); err != nil {
			return 0, err
		}
	}
	r.hasNull = map[string]bool{}
	if r.has != nil {
		if _, err := r.countKeys(ctx, "temp.slice_of"); err != nil {
			return 0, err
		}
	}
	return r.countKeys(ctx, "temp.slice_key")
}

// countKeys counts the keys of a table and notes whether one of them is null.
func (r *sliceRun) countKeys(ctx context.Context, table string) (int64, error) {
	found, err := r.tx.Query(ctx, "select count(*), count(*) > count(slice_key) from "+table)
	if err != nil {
		return 0, err
	}
	var keys int64
	var hasNull bool
	err = scanOne(found, &keys, &hasNull)
	r.hasNull[table] = hasNull
	return keys, err
}

// periods turns changed days into the periods whose rows they reach, and those
// into all days that their rows depend on.
func (r *sliceRun) periods() []string {
	s := r.md.slice
	return []string{
		`create or replace temp table slice_period as
select p.grain, p.period_start, p.period_end, row_number() over (partition by p.grain order by p.period_start) as place
from ref.period as p where p.grain in ('week', 'month', 'quarter')`,
		fmt.Sprintf(`create or replace temp table slice_reached as
select distinct a.grain, a.period_start, a.place
from temp.slice_period as c
inner join temp.slice_period as a on a.grain = c.grain and a.place between c.place - %d and c.place + %d
where exists (select 1 from temp.slice_key as k where k.slice_key >= c.period_start and k.slice_key < c.period_end)`, s.ahead, s.back),
		fmt.Sprintf(`create or replace temp table slice_key as
select distinct cast(unnest(generate_series(cast(p.period_start as timestamp), p.period_end - interval 1 day, interval 1 day)) as date) as slice_key
from temp.slice_period as p
where exists (select 1 from temp.slice_reached as a where a.grain = p.grain and p.place between a.place - %d and a.place + %d)`, s.back, s.ahead),
	}
}

// whose finds whose rows changed, unless an input changed that says of nobody whom
// its rows are about.
func (r *sliceRun) whose(ctx context.Context) ([]string, error) {
	column := r.md.slice.of
	hasColumn := func(table string) (bool, error) {
		columns, err := tables{r.tx}.Columns(ctx, "select * from "+table)
		return slices.ContainsFunc(columns, func(c kpi.Column) bool { return c.Name == column }), err
	}
	var parts []string
	for _, rows := range r.rows {
		if is, err := hasColumn(rows); err != nil || !is {
			return nil, err
		}
		parts = append(parts, fmt.Sprintf("select %s as slice_key from %s", column, rows))
	}
	r.has = map[string]bool{}
	for name := range r.md.slice.inputs {
		var err error
		if r.has[name], err = hasColumn(name); err != nil {
			return nil, err
		}
	}
	return []string{"create or replace temp table slice_of as\n" + strings.Join(parts, "\nunion\n")}, nil
}

// isMost reports whether so many rows of an input changed that computing
// everything is as fast.
func (r *sliceRun) isMost(ctx context.Context, changed []string) (bool, error) {
	for _, input := range changed {
		if declared := r.md.slice.inputs[input]; declared == nil || declared.key == "" {
			continue
		}
		found, err := r.tx.Query(ctx, fmt.Sprintf("select (select count(*) from %s), (select count(*) from %s)", r.changes[input].rows, input))
		if err != nil {
			return false, err
		}
		var rows, all int64
		if err := scanOne(found, &rows, &all); err != nil {
			return false, err
		}
		if rows > 1000 && float64(rows) > wholeShare*float64(all) {
			return true, nil
		}
	}
	return false, nil
}

// replace computes the slices and puts them in the place of what they were.
func (r *sliceRun) replace(ctx context.Context) (*tableChange, error) {
	table := fmt.Sprintf("marts.%s.%s", ident(r.md.Schema), ident(r.md.Table))
	inOutput := r.inOutput()
	if err := r.tx.Exec(ctx, "create or replace temp table slice_now as select * from (\n"+r.sliced()+"\n) as o where "+inOutput); err != nil {
		return nil, r.blame(ctx, r.md.reads, r.md.tree.locate(err, 1))
	}
	c, err := r.compare(ctx, r.md, "from temp.slice_now", "from "+table+" as o where "+inOutput)
	if err != nil || c.isNone {
		return c, err
	}
	if c.rows == "" {
		return nil, fmt.Errorf("%s: its slice has other columns than its table", r.md.tree.file)
	}
	for _, statement := range []string{"delete from " + table + " as o where " + inOutput, "insert into " + table + " select * from temp.slice_now"} {
		if err := r.tx.Exec(ctx, statement); err != nil {
			return nil, fmt.Errorf("replace slices of %s: %w", r.md.name(), err)
		}
	}
	return c, nil
}

// inOutput are the rows o of the output that are computed again.
func (r *sliceRun) inOutput() string {
	if !r.md.slice.isPeriods {
		return r.inKeys("temp.slice_key", r.md.slice.key)
	}
	condition := "exists (select 1 from temp.slice_reached as k where k.grain = o.grain and k.period_start = o.period_start)"
	if r.has != nil {
		condition += " and " + r.inKeys("temp.slice_of", "o."+r.md.slice.of)
	}
	return condition
}

// inKeys asks for a key among those of a table, and of more selects. DuckDB joins
// what is asked so; by what a subquery compares that says `is not distinct from` it
// groups all rows first.
func (r *sliceRun) inKeys(table, expression string, more ...string) string {
	keys := append([]string{"select k.slice_key from " + table + " as k"}, more...)
	condition := fmt.Sprintf("(%s) in (%s)", expression, strings.Join(keys, " union all "))
	if r.hasNull[table] {
		condition = fmt.Sprintf("((%s) is null or %s)", expression, condition)
	}
	return condition
}

// sliced is the model's select over the slices of its inputs, line by line
// where it was.
func (r *sliceRun) sliced() string {
	text := r.md.text()
	shift := strings.Index(r.md.tree.text, text)
	reads := slices.Clone(r.md.reads)
	slices.SortFunc(reads, func(a, b reference) int { return b.Offset - a.Offset })
	for _, read := range reads {
		input := r.md.slice.inputs[read.name()]
		if input == nil || input.key == "" {
			continue
		}
		alias := ""
		if read.Alias == "" {
			alias = " as " + ident(read.Table)
		}
		at := read.Offset - shift
		text = text[:at] + "(select * from " + read.name() + " where " + r.filter(read.name(), input) + ")" + alias + text[at+len(read.name()):]
	}
	return text
}

// filter keeps the rows of an input that slices depend on: those of the keys,
// and those that rows of other inputs with these keys point to.
func (r *sliceRun) filter(name string, input *sliceInput) string {
	var same, conditions []string
	for _, via := range input.via {
		pointing := fmt.Sprintf("select %s from %s where %s", ident(via.tableColumn), via.table, r.inKeys("temp.slice_key", r.md.slice.inputs[via.table].key))
		if via.column == input.key { // one join in the place of two and an or
			same = append(same, pointing)
		} else {
			conditions = append(conditions, fmt.Sprintf("%s in (%s)", ident(via.column), pointing))
		}
	}
	condition := strings.Join(append(conditions, r.inKeys("temp.slice_key", input.key, same...)), " or ")
	if r.has[name] {
		condition = "(" + condition + ") and " + r.inKeys("temp.slice_of", r.md.slice.of)
	}
	return condition
}
