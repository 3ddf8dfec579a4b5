package identity

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/transforms/identity/address"
	"rollcall/transforms/identity/suggest"
)

// What people who look alike cost: fifty thousand logins are compared in a
// second or two, and so at each change; more only once a day. 690,000 take 20 CPU
// seconds and a gigabyte beside DuckDB's memory; more than a million are not
// compared.
const (
	comparedAlways = 50_000
	comparedEvery  = 24 * time.Hour
	comparedAtMost = 1_000_000
	similarLimit   = 20_000 // suggestions; nobody reads more
	worthALook     = 0.05   // probability below which a pair is not kept: the likeliest come first
)

// suggestSimilar compares what logins are called, where somebody came or moved.
func (r *round) suggestSimilar(ctx context.Context, outcome *Outcome) error {
	if err := r.noteApart(ctx); err != nil {
		return err
	}
	isDue, err := r.isComparing(ctx, outcome)
	if err != nil {
		return err
	}
	if !isDue {
		return r.dropDecided(ctx, outcome)
	}
	records, err := r.describeSimilar(ctx)
	if err != nil {
		return fmt.Errorf("read what logins are called: %w", err)
	}
	pairs := suggest.Pairs(records, suggest.Options{MinProbability: worthALook, Limit: similarLimit})
	if err := r.writeSimilar(ctx, pairs); err != nil {
		return fmt.Errorf("write who looks alike: %w", err)
	}
	changed, err := r.count(ctx, `select count(*) from (
    (select s.identity_id, s.other_identity_id from temp.suggestion as s except select e.identity_id, e.other_identity_id from temp.ended as e)
    union all
    (select e.identity_id, e.other_identity_id from temp.ended as e except select s.identity_id, s.other_identity_id from temp.suggestion as s)
)`)
	outcome.SuggestsAnew = outcome.SuggestsAnew || changed > 0
	return err
}

// noteApart makes temp.apart, the logins, both ways round, whose people somebody
// decided to be two: nobody is to be asked again.
func (r *round) noteApart(ctx context.Context) error {
	// Without a decision there is nobody to look for among all logins.
	decided, err := r.count(ctx, "select count(*) from lake.identity.decision as d where d.verb = 'not_same'")
	if err != nil {
		return err
	}
	if decided == 0 {
		return r.exec(ctx, "create or replace temp table apart (identity_id varchar, other_identity_id varchar)")
	}
	return r.exec(ctx, fmt.Sprintf(`create or replace temp table apart as
with
people as (
    select p.person_key, q.person_key as other_person_key
    from lake.identity.decision as d
    inner join lake.identity.person_identity as p on p.identity_key = %s and p.unlinked_at is null
    inner join lake.identity.person_identity as q on q.identity_key = %s and q.unlinked_at is null
    where d.verb = 'not_same'
),

ways as (
    select p.person_key, p.other_person_key from people as p
    union
    select p.other_person_key, p.person_key from people as p
)

select a.identity_id, b.identity_id as other_identity_id
from ways as w
inner join lake.identity.person_identity as a on a.person_key = w.person_key and a.unlinked_at is null
inner join lake.identity.person_identity as b on b.person_key = w.other_person_key and b.unlinked_at is null`, keyOf("d.identity_id"), keyOf("d.other_identity_id")))
}

// isApart holds of rows x that temp.apart has.
const isApart = "exists (select 1 from temp.apart as t where t.identity_id = x.identity_id and t.other_identity_id = x.other_identity_id)"

// dropDecided takes out what somebody decided since it was suggested.
func (r *round) dropDecided(ctx context.Context, outcome *Outcome) error {
	const decided = "x.rule = 'similar' and " + isApart
	n, err := r.count(ctx, "select count(*) from lake.identity.suggestion as x where "+decided)
	if err != nil || n == 0 {
		return err
	}
	outcome.SuggestsAnew = true
	return r.exec(ctx, "delete from lake.identity.suggestion as x where "+decided)
}

func (r *round) isComparing(ctx context.Context, outcome *Outcome) (bool, error) {
	if !outcome.IsChanged {
		return false, nil
	}
	due, err := r.count(ctx, fmt.Sprintf(`select count(*)
from (select count(*) as logins from lake.identity.person_identity as p where p.unlinked_at is null) as n
where n.logins <= %d
    or n.logins <= %d and not exists (select 1 from lake.identity.solved as s where s.compared_at > %s - interval %d seconds)`,
		comparedAlways, comparedAtMost, r.now(), int(comparedEvery.Seconds())))
	r.compared = due > 0
	return r.compared, err
}

// A called finds the record of a login, by its key; nil: it may not be linked.
type called func(key any) *suggest.Record

// describeSimilar reads of every login that may be linked what it is called, in
// rows as they come: lists made in SQL take more time and memory than all else.
func (r *round) describeSimilar(ctx context.Context) ([]suggest.Record, error) {
	logins, records := newNumbers(0), []suggest.Record{}
	err := r.tx.Values(ctx, `select p.identity_key, p.identity_id, p.person_id
from lake.identity.person_identity as p
inner join lake.identity.login as l on l.identity_key = p.identity_key and not l.is_bot and l.is_linkable
where p.unlinked_at is null`, func(row []driver.Value) error {
		logins.of(row[0].(uint64))
		records = append(records, suggest.Record{Key: row[1].(string), Person: row[2].(string)})
		return nil
	})
	of := func(key any) *suggest.Record {
		if at := logins.find(key.(uint64)); at >= 0 {
			return &records[at]
		}
		return nil
	}
	if err = errors.Join(err, r.readShown(ctx, of), r.readSaid(ctx, of)); err != nil {
		return nil, err
	}
	for i := range records {
		record := &records[i]
		for _, list := range []*[]string{&record.Names, &record.Usernames, &record.Locals, &record.Companies} {
			slices.Sort(*list)
			*list = slices.Compact(*list)
		}
	}
	return records, nil
}

// readShown reads what the records of logins call them.
func (r *round) readShown(ctx context.Context, of called) error {
	return r.tx.Values(ctx, `with
shown as (
    select s.identity_id, s.display_name, s.username, case when lower(s.email) like '%@users.noreply.github.com' then s.email end as github
    from lake.staging.identity as s
    group by all
)

select `+keyOf("s.identity_id")+`, s.display_name, s.username, s.github from shown as s where s.identity_id is not null`, func(row []driver.Value) error {
		record := of(row[0])
		if record == nil {
			return nil
		}
		record.Names, record.Usernames = appendText(record.Names, row[1]), appendText(record.Usernames, row[2])
		if raw, isText := row[3].(string); isText {
			record.Usernames = append(record.Usernames, noReplyUsers(raw)...)
		}
		return nil
	})
}

// readSaid reads what else was said of logins: names, local parts of their own
// mailboxes, companies of addresses.
func (r *round) readSaid(ctx context.Context, of called) error {
	return r.tx.Values(ctx, `with
said as (
    select distinct o.identity_key, o.value_key from lake.identity.observation as o where o.id_type in ('name', 'username', 'email')
)

select s.identity_key, case when v.id_type <> 'email' then v.id_type when v.class = 'unique' then 'mailbox' else '' end, v.norm, v.company_domain
from said as s
inner join lake.vault.value as v on v.value_key = s.value_key`, func(row []driver.Value) error {
		record := of(row[0])
		if record == nil {
			return nil
		}
		switch norm := row[2].(string); row[1].(string) {
		case "name":
			record.Names = append(record.Names, norm)
		case "username":
			record.Usernames = append(record.Usernames, norm)
		case "mailbox":
			record.Locals = append(record.Locals, norm[:max(strings.LastIndexByte(norm, '@'), 0)])
		}
		record.Companies = appendText(record.Companies, row[3])
		return nil
	})
}

// appendText adds a value that is a text.
func appendText(list []string, value driver.Value) []string {
	if text, isText := value.(string); isText && text != "" {
		return append(list, text)
	}
	return list
}

// noReplyUsers are the user names in a no-reply address of GitHub. The address
// links by the user's number, and the name in it still tells who that may be.
func noReplyUsers(raw string) []string {
	if a, ok := address.Parse(raw); ok && a.GitHubLogin != "" {
		return []string{a.GitHubLogin}
	}
	return nil
}

// writeSimilar replaces the suggestions of this kind; one that stays keeps when
// it was first made.
func (r *round) writeSimilar(ctx context.Context, pairs []suggest.Suggestion) error {
	err := r.exec(ctx,
		"create or replace temp table ended as select x.* from lake.identity.suggestion as x where x.rule = 'similar'",
		"create or replace temp table suggested (identity_id varchar, other_identity_id varchar, strength double, probability double, evidence varchar)")
	if err != nil {
		return err
	}
	err = r.tx.AppendTemp("suggested", func(row func(...driver.Value) error) error {
		for _, pair := range pairs {
			evidence, err := json.Marshal(pair.Evidence)
			if err != nil {
				return err
			}
			if err := row(pair.A, pair.B, pair.Odds, pair.Probability, string(evidence)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.exec(ctx,
		fmt.Sprintf(`create or replace temp table suggestion as
select x.identity_id, x.other_identity_id, 'similar' as rule, cast(null as ubigint) as value_key, x.strength, x.probability, x.evidence,
    coalesce(e.suggested_at, %s) as suggested_at, coalesce(e.build_id, %s) as build_id
from temp.suggested as x
left join temp.ended as e on e.identity_id = x.identity_id and e.other_identity_id = x.other_identity_id
where not `+isApart, r.now(), literal(r.BuildID)),
		"delete from lake.identity.suggestion as x where x.rule = 'similar'",
		"insert into lake.identity.suggestion by name select * from temp.suggestion")
}
