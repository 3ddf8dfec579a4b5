package transforms

import (
	"context"
	"fmt"
	"strings"

	"rollcall/internal/warehouse"
)

// writeLake brings the staging tables up to date, resolves people and
// remembers what was staged, in one transaction of the lake. Nothing changed:
// nothing is written.
func (b *Builder) writeLake(ctx context.Context, build *Build) error {
	p := build.plan
	if !p.isIdle() {
		if err := b.offerIdentity(ctx); err != nil {
			return fmt.Errorf("offer the reading of addresses: %w", err)
		}
		err := b.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
			if err := b.writeShapes(ctx, tx, build); err != nil {
				return err
			}
			if err := b.resolve(ctx, tx, build); err != nil {
				return err
			}
			return b.rememberStaged(ctx, tx, build)
		})
		if err != nil {
			return fmt.Errorf("write the lake: %w", err)
		}
	}
	if err := b.countStreams(ctx, build); err != nil {
		return err
	}
	return b.emptyWork(ctx, "raw", "staging", "staged") // the marts need the memory
}

func (b *Builder) writeShapes(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	began := b.opts.Now()
	for _, name := range sortedKeys(b.shapes) {
		if err := b.writeShape(ctx, tx, b.shapes[name], build); err != nil {
			return fmt.Errorf("write staging.%s: %w", name, err)
		}
	}
	b.opts.Events(Event{Step: "write", Name: "staging", Done: 1, Total: 1, Took: b.opts.Now().Sub(began)})
	return nil
}

// resolve says who is who and which companies are one.
func (b *Builder) resolve(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	began := b.opts.Now()
	if err := b.keepPeople(ctx, tx, build); err != nil {
		return fmt.Errorf("resolve people: %w", err)
	}
	if err := b.keepCompanies(ctx, tx, build); err != nil {
		return fmt.Errorf("resolve companies: %w", err)
	}
	b.opts.Events(Event{Step: "identity", Name: "people and companies", Done: 1, Total: 1, Took: b.opts.Now().Sub(began)})
	return nil
}

// writeShape replaces the rows of changed records by what they say now.
func (b *Builder) writeShape(ctx context.Context, tx *warehouse.Tx, s *shape, build *Build) error {
	p := build.plan
	if !p.touched(s) {
		return nil
	}
	table, dropped := "lake.staging."+ident(s.Table), p.dropped(s)
	var statements []string
	switch {
	case p.replaces(s):
		statements = []string{fmt.Sprintf("create or replace table %s as\n%s", table, p.renewal(s, dropped))}
	default:
		statements = []string{fmt.Sprintf("delete from %s as s using work.staged.record as c where c.record = s.record", table)}
		if dropped != "false" {
			statements = append(statements, fmt.Sprintf("delete from %s as s where %s", table, dropped))
		}
		statements = append(statements, fmt.Sprintf("insert into %s select * from work.staging.%s", table, ident(s.Table)))
	}
	for _, statement := range statements {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	if err := comment(ctx, tx, table, s.doc); err != nil {
		return err
	}
	return noteChange(ctx, tx, "staging."+s.Table, build)
}

// replaces reports whether the staging table is written anew and not record by
// record.
func (p *stagingPlan) replaces(s *shape) bool {
	return p.reshape[s.Table] || len(p.full) > 0 || len(p.renewed) > 0
}

// renewal selects the rows that stay and those that were staged now.
func (p *stagingPlan) renewal(s *shape, dropped string) string {
	staged := "select * from work.staging." + ident(s.Table)
	existing := map[string]string{}
	for _, c := range p.columns[s.Table] {
		existing[c.Name] = c.Type
	}
	if len(existing) == 0 {
		return staged
	}
	var columns []string
	for _, c := range s.columns {
		if existing[c.Name] == c.Type {
			columns = append(columns, "s."+ident(c.Name))
		} else {
			columns = append(columns, fmt.Sprintf("cast(null as %s) as %s", c.Type, ident(c.Name)))
		}
	}
	return fmt.Sprintf(`select %s from lake.staging.%s as s
where not (%s) and not exists (select 1 from work.staged.record as c where c.record = s.record)
union all
%s`, strings.Join(columns, ", "), ident(s.Table), dropped, staged)
}

// dropped is the condition of rows s that go whatever was staged now: those of
// renewed files, of streams that were parsed whole, and of instances that raw
// no longer holds. A record is type:instance:stream:key.
func (p *stagingPlan) dropped(s *shape) string {
	var conditions []string
	for file := range p.renewed {
		if file.Shape == s.Table {
			conditions = append(conditions, recordPart(1, file.Type))
		}
	}
	for whole := range p.full {
		conditions = append(conditions, "("+recordPart(1, whole.Type)+" and "+recordPart(3, whole.Name)+")")
	}
	for key := range p.gone {
		conditions = append(conditions, "("+recordPart(1, key.Type)+" and "+recordPart(2, key.Instance)+" and "+recordPart(3, key.Stream)+")")
	}
	if len(conditions) == 0 {
		return "false"
	}
	return strings.Join(conditions, " or ")
}

func recordPart(position int, value string) string {
	return fmt.Sprintf("split_part(s.record, ':', %d) = %s", position, literal(value))
}

// noteChange lets the models that read the table be built again.
func noteChange(ctx context.Context, tx *warehouse.Tx, name string, build *Build) error {
	build.plan.noted[name] = true
	if err := tx.Exec(ctx, "delete from lake.staged.change where name = ?", name); err != nil {
		return err
	}
	return tx.Exec(ctx, "insert into lake.staged.change values (?, ?)", name, build.ID)
}

// rememberStaged replaces what the next build compares with.
func (b *Builder) rememberStaged(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	p := build.plan
	gone := (&stagingPlan{full: p.full, gone: p.gone}).dropped(&shape{model: &model{}})
	statements := []string{
		"delete from lake.staged.fault as s where " + gone,
		"delete from lake.staged.fault as s using work.staged.record as c where c.record = s.record",
		"insert into lake.staged.fault select * from work.staged.fault",
	}
	for _, source := range b.opts.Sources {
		statements = append(statements, "delete from lake.staged.run where type = "+literal(source.Type),
			"delete from lake.staged.stream where type = "+literal(source.Type), "delete from lake.staged.file where type = "+literal(source.Type))
	}
	for key := range p.gone {
		for _, table := range []string{"run", "stream"} {
			statements = append(statements, fmt.Sprintf("delete from lake.staged.%s where type = %s and instance = %s and stream = %s",
				table, literal(key.Type), literal(key.Instance), literal(key.Stream)))
		}
	}
	for _, statement := range append(statements, "insert into lake.staged.run select * from work.staged.run") {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	for key, s := range p.staged {
		if err := tx.Exec(ctx, "insert into lake.staged.stream values (?, ?, ?, ?, ?, ?)", key.Type, key.Stream, key.Instance, s.kinds, s.shapes, s.records); err != nil {
			return err
		}
	}
	for file, print := range p.files {
		if err := tx.Exec(ctx, "insert into lake.staged.file values (?, ?, ?)", file.Type, file.Shape, print); err != nil {
			return err
		}
	}
	return b.writeRejectedValues(ctx, tx, build)
}

// writeRejectedValues sums the faults of all staged records, so that full and
// incremental builds count alike.
func (b *Builder) writeRejectedValues(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	if err := tx.Exec(ctx, "delete from lake.ops.rejected_value"); err != nil {
		return err
	}
	return tx.Exec(ctx, `insert into lake.ops.rejected_value
    (type, instance, stream, path, json_type, value_count, sample_key, build_id, seen_at)
select type, instance, stream, path, json_type, cast(sum(faults) as bigint), min(key), ?, ?
from lake.staged.fault
where not is_left_out
group by type, instance, stream, path, json_type`, build.ID, b.opts.Now().UTC())
}

// countStreams says of each stream how many records it has, how many were left
// out and how many values were lost, over all builds since it was staged first.
func (b *Builder) countStreams(ctx context.Context, build *Build) error {
	found := map[[2]string][2]int64{}
	rows, err := b.opts.DB.SQL().QueryContext(ctx, `select type, stream, count(*) filter (where is_left_out), cast(sum(faults) as bigint)
from lake.staged.fault group by type, stream`)
	if err != nil {
		return fmt.Errorf("count rejected values: %w", err)
	}
	defer func() { err = closing(rows, err) }()
	for rows.Next() {
		var name [2]string
		var counts [2]int64
		if err := rows.Scan(&name[0], &name[1], &counts[0], &counts[1]); err != nil {
			return err
		}
		found[name] = counts
	}
	for _, s := range b.streams {
		count := StreamCount{Type: s.Type, Stream: s.Name, LeftOut: found[[2]string{s.Type, s.Name}][0], RejectedValues: found[[2]string{s.Type, s.Name}][1]}
		for key, staged := range build.plan.staged {
			if key.Type == s.Type && key.Stream == s.Name {
				count.Records += staged.records
			}
		}
		build.Streams = append(build.Streams, count)
	}
	return rows.Err()
}
