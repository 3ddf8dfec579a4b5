package identity

import (
	"context"
	"database/sql/driver"
	"slices"

	"rollcall/transforms/identity/name"
)

// loadNames reads what logins are called where so many share an address that it
// could be a shared mailbox, and lets their names speak for one human.
func (r *round) loadNames(ctx context.Context, l *loading) error {
	shared := l.shared()
	if len(shared) == 0 {
		return nil
	}
	if err := r.exec(ctx, "create or replace temp table shared_value (identity_key ubigint)"); err != nil {
		return err
	}
	err := r.tx.AppendTemp("shared_value", func(row func(...driver.Value) error) error {
		for _, login := range shared {
			if err := row(l.Logins[login].Key); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	names := map[int32][]string{}
	err = r.tx.Values(ctx, `select l.identity_key, s.display_name
from lake.staging.identity as s
inner join temp.login as l on l.identity_id = s.identity_id
where s.display_name is not null and l.identity_key in (select v.identity_key from temp.shared_value as v)
group by all order by all`, func(row []driver.Value) error {
		login := l.logins.find(row[0].(uint64))
		names[login] = append(names[login], row[1].(string))
		return nil
	})
	l.NamesAgree = func(_ int32, logins []int32) bool {
		bearers := make([][]string, len(logins))
		for i, login := range logins {
			bearers[i] = names[login]
		}
		return name.Agree(bearers)
	}
	return err
}

// shared lists the logins of values with more claims than a shared mailbox
// needs.
func (l *loading) shared() []int32 {
	claims := make([]int32, len(l.Values))
	for _, c := range l.Claims {
		claims[c.Value]++
	}
	var logins []int32
	for _, c := range l.Claims {
		if claims[c.Value] > loginsPerInstance {
			logins = append(logins, c.Login)
		}
	}
	slices.Sort(logins)
	return slices.Compact(logins)
}
