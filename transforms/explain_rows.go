package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/transforms/kpi"
)

// atoms finds the atoms behind the cell, and what they add up to.
func (x *explainer) atoms(ctx context.Context) error {
	if x.out.Refused != "" || !x.d.HasAtoms(x.out.Grain) {
		return nil
	}
	cell, err := x.cell()
	if err != nil {
		return err
	}
	conn := connTables{x.conn}
	today, err := conn.Text(ctx, "select setting('today')")
	if err != nil {
		return err
	}
	if err := kpi.WriteCellRows(ctx, conn, today, x.d, cell); err != nil {
		return fmt.Errorf("read the atoms of %s in %s: %w", x.d.ID, x.out.Period, err)
	}
	x.hasRows = true
	sums := &AtomSums{PerDay: x.d.Per == "day"}
	err = x.conn.QueryRowContext(ctx, "select count(*), sum(r.numerator), sum(r.denominator) from "+kpi.CellRows+" as r").
		Scan(&sums.Count, &sums.Numerator, &sums.Denominator)
	if err != nil {
		return fmt.Errorf("add up the atoms of %s: %w", x.out.Period, err)
	}
	x.out.Atoms = sums
	if x.request.Rows == 0 {
		return nil
	}
	return x.list(ctx)
}

func (x *explainer) cell() (kpi.Cell, error) {
	cell := kpi.Cell{Grain: x.out.Grain, SegmentType: x.out.SegmentType, SegmentValue: x.out.SegmentValue}
	var errs [2]error
	cell.From, errs[0] = time.Parse(time.DateOnly, x.out.From)
	cell.Until, errs[1] = time.Parse(time.DateOnly, x.out.Until)
	return cell, errors.Join(errs[:]...)
}

// connTables lets the KPI package read on a connection, into tables of its own.
type connTables struct{ *sql.Conn }

func (t connTables) Exec(ctx context.Context, query string, args ...any) error {
	_, err := t.ExecContext(ctx, query, args...)
	return err
}

// Columns describes a select.
func (t connTables) Columns(ctx context.Context, query string) ([]kpi.Column, error) {
	rows, err := t.QueryContext(ctx, "select column_name, column_type from (describe "+query+")")
	if err != nil {
		return nil, err
	}
	pairs, err := scanPairs(rows)
	var columns []kpi.Column
	for _, p := range pairs {
		columns = append(columns, kpi.Column{Name: p[0], Type: p[1]})
	}
	return columns, err
}

// Text runs a select of one text.
func (t connTables) Text(ctx context.Context, query string, args ...any) (text string, err error) {
	err = t.QueryRowContext(ctx, query, args...).Scan(&text)
	return text, err
}

func (x *explainer) list(ctx context.Context) (err error) {
	rows, err := x.conn.QueryContext(ctx, fmt.Sprintf(`select r.entity_id, r.person_id, r.account_id, cast(r.placed_on as varchar), r.amount, r.numerator, r.denominator
from %s as r order by r.placed_on, r.entity_id, r.person_id, r.numerator desc, r.denominator desc limit %d`, kpi.CellRows, x.request.Rows))
	if err != nil {
		return err
	}
	defer func() { err = closing(rows, err) }()
	for rows.Next() {
		var a Atom
		if err := rows.Scan(&a.EntityID, &a.PersonID, &a.AccountID, &a.On, &a.Amount, &a.Numerator, &a.Denominator); err != nil {
			return err
		}
		x.out.Rows = append(x.out.Rows, a)
	}
	return rows.Err()
}

// runs finds the sync runs that stored the records behind the atoms: those
// that show the things counted, or, of things that no record shows, those that
// show the people.
func (x *explainer) runs(ctx context.Context) error {
	if !x.hasRows {
		return nil
	}
	for _, by := range []struct{ basis, records string }{
		{"records of the things counted", x.recordsOf("entity_id", isEntityColumn)},
		{"records that the people counted left in the period", x.recordsOf("identity_id", isIdentityColumn)},
	} {
		if by.records == "" {
			continue
		}
		tables, err := x.streamsOf(ctx, by.records)
		if err != nil {
			return err
		}
		if len(tables) > 0 {
			x.out.RunsBasis = by.basis
			return x.readRuns(ctx, by.records, tables)
		}
	}
	return nil
}

// isEntityColumn reports whether a column of a shape holds ids of things that
// a KPI may count, or of what they belong to.
func isEntityColumn(name string) bool {
	return strings.HasSuffix(name, "_id") && name != "community_id" && name != "source_user_id" && !isIdentityColumn(name)
}

func isIdentityColumn(name string) bool { return strings.HasSuffix(name, "identity_id") }

// recordsOf is a select of the raw records whose staging rows name the atoms'
// entities or identities, those of identities as far as they tell of the period.
func (x *explainer) recordsOf(column string, isKey func(string) bool) string {
	var selects []string
	for _, name := range x.builder.needs(x.d) {
		shape := x.builder.shapes[name]
		if shape == nil {
			continue
		}
		within := ""
		if column == "identity_id" {
			within = x.inPeriod(shape)
		}
		for _, c := range shape.columns {
			if isKey(c.Name) && c.Type == "VARCHAR" {
				selects = append(selects, fmt.Sprintf("select s.record from lake.staging.%s as s where s.%s in (select b.id from behind as b)%s", ident(name), ident(c.Name), within))
			}
		}
	}
	if len(selects) == 0 {
		return ""
	}
	behind := "select distinct r.entity_id as id from " + kpi.CellRows + " as r where r.entity_id is not null"
	if column == "identity_id" {
		behind = "select distinct i.identity_id as id from core.person_identity as i inner join " + kpi.CellRows + " as r on r.person_id = i.person_id"
	}
	return fmt.Sprintf(`behind as materialized (
%s
),
records as materialized (
%s
)`, behind, strings.Join(selects, "\nunion\n"))
}

// inPeriod keeps the staging rows of a shape whose own time lies in the period,
// or before its end where what they tell goes on: a membership, a role.
func (x *explainer) inPeriod(s *shape) string {
	at := slices.IndexFunc(s.columns, func(c column) bool {
		return c.Type == "TIMESTAMP" && c.Name != "first_seen_at" && c.Name != "deleted_at" && c.Name != "source_updated_at"
	})
	if at < 0 {
		return ""
	}
	day := fmt.Sprintf("local_date(coalesce(s.%s, s.first_seen_at))", ident(s.columns[at].Name))
	within := fmt.Sprintf(" and %s < cast(%s as date)", day, literal(x.out.Until))
	if slices.ContainsFunc(s.columns, func(c column) bool {
		return c.Name == "left_at" || c.Name == "valid_to" || c.Name == "deactivated_at"
	}) {
		return within
	}
	return within + fmt.Sprintf(" and %s >= cast(%s as date)", day, literal(x.out.From))
}

func (x *explainer) streamsOf(ctx context.Context, records string) ([][2]string, error) {
	rows, err := x.conn.QueryContext(ctx, "with\n"+records+`
select distinct split_part(record, ':', 1) as type, split_part(record, ':', 3) as stream from records order by 1, 2`)
	if err != nil {
		return nil, fmt.Errorf("find the records behind %s: %w", x.d.ID, err)
	}
	return scanPairs(rows)
}

// readRuns counts the versions that each run stored of the records, as far as
// the build has staged them.
func (x *explainer) readRuns(ctx context.Context, records string, streams [][2]string) (err error) {
	var stored []string
	for _, s := range streams {
		stored = append(stored, fmt.Sprintf(`select %[1]s as type, %[2]s as stream, v.instance, v.run_id
from lake.raw.%[3]s as v inner join records as r on r.record = %[4]s || v.instance || %[5]s || v.key`,
			literal(s[0]), literal(s[1]), ident(s[0]+"__"+s[1]), literal(s[0]+":"), literal(":"+s[1]+":")))
	}
	rows, err := x.conn.QueryContext(ctx, fmt.Sprintf(`with
%s,
stored as (
%s
)
select s.run_id, s.type, s.instance, s.stream, coalesce(u.status, 'unknown'), coalesce(u.started_at, timestamp '1970-01-01'), count(*)
from stored as s
inner join lake.staged.run as g on g.type = s.type and g.stream = s.stream and g.instance = s.instance and g.run_id = s.run_id
left join lake.ops.run as u on u.run_id = s.run_id
group by all order by s.run_id`, records, strings.Join(stored, "\nunion all\n")))
	if err != nil {
		return fmt.Errorf("find the runs behind %s: %w", x.d.ID, err)
	}
	defer func() { err = closing(rows, err) }()
	for rows.Next() {
		var r RunBehind
		if err := rows.Scan(&r.Run, &r.Type, &r.Instance, &r.Stream, &r.Status, &r.Started, &r.Records); err != nil {
			return err
		}
		x.out.Runs = append(x.out.Runs, r)
	}
	return rows.Err()
}
