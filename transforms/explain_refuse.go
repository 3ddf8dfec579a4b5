package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// refuse notes why a cell shows nothing of what it is made of. Hidden cells do
// not, nor do those whose rows beside other rows would be a hidden cell's:
//
//   - a slice in a period that overlaps one in which it is hidden: rows name
//     their day, and a month's less those of its shown weeks are the hidden
//     week's;
//   - a slice beside a hidden one of its type: the rows of the whole less those
//     of the shown slices are the hidden one's. The whole itself stays: its rows
//     do not say in which slice they are,
//   - except in which community, which their ids begin with. So where one of
//     several communities is hidden, everything but the shown communities is
//     refused. A community that is the only one is the whole, whose number is
//     shown anyway.
func (x *explainer) refuse(ctx context.Context) error {
	x.hidden = true
	switch x.out.Value.Status {
	case "suppressed":
		x.out.Refused = fmt.Sprintf("the value is hidden: fewer than %d people stand behind it, and its rows would show them", x.d.PrivacyK)
		return nil
	case "suppressed_complementary":
		x.out.Refused = "the value is hidden, since with it a smaller one beside it could be worked out"
		return nil
	}
	x.hidden = false
	var period, slice string
	err := x.conn.QueryRowContext(ctx, hiddenBeside, sql.Named("kpi", x.d.ID), sql.Named("grain", x.out.Grain), sql.Named("from", x.out.From),
		sql.Named("until", x.out.Until), sql.Named("type", x.out.SegmentType), sql.Named("value", x.out.SegmentValue)).Scan(&period, &slice)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for hidden values beside %s: %w", x.d.ID, err)
	}
	x.out.Refused = fmt.Sprintf("rows are hidden: beside others they would be those of %s in %s, whose value is hidden", slice, period)
	return nil
}

// hiddenBeside finds a hidden cell that the rows of another would give away.
const hiddenBeside = `with
cells as (
    select
        v.grain, v.period_start, v.segment_type, v.segment_value, v.n, p.label, p.period_end,
        v.status like 'suppressed%' as is_hidden
    from marts.kpi.value as v
    inner join ref.period as p on p.grain = v.grain and p.period_start = v.period_start
    where v.kpi_id = $kpi and p.period_start < cast($until as date) and p.period_end > cast($from as date)
),

communities as (
    select count(*) as communities
    from cells as c
    where c.segment_type = 'community' and c.grain = $grain and c.period_start = cast($from as date) and (c.is_hidden or c.n > 0)
)

select c.label, c.segment_type || '=' || c.segment_value
from cells as c
cross join communities as m
where c.is_hidden and (
    c.segment_type = $type and c.segment_value = $value
    or c.grain = $grain and c.period_start = cast($from as date) and $type <> 'community' and (
        c.segment_type = $type or c.segment_type = 'community' and m.communities > 1
    )
)
order by c.period_start, c.grain, c.segment_type, c.segment_value
limit 1`
