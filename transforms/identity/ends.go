package identity

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// selectEnds gives since when gone logins have not had addresses that their
// deleted records show last, where other evidence says so: a record is often
// found gone long after.
var selectEnds = `select o.identity_key, o.value_key, max(o.seen_until) as ended_at
from %s as o
inner join (
    select distinct e.record, ` + keyOf("e.identity_id") + ` as identity_key, least(e.seen_until, e.deleted_at) as seen_until
    from lake.staging.identity_evidence as e
    where e.id_type = 'email' and e.seen_until is not null
        and e.identity_id in (select s.identity_id from lake.staging.identity as s where s.deleted_at is not null and s.email is not null)
) as s on s.record = o.record and s.identity_key = o.identity_key and s.seen_until = o.seen_until
where o.id_type = 'email'
group by o.identity_key, o.value_key`

func (r *round) loadEnds(ctx context.Context, l *loading) error {
	l.ends = map[[2]int32]int32{}
	return r.tx.Values(ctx, fmt.Sprintf(`select e.identity_key, e.value_key, cast(greatest(date_diff('day', date '1970-01-01', cast(e.ended_at as date)), 1) as bigint)
from (%s) as e`, fmt.Sprintf(selectEnds, r.evidence())), func(row []driver.Value) error {
		login, value := l.logins.find(row[0].(uint64)), l.values.find(row[1].(uint64))
		if login >= 0 && value >= 0 {
			l.ends[[2]int32{login, value}] = int32(row[2].(int64))
		}
		return nil
	})
}

// ended is the day on which a claim ended; 0: it lasts.
func (l *loading) ended(login, value, until int32) int32 {
	if until == 0 {
		return 0
	}
	if end, known := l.ends[[2]int32{login, value}]; known {
		return min(until, end)
	}
	return until
}
