package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// findPeriod resolves the period's label.
func (x *explainer) findPeriod(ctx context.Context) error {
	label := strings.ToUpper(strings.TrimSpace(x.request.Period))
	err := x.conn.QueryRowContext(ctx, `select p.grain, cast(p.period_start as varchar), cast(p.period_end as varchar)
from ref.period as p where p.label = ?`, label).Scan(&x.out.Grain, &x.out.From, &x.out.Until)
	x.out.Period = label
	if errors.Is(err, sql.ErrNoRows) {
		return x.unknownPeriod(ctx, ": write 2026-02-05, 2026-W06, 2026-02, 2026-Q1 or 2026, with a fiscal year FY2026-Q1 and FY2026")
	}
	if err == nil && !slices.Contains(x.d.Grains, x.out.Grain) {
		return &Unknown{What: "value of " + x.d.ID + " by", Name: x.out.Grain, Known: x.d.Grains}
	}
	return err
}

// noValue says why a period that exists has no value.
func (x *explainer) noValue(ctx context.Context) error {
	missing, err := x.builder.notConfigured(ctx, x.conn, x.d.ID)
	if err != nil {
		return err
	}
	if missing != "" {
		return &Unknown{What: "value of", Name: x.d.ID, Note: ": it is not configured, " + missing}
	}
	return x.unknownPeriod(ctx, ": the period is not covered by what was synced, or has not begun")
}

// unknownPeriod lists the periods that have a value, those nearest to the one
// that was asked for first; of its form only, where there are any.
func (x *explainer) unknownPeriod(ctx context.Context, note string) error {
	rows, err := x.conn.QueryContext(ctx, `select p.label, p.grain from ref.period as p
where exists (
    select 1 from marts.kpi.value as v
    where v.kpi_id = ? and v.grain = p.grain and v.period_start = p.period_start and v.segment_type = ? and v.segment_value = ?
) and (? = '' or p.grain = ?) order by p.label`, x.d.ID, x.out.SegmentType, x.out.SegmentValue, x.out.Grain, x.out.Grain)
	if err != nil {
		return err
	}
	labels, err := scanPairs(rows)
	if err != nil {
		return err
	}
	var known, alike []string
	for _, l := range labels {
		known = append(known, l[0])
		if formOf(l[0]) == formOf(x.out.Period) {
			alike = append(alike, l[0])
		}
	}
	if len(alike) > 0 {
		known = alike
	}
	return &Unknown{What: "value of " + x.d.ID + " for", Name: x.request.Period, Known: around(known, x.out.Period), Note: note}
}

// formOf is a label with a 9 for every digit.
func formOf(label string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '9'
		}
		return r
	}, label)
}

// around orders sorted labels by how near they stand to one.
func around(labels []string, label string) []string {
	after, _ := slices.BinarySearch(labels, label)
	before := after - 1
	var near []string
	for before >= 0 || after < len(labels) {
		if after < len(labels) {
			near = append(near, labels[after])
			after++
		}
		if before >= 0 {
			near = append(near, labels[before])
			before--
		}
	}
	return near
}

// findSegment checks that the slice exists in some period.
func (x *explainer) findSegment(ctx context.Context) error {
	if x.out.SegmentType == "all" && x.out.SegmentValue == "all" {
		return nil
	}
	rows, err := x.conn.QueryContext(ctx, `select distinct v.segment_type, v.segment_value from marts.kpi.value as v
where v.kpi_id = ? order by v.segment_type, v.segment_value`, x.d.ID)
	if err != nil {
		return err
	}
	segments, err := scanPairs(rows)
	if err != nil {
		return err
	}
	var types, values []string
	for _, s := range segments {
		types = append(types, s[0])
		if s[0] == x.out.SegmentType {
			values = append(values, s[1])
		}
	}
	switch {
	case slices.Contains(values, x.out.SegmentValue):
		return nil
	case len(values) > 0:
		return &Unknown{What: x.out.SegmentType + " of " + x.d.ID, Name: x.out.SegmentValue, Known: values}
	case slices.Contains(x.d.DeclaredSegments(), x.out.SegmentType):
		return &Unknown{What: "segment of " + x.d.ID, Name: x.out.SegmentType, Known: slices.Compact(types), Note: ": it is declared and not computed yet"}
	}
	return &Unknown{What: "segment of " + x.d.ID, Name: x.out.SegmentType, Known: slices.Compact(types)}
}

func scanPairs(rows *sql.Rows) (_ [][2]string, err error) {
	defer func() { err = closing(rows, err) }()
	var pairs [][2]string
	for rows.Next() {
		var pair [2]string
		if err := rows.Scan(&pair[0], &pair[1]); err != nil {
			return nil, err
		}
		pairs = append(pairs, pair)
	}
	return pairs, rows.Err()
}

// notConfigured says what a KPI lacks; "" where it was computed.
func (b *Builder) notConfigured(ctx context.Context, conn *sql.Conn, id string) (string, error) {
	var missing sql.NullString
	err := conn.QueryRowContext(ctx, `select d.missing from marts.kpi.dictionary as d
where d.kpi_id = ? order by d.definition_version desc limit 1`, id).Scan(&missing)
	if errors.Is(err, sql.ErrNoRows) {
		return "the last build did not know it: run `rollcall build`", nil
	}
	if err != nil {
		return "", fmt.Errorf("read kpi.dictionary: %w", err)
	}
	return missing.String, nil
}
