package identity

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"slices"

	"rollcall/transforms/identity/name"
)

// loadNames reads what logins are called where so many share an address that it
// could be a shared mailbox, and lets their names speak for one human.
func (r *round) loadNames(ctx context.Context, l *loading) error {
	shared := l.crowded()
	if len(shared) == 0 {
		return nil
	}
	err := fill(ctx, r, "shared_value (identity_key ubigint)", shared, func(login int32) []driver.Value { return []driver.Value{l.Logins[login].Key} })
	if err != nil {
		return err
	}
	names := map[int32][]string{}
	err = r.tx.Values(ctx, fmt.Sprintf(`select v.identity_key, s.display_name
from lake.staging.identity as s
inner join (
    select i.identity_id, i.identity_key from %s as i where i.identity_key in (select x.identity_key from temp.shared_value as x)
) as v on v.identity_id = s.identity_id
where s.display_name is not null
group by all order by all`, r.ids()), func(row []driver.Value) error {
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

// crowded lists the logins of values that so many logins claim that they could
// be shared; an address with a tag counts as the one without, where that was seen.
func (l *loading) crowded() []int32 {
	claims := make([]uint8, len(l.Values)) // as far as it matters: to one above the limit
	add := func(value int32, more uint8) { claims[value] = min(claims[value]+more, loginsPerInstance+1) }
	for _, c := range l.Claims {
		add(c.Value, 1)
	}
	for tagged, bare := range l.Tagged {
		add(bare, claims[tagged])
	}
	for tagged, bare := range l.Tagged {
		claims[tagged] = claims[bare]
	}
	var crowd []Claim
	for _, c := range l.Claims {
		if claims[c.Value] <= loginsPerInstance {
			continue
		}
		if bare, isTagged := l.Tagged[c.Value]; isTagged {
			c.Value = bare
		}
		crowd = append(crowd, c)
	}
	slices.SortFunc(crowd, func(a, b Claim) int { return cmp.Or(cmp.Compare(a.Value, b.Value), cmp.Compare(a.Login, b.Login)) })
	crowd = slices.CompactFunc(crowd, func(a, b Claim) bool { return a.Value == b.Value && a.Login == b.Login })
	var logins, theirs []int32
	for i, c := range crowd {
		theirs = append(theirs, c.Login)
		if i+1 < len(crowd) && crowd[i+1].Value == c.Value {
			continue
		}
		if l.isWide(theirs) {
			logins = append(logins, theirs...)
		}
		theirs = theirs[:0]
	}
	slices.Sort(logins)
	return slices.Compact(logins)
}
