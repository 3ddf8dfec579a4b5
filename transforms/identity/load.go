package identity

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
)

// A loading is evidence read from the lake, with what its numbers stand for.
type loading struct {
	Evidence
	logins, values *numbers
	known          int64              // logins that are not new: the first ones
	former         *numbers           // keys of the people of before
	anchorKeys     []uint64           // per former
	created        []int64            // per former, when: microseconds since 1970
	was            []int32            // per login its former; -1: none
	stood          []stood            // per login
	shared         []bool             // per value: until now it was shared by too many logins
	ends           map[[2]int32]int32 // login and address -> day of the end that evidence states
}

// A stood is how the lake has a login.
type stood struct {
	component   uint64
	flags, tier uint8
}

// load reads the evidence about the logins in temp.login.
func (r *round) load(ctx context.Context) (*loading, error) {
	l := &loading{}
	for _, step := range []struct {
		name string
		run  func(context.Context, *loading) error
	}{
		{"observations", r.gatherEvidence}, {"instances", r.loadInstances}, {"logins and values", r.loadNodes},
		{"ends of claims", r.loadEnds}, {"claims", r.loadClaims}, {"links that were stated", r.loadSame}, {"decisions", r.loadDecisions}, {"names", r.loadNames},
	} {
		if err := step.run(ctx, l); err != nil {
			return nil, fmt.Errorf("read %s: %w", step.name, err)
		}
	}
	return l, nil
}

// loadNodes reads logins and values, whose keys are numbered beside it.
func (r *round) loadNodes(ctx context.Context, l *loading) error {
	if err := r.loadPeople(ctx, l); err != nil {
		return err
	}
	numbered := make(chan error, 1)
	go func() { numbered <- l.numberLogins() }()
	return errors.Join(r.loadValues(ctx, l), <-numbered)
}

func (l *loading) numberLogins() error {
	l.logins = newNumbers(len(l.Logins))
	logins := newAdding(l.logins)
	for i := range l.Logins {
		logins.add(l.Logins[i].Key)
	}
	logins.end()
	if len(l.logins.keys) != len(l.Logins) {
		return errors.New("two logins have one key, or one has two people in identity.person_identity: report this")
	}
	return nil
}

// loadPeople reads the logins that are solved and their people. An erasure takes
// the row of a person with the login that he was known by, of whom other logins
// stay: he gets another.
func (r *round) loadPeople(ctx context.Context, l *loading) error {
	for {
		if err := errors.Join(r.loadFormer(ctx, l), r.loadLogins(ctx, l)); err != nil {
			return err
		}
		if !slices.ContainsFunc(l.was, func(former int32) bool { return former == unknownPerson }) {
			return nil
		}
		if err := r.exec(ctx, restorePeople); err != nil {
			return err
		}
	}
}

// unknownPerson is the former of a login whose person has no row.
const unknownPerson = -2

var restorePeople = fmt.Sprintf(`insert into lake.identity.person (person_id, person_key, anchor_identity_id, anchor_key, created_at)
select p.person_id, p.person_key, min(p.identity_id), %s, min(p.linked_at)
from lake.identity.person_identity as p
where p.unlinked_at is null and p.person_key not in (select q.person_key from lake.identity.person as q)
group by p.person_id, p.person_key`, keyOf("min(p.identity_id)"))

// loadFormer reads the people that the logins belong to now.
func (r *round) loadFormer(ctx context.Context, l *loading) error {
	present, counted := "true", "lake.identity.person"
	if !r.solvesAll {
		present, counted = "q.person_key in (select l.was_person from temp.login as l)", "temp.login"
	}
	n, err := r.count(ctx, "select count(*) from "+counted)
	if err != nil {
		return err
	}
	l.former, l.anchorKeys, l.created = newNumbers(int(n)), make([]uint64, 0, n), make([]int64, 0, n)
	people := newAdding(l.former)
	err = r.tx.Values(ctx, "select q.person_key, coalesce(q.anchor_key, 0), epoch_us(q.created_at) from lake.identity.person as q where "+present, func(row []driver.Value) error {
		people.add(row[0].(uint64))
		created, _ := row[2].(int64)
		l.anchorKeys, l.created = append(l.anchorKeys, row[1].(uint64)), append(l.created, created)
		return nil
	})
	people.end()
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
	knownFlag     // it has a person
	unlikeFlag    // its row in identity.person_identity says otherwise whether it is linkable
	describedFlag // identity.login has it as it is described now
	standsFlag    // identity.login has it
)

// selectLogins packs what is known of a login in one number: flags in 8 bits,
// the tier by which it is linked in 8 (255: none), its instance in 16, its
// company in 32.
var selectLogins = fmt.Sprintf(`select l.identity_key,
    cast(l.is_customer as ubigint) * %d + cast(l.is_bot as ubigint) * %d + cast(l.is_linkable as ubigint) * %d
        + cast(l.was_person is not null as ubigint) * %d + cast(l.was_linkable is distinct from l.is_linkable as ubigint) * %d + cast(l.is_described as ubigint) * %d
        + cast(l.was_component is not null as ubigint) * %d + cast(coalesce(l.was_tier, %d) as ubigint) * 256 + cast(l.instance_no as ubigint) * 65536 + (l.company_key & 4294967295) * 4294967296,
    l.was_person, l.was_component, l.place
from temp.login as l`, customerFlag, botFlag, linkableFlag, knownFlag, unlikeFlag, describedFlag, standsFlag, NoTier)

// loadLogins reads the logins that are solved, and where each stood: the known
// ones in the order in which they are stored, near which are those of one person,
// then the new ones by their places, in which SQL asks for them again.
func (r *round) loadLogins(ctx context.Context, l *loading) error {
	n, err := r.count(ctx, "select count(*) from temp.login")
	if err != nil {
		return err
	}
	l.Logins, l.stood, l.known = make([]Login, n), make([]stood, n), n-r.newcomers.placed()
	formers, next := make([]uint64, n), int64(0)
	query := selectLogins
	if r.solvesAll && l.known > 0 {
		query += "\norder by l.place"
	}
	err = r.tx.Values(ctx, query, func(row []driver.Value) error {
		key, packed := row[0].(uint64), row[1].(uint64)
		i := next
		if place, isPlaced := row[4].(int64); isPlaced && packed&knownFlag == 0 {
			i = l.known + place
		} else {
			next++
		}
		l.Logins[i] = Login{Key: key, Instance: uint16(packed >> 16), Company: uint32(packed >> 32),
			IsCustomer: packed&customerFlag != 0, IsBot: packed&botFlag != 0, NoLink: packed&linkableFlag == 0}
		before := stood{flags: uint8(packed), tier: uint8(packed >> 8)}
		before.component, _ = row[3].(uint64)
		former, _ := row[2].(uint64)
		l.stood[i], formers[i] = before, former
		return nil
	})
	if err == nil && next != l.known {
		err = errors.New("temp.login has other logins than there are: report this")
	}
	l.was = l.formersOf(formers)
	return err
}

// formersOf gives the formers of logins, by their keys.
func (l *loading) formersOf(keys []uint64) []int32 {
	was := make([]int32, len(keys))
	l.former.findAll(keys, was)
	for i, former := range was {
		switch {
		case l.stood[i].flags&knownFlag == 0:
			was[i] = -1
		case former < 0:
			was[i] = unknownPerson
		}
	}
	return was
}

// evidence is the table of the observations about the logins that are solved.
func (r *round) evidence() string {
	if r.solvesAll {
		return "lake.identity.observation"
	}
	return "temp.evidence"
}

func (r *round) gatherEvidence(ctx context.Context, _ *loading) error {
	if r.solvesAll {
		return nil
	}
	return r.exec(ctx, "create or replace temp table evidence as select o.* from lake.identity.observation as o where o.identity_key in (select l.identity_key from temp.login as l)")
}

// Flags of a value, as they are read.
const (
	subjectFlag = 1 << iota
	plainFlag   // it links
	sharedFlag  // it is an address that too many logins share
)

// selectValues packs what a value may do in one number: flags, and from bit 32
// on the issuer of a subject.
const selectValues = `select v.value_key,
    cast(v.id_type = 'subject' as ubigint) * %[1]d + cast(v.class in ('unique', 'generic') as ubigint) * %[2]d + cast(v.class = 'generic' and v.id_type = 'email' as ubigint) * %[3]d
        + case when v.id_type = 'subject' and not starts_with(v.namespace, %[4]s) then (%[7]s & 4294967295) * 4294967296 else 0 end,
    v.untagged_key
from lake.vault.value as v
where %[5]s and v.id_type in ('email', 'subject')
    and %[6]s`

// tells is the condition that a value v may link or suggest.
const tells = "(v.class in ('unique', 'generic', 'mixed_script') or v.class = 'role' and v.company_domain is null)"

// loadValues reads the values that may link or suggest. One that differs from
// another by its tag only counts as that, if that was seen.
func (r *round) loadValues(ctx context.Context, l *loading) error {
	said, counted := "true", "lake.vault.value"
	if !r.solvesAll {
		counted = "temp.evidence"
		said = "v.value_key in (select o.value_key from temp.evidence as o)"
	}
	n, err := r.count(ctx, "select count(*) from "+counted)
	if err != nil {
		return err
	}
	l.values, l.Values, l.shared = newNumbers(int(n)), make([]Value, 0, n), make([]bool, 0, n)
	values, untagged := newAdding(l.values), map[int32]uint64{}
	err = r.tx.Values(ctx, fmt.Sprintf(selectValues, subjectFlag, plainFlag, sharedFlag, literal(gitHub), said, tells, keyOf("v.namespace")), func(row []driver.Value) error {
		packed := row[1].(uint64)
		v := Value{Key: row[0].(uint64), Issuer: uint32(packed >> 32)}
		if packed&subjectFlag != 0 {
			v.Type = Subject
		}
		if packed&plainFlag == 0 {
			v.Class = Doubtful
		}
		at := int32(len(l.Values))
		values.add(v.Key)
		l.Values, l.shared = append(l.Values, v), append(l.shared, packed&sharedFlag != 0)
		if bare, tagged := row[2].(uint64); tagged {
			untagged[at] = bare
		}
		return nil
	})
	values.end()
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

func (r *round) loadDecisions(ctx context.Context, l *loading) error {
	return r.tx.Values(ctx, fmt.Sprintf(`select %s, %s, d.verb = 'same'
from lake.identity.decision as d
where d.verb in ('same', 'not_same')`, keyOf("d.identity_id"), keyOf("d.other_identity_id")), func(row []driver.Value) error {
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
