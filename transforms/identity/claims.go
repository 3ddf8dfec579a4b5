package identity

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// loadClaims reads the observations, each in one number beside its keys: trust
// in two bits, then the days of its begin and end in 24 each.
func (r *round) loadClaims(ctx context.Context, l *loading) error {
	const day = "greatest(coalesce(date_diff('day', date '1970-01-01', cast(%s as date)), 0), 0)"
	from, until := fmt.Sprintf(day, "o.seen_from"), fmt.Sprintf("case when o.seen_until is null then 0 else greatest(%s, 1) end", fmt.Sprintf(day, "o.seen_until"))
	n, err := r.count(ctx, "select count(*) from "+r.evidence())
	if err != nil {
		return err
	}
	l.Claims = make([]Claim, 0, n)
	said := newSayings()
	err = r.tx.Values(ctx, fmt.Sprintf(`select o.identity_key, o.value_key, cast(o.trust + %s * 4 + %s * 67108864 as bigint)
from %s as o
where o.id_type in ('email', 'subject')`, from, until, r.evidence()), func(row []driver.Value) error {
		said.logins, said.values, said.packed = append(said.logins, row[0].(uint64)), append(said.values, row[1].(uint64)), append(said.packed, row[2].(int64))
		if len(said.logins) == lookedUpAtOnce {
			l.claim(said)
		}
		return nil
	})
	l.claim(said)
	return err
}

// sayings are claims as they are read, by keys.
type sayings struct {
	logins, values []uint64
	packed         []int64
	login, value   []int32 // their numbers
}

func newSayings() *sayings {
	return &sayings{login: make([]int32, lookedUpAtOnce), value: make([]int32, lookedUpAtOnce)}
}

// claim adds claims whose login and value are known, and empties the list.
func (l *loading) claim(said *sayings) {
	l.logins.findAll(said.logins, said.login)
	l.values.findAll(said.values, said.value)
	for i, packed := range said.packed {
		if login, value := said.login[i], said.value[i]; login >= 0 && value >= 0 {
			l.Claims = append(l.Claims, Claim{Login: login, Value: value, Trust: Trust(packed & 3), From: int32(packed >> 2 & (1<<24 - 1)), Until: l.ended(login, value, int32(packed>>26))})
		}
	}
	said.logins, said.values, said.packed = said.logins[:0], said.values[:0], said.packed[:0]
}

// loadSame reads who was merged and who named another.
func (r *round) loadSame(ctx context.Context, l *loading) error {
	return r.tx.Values(ctx, fmt.Sprintf(`select o.identity_key, o.value_key, o.id_type = 'merge'
from %s as o
where o.id_type in ('reference', 'merge') and o.trust > %d and (o.seen_until is null or o.id_type = 'merge')`, r.evidence(), Self), func(row []driver.Value) error {
		rule := Reference
		if row[2].(bool) {
			rule = Merged
		}
		a, b := l.logins.find(row[0].(uint64)), l.logins.find(row[1].(uint64))
		if a >= 0 && b >= 0 && a != b {
			l.Same = append(l.Same, Same{A: a, B: b, Rule: rule})
		}
		return nil
	})
}
