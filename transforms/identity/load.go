package identity

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
)

// A loading is evidence read from the lake, with what its numbers stand for.
type loading struct {
	Evidence
	logins, values *numbers
	former         *numbers           // keys of the people of before, the oldest first
	anchorKeys     []uint64           // per former
	was            []int32            // per login its former; -1: none
	ends           map[[2]int32]int32 // login and address -> day of the end that evidence states
}

// load reads the evidence about the logins in temp.login.
func (r *round) load(ctx context.Context) (*loading, error) {
	l := &loading{}
	for _, step := range []struct {
		name string
		run  func(context.Context, *loading) error
	}{
		{"people of before", r.loadFormer}, {"instances", r.loadInstances}, {"logins", r.loadLogins}, {"values", r.loadValues},
		{"ends of claims", r.loadEnds}, {"claims", r.loadClaims}, {"links that were stated", r.loadSame}, {"decisions", r.loadDecisions}, {"names", r.loadNames},
	} {
		if err := step.run(ctx, l); err != nil {
			return nil, fmt.Errorf("read %s: %w", step.name, err)
		}
	}
	return l, nil
}

// loadFormer reads the people that the logins belong to now, the oldest first.
func (r *round) loadFormer(ctx context.Context, l *loading) error {
	err := r.exec(ctx, `create or replace temp table former as
with
present as (
    select p.person_id, min(p.identity_id) as identity_id, min(p.linked_at) as linked_at
    from lake.identity.person_identity as p
    where p.unlinked_at is null and p.identity_key in (select l.identity_key from temp.login as l)
    group by p.person_id
)

select p.person_id, md5_number_lower(p.person_id) as person_key, coalesce(q.anchor_identity_id, p.identity_id) as anchor_identity_id,
    coalesce(q.created_at, p.linked_at) as created_at, q.person_id is not null as is_kept
from present as p
left join lake.identity.person as q on q.person_id = p.person_id`)
	if err != nil {
		return err
	}
	l.former = newNumbers(1024)
	err = r.tx.Values(ctx, "select f.person_key, md5_number_lower(f.anchor_identity_id) from temp.former as f order by f.created_at, f.person_id", func(row []driver.Value) error {
		l.former.of(row[0].(uint64))
		l.anchorKeys = append(l.anchorKeys, row[1].(uint64))
		return nil
	})
	if err == nil && len(l.former.keys) != len(l.anchorKeys) {
		err = errors.New("two people have one key, or one has two rows in identity.person: report this")
	}
	return err
}

func (r *round) loadInstances(ctx context.Context, l *loading) error {
	return r.tx.Values(ctx, "select i.instance_no, coalesce(i.address_logins, 0) from lake.identity.instance as i", func(row []driver.Value) error {
		no := int(row[0].(uint16))
		for len(l.Instances) <= no {
			l.Instances = append(l.Instances, Instance{})
		}
		l.Instances[no].AddressLogins = row[1].(uint8)
		return nil
	})
}

// Flags of a login, as they are read.
const (
	customerFlag = 1 << iota
	botFlag
	linkableFlag
)

func (r *round) loadLogins(ctx context.Context, l *loading) error {
	n, err := r.count(ctx, "select count(*) from temp.login")
	if err != nil {
		return err
	}
	l.logins, l.Logins, l.was = newNumbers(int(n)), make([]Login, 0, n), make([]int32, 0, n)
	err = r.tx.Values(ctx, fmt.Sprintf(`select l.identity_key, l.instance_no, l.company_key,
    cast(l.is_customer as utinyint) * %d + cast(l.is_bot as utinyint) * %d + cast(l.is_linkable as utinyint) * %d, md5_number_lower(p.person_id)
from temp.login as l
left join lake.identity.person_identity as p on p.identity_key = l.identity_key and p.unlinked_at is null`, customerFlag, botFlag, linkableFlag), func(row []driver.Value) error {
		key, flags := row[0].(uint64), flagsOf(row[3])
		l.logins.of(key)
		l.Logins = append(l.Logins, Login{Key: key, Instance: row[1].(uint16), Company: uint32(row[2].(uint64)),
			IsCustomer: flags&customerFlag != 0, IsBot: flags&botFlag != 0, NoLink: flags&linkableFlag == 0})
		former := int32(-1)
		if person, known := row[4].(uint64); known {
			former = l.former.find(person)
		}
		l.was = append(l.was, former)
		return nil
	})
	if err == nil && len(l.logins.keys) != len(l.Logins) {
		err = errors.New("two logins have one key, or one has two people in identity.person_identity: report this")
	}
	return err
}

// flagsOf reads a sum of small integers, whose type is DuckDB's choice.
func flagsOf(value driver.Value) int {
	switch n := value.(type) {
	case uint8:
		return int(n)
	case int16:
		return int(n)
	case int32:
		return int(n)
	case int64:
		return int(n)
	}
	return 0
}

// ofLogins restricts rows to the logins that are solved.
func (r *round) ofLogins(column string) string {
	if r.isWhole() {
		return "true"
	}
	return column + " in (select l.identity_key from temp.login as l)"
}

// loadValues reads the values that may link or suggest. One that differs from
// another by its tag only counts as that, if that was seen.
func (r *round) loadValues(ctx context.Context, l *loading) error {
	said := "true"
	if !r.isWhole() {
		said = "v.value_key in (select o.value_key from lake.identity.observation as o where " + r.ofLogins("o.identity_key") + ")"
	}
	l.values = newNumbers(1024)
	untagged := map[int32]uint64{}
	err := r.tx.Values(ctx, fmt.Sprintf(`select v.value_key, v.id_type = 'subject', v.class in ('unique', 'generic'),
    case when starts_with(v.namespace, %s) then 0 else md5_number_lower(v.namespace) end, v.untagged_key
from lake.vault.value as v
where %s and v.id_type in ('email', 'subject')
    and (v.class in ('unique', 'generic', 'mixed_script') or v.class = 'role' and v.company_domain is null)`, literal(gitHub), said), func(row []driver.Value) error {
		v := Value{Key: row[0].(uint64)}
		if row[1].(bool) {
			v.Type, v.Issuer = Subject, uint32(row[3].(uint64))
		}
		if !row[2].(bool) {
			v.Class = Doubtful
		}
		at := l.values.of(v.Key)
		l.Values = append(l.Values, v)
		if bare, tagged := row[4].(uint64); tagged {
			untagged[at] = bare
		}
		return nil
	})
	for tagged, bare := range untagged {
		if at := l.values.find(bare); at >= 0 {
			if l.Tagged == nil {
				l.Tagged = map[int32]int32{}
			}
			l.Tagged[tagged] = at
		}
	}
	if err == nil && len(l.values.keys) != len(l.Values) {
		err = errors.New("vault.value has two rows of one key: report this")
	}
	return err
}

// loadClaims reads the observations, each in one number beside its keys: trust
// in two bits, then the days of its begin and end in 24 each.
func (r *round) loadClaims(ctx context.Context, l *loading) error {
	const day = "greatest(coalesce(date_diff('day', date '1970-01-01', cast(%s as date)), 0), 0)"
	from, until := fmt.Sprintf(day, "o.seen_from"), fmt.Sprintf("case when o.seen_until is null then 0 else greatest(%s, 1) end", fmt.Sprintf(day, "o.seen_until"))
	n, err := r.count(ctx, "select count(*) from lake.identity.observation as o where "+r.ofLogins("o.identity_key"))
	if err != nil {
		return err
	}
	l.Claims = make([]Claim, 0, n)
	return r.tx.Values(ctx, fmt.Sprintf(`select o.identity_key, o.value_key, cast(o.trust + %s * 4 + %s * 67108864 as bigint)
from lake.identity.observation as o
where o.id_type in ('email', 'subject') and %s`, from, until, r.ofLogins("o.identity_key")), func(row []driver.Value) error {
		value, login := l.values.find(row[1].(uint64)), l.logins.find(row[0].(uint64))
		if value >= 0 && login >= 0 {
			packed := row[2].(int64)
			l.Claims = append(l.Claims, Claim{Login: login, Value: value, Trust: Trust(packed & 3), From: int32(packed >> 2 & (1<<24 - 1)), Until: l.ended(login, value, int32(packed>>26))})
		}
		return nil
	})
}

// loadSame reads who was merged and who named another.
func (r *round) loadSame(ctx context.Context, l *loading) error {
	return r.tx.Values(ctx, fmt.Sprintf(`select o.identity_key, o.value_key, o.id_type = 'merge'
from lake.identity.observation as o
where o.id_type in ('reference', 'merge') and o.trust > %d and (o.seen_until is null or o.id_type = 'merge') and %s`, Self, r.ofLogins("o.identity_key")), func(row []driver.Value) error {
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

func (r *round) loadDecisions(ctx context.Context, l *loading) error {
	return r.tx.Values(ctx, `select md5_number_lower(d.identity_id), md5_number_lower(d.other_identity_id), d.verb = 'same'
from lake.identity.decision as d
where d.verb in ('same', 'not_same')`, func(row []driver.Value) error {
		a, b := l.logins.find(row[0].(uint64)), l.logins.find(row[1].(uint64))
		switch {
		case a < 0 || b < 0 || a == b:
		case row[2].(bool):
			l.Same = append(l.Same, Same{A: a, B: b, Rule: Decided})
		default:
			l.NotSame = append(l.NotSame, [2]int32{a, b})
		}
		return nil
	})
}
