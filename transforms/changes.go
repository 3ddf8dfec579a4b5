package transforms

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/warehouse"
)

// planShapes finds staging tables that are missing or have not the columns of
// their shape.
func (b *Builder) planShapes(ctx context.Context, conn *sql.Conn, p *stagingPlan) error {
	err := eachRow(ctx, conn, `select table_name, column_name, data_type from duckdb_columns()
where database_name = 'lake' and schema_name = 'staging' order by table_name, column_index`, func(scan func(...any) error) error {
		var table string
		var c column
		err := scan(&table, &c.Name, &c.Type)
		p.columns[table] = append(p.columns[table], c)
		return err
	})
	for name, s := range b.shapes {
		if !slices.Equal(p.columns[name], s.columns) {
			p.reshape[name] = true
		}
	}
	return err
}

// planRuns finds the runs that brought something since they were staged. A run
// that holds fewer or other versions than before was rewritten: its stream is
// parsed whole.
func (b *Builder) planRuns(ctx context.Context, conn *sql.Conn, p *stagingPlan) error {
	for _, s := range b.streams {
		stored, err := tableExists(ctx, conn, warehouse.LakeCatalog, "raw", s.table())
		if err != nil {
			return err
		}
		if !stored {
			continue
		}
		if _, err := conn.ExecContext(ctx, fmt.Sprintf(`insert into work.staged.run
select %s as type, %s as stream, instance, run_id, count(*) as versions, bit_xor(hash(key_hash, version)) as fingerprint
from lake.raw.%s
group by instance, run_id`, literal(s.Type), literal(s.Name), ident(s.table()))); err != nil {
			return fmt.Errorf("count the runs of raw.%s: %w", s.table(), err)
		}
		if err := s.compareRuns(ctx, conn, p); err != nil {
			return fmt.Errorf("compare the runs of raw.%s: %w", s.table(), err)
		}
	}
	return nil
}

// compareRuns notes the runs of the stream that differ from what was staged.
// An instance of which nothing is left is no rewritten run: its rows go.
func (s *stream) compareRuns(ctx context.Context, conn *sql.Conn, p *stagingPlan) error {
	where := fmt.Sprintf("type = %s and stream = %s", literal(s.Type), literal(s.Name))
	if _, err := conn.ExecContext(ctx, fmt.Sprintf(`insert into work.staged.changed
select %[2]s as type, %[3]s as stream, coalesce(n.instance, o.instance) as instance, coalesce(n.run_id, o.run_id) as run_id,
    n.run_id is null or coalesce(n.versions <= o.versions, false) as is_rewritten
from (select * from work.staged.run where %[1]s) as n
full join (select * from lake.staged.run where %[1]s and instance in (select instance from work.staged.run where %[1]s)) as o
    on o.instance = n.instance and o.run_id = n.run_id
where n.versions is distinct from o.versions or n.fingerprint is distinct from o.fingerprint`, where, literal(s.Type), literal(s.Name))); err != nil {
		return err
	}
	var runs, rewritten int64
	if err := conn.QueryRowContext(ctx, "select count(*), count(*) filter (where is_rewritten) from work.staged.changed where "+where).Scan(&runs, &rewritten); err != nil {
		return err
	}
	switch {
	case rewritten > 0:
		p.full[s] = true
	case runs > 0:
		p.delta[s] = true
	}
	return nil
}

// planInstances finds what was staged of instances that raw no longer holds,
// and what is kept of instances that are no longer configured.
func (b *Builder) planInstances(ctx context.Context, conn *sql.Conn, p *stagingPlan) error {
	before, err := readStagedStreams(ctx, conn)
	if err != nil {
		return err
	}
	for _, s := range b.streams {
		if err := b.planStream(ctx, conn, p, s, before); err != nil {
			return err
		}
	}
	for key, was := range before {
		if now, isThere := p.staged[key]; isThere {
			p.altered = p.altered || now != was
			continue
		}
		held, err := rawHolds(ctx, conn, key)
		if err != nil {
			return err
		}
		// A stream that its connector no longer declares is gone as well.
		if !held || b.isConfigured(key.Type) {
			p.gone[key] = true
			continue
		}
		p.kept[key] = was
	}
	return nil
}

// planStream notes every instance of the stream that has records, configured
// or kept.
func (b *Builder) planStream(ctx context.Context, conn *sql.Conn, p *stagingPlan, s *stream, before map[streamKey]stagedStream) error {
	instances, err := s.recordsByInstance(ctx, conn, p, before)
	if err != nil {
		return fmt.Errorf("count the records of raw.%s: %w", s.table(), err)
	}
	var shapes []string
	for _, file := range b.filesOf(s) {
		shapes = append(shapes, file.Shape)
	}
	for name, records := range instances {
		key := streamKey{s.Type, name, s.Name}
		kinds, isConfigured := b.kindsOf(s.Type, name)
		if !isConfigured {
			kinds = before[key].kinds
		}
		p.staged[key] = stagedStream{kinds: kinds, shapes: strings.Join(shapes, ","), records: records}
		if !isConfigured {
			p.kept[key] = p.staged[key]
		}
	}
	return nil
}

// recordsByInstance counts keys where something changed and remembers them
// elsewhere.
func (s *stream) recordsByInstance(ctx context.Context, conn *sql.Conn, p *stagingPlan, before map[streamKey]stagedStream) (map[string]int64, error) {
	query := fmt.Sprintf("select instance, 0 from work.staged.run where type = %s and stream = %s group by instance", literal(s.Type), literal(s.Name))
	stored, err := tableExists(ctx, conn, warehouse.LakeCatalog, "raw", s.table())
	if err != nil {
		return nil, err
	}
	if p.changed(s) && stored {
		query = "select instance, count(distinct key) from lake.raw." + ident(s.table()) + " group by instance"
	}
	found := map[string]int64{}
	err = eachRow(ctx, conn, query, func(scan func(...any) error) error {
		var instance string
		var records int64
		err := scan(&instance, &records)
		if !p.changed(s) {
			records = before[streamKey{s.Type, instance, s.Name}].records
		}
		found[instance] = records
		return err
	})
	return found, err
}

// kindsOf gives the kinds of a configured instance, comma-joined.
func (b *Builder) kindsOf(typ, name string) (kinds string, isConfigured bool) {
	for _, source := range b.opts.Sources {
		for _, instance := range source.Instances {
			if source.Type == typ && instance.Name == name {
				return strings.Join(instance.Kinds, ","), true
			}
		}
	}
	return "", false
}

func readStagedStreams(ctx context.Context, conn *sql.Conn) (map[streamKey]stagedStream, error) {
	streams := map[streamKey]stagedStream{}
	err := eachRow(ctx, conn, "select type, instance, stream, kinds, shapes, records from lake.staged.stream", func(scan func(...any) error) error {
		var key streamKey
		var s stagedStream
		err := scan(&key.Type, &key.Instance, &key.Stream, &s.kinds, &s.shapes, &s.records)
		streams[key] = s
		return err
	})
	return streams, err
}

// rawHolds reports whether any version of an instance's stream is stored.
func rawHolds(ctx context.Context, conn *sql.Conn, key streamKey) (bool, error) {
	table := rawTable(key.Type, key.Stream)
	stored, err := tableExists(ctx, conn, warehouse.LakeCatalog, "raw", table)
	if err != nil || !stored {
		return false, err
	}
	var held bool
	err = conn.QueryRowContext(ctx, "select count(*) > 0 from (select 1 from lake.raw."+ident(table)+" where instance = ? limit 1)", key.Instance).Scan(&held)
	return held, err
}

// eachRow calls visit with the scanner of every row.
func eachRow(ctx context.Context, conn *sql.Conn, query string, visit func(scan func(...any) error) error) error {
	rows, err := conn.QueryContext(ctx, query)
	return visitRows(rows, err, visit)
}
