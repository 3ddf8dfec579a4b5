package identity

import (
	"context"
	"fmt"
	"strings"

	"rollcall/transforms/identity/address"
)

// A Bearer is whom an address that is to be erased leads to.
type Bearer struct {
	People    []string // who are erased; none: the address alone
	Logins    []string // of these people, as far as it is certain that they are theirs
	Mailboxes []string // that nobody but these logins shows; the address itself first
	Alone     string   // why the address is erased alone; "" where it is somebody's or not known
	Others    []string // people who show the address and stay
}

// personal are the classes of addresses that can be one human's.
const personal = "('unique', 'disposable', 'mixed_script')"

// BearerOf finds whom an address belongs to. One of a function, one that many
// logins share and a placeholder that two logins of one source show is erased
// alone: nobody can say whose it is. Else it is the
// person's whose logins show it verified or by staff, even where consent to link
// these logins is missing; whoever only says that it is theirs stays. Where
// nobody shows it so, it is the person's who says so, if there is one. People
// between whom evidence or a decision stands share it, and it is erased alone.
//
// With a person go the logins that show the address and those linked by better
// evidence than somebody's own word (tiers 0 to 2), and the addresses that only
// they show.
func BearerOf(ctx context.Context, db Reader, a address.Address) (Bearer, error) {
	b := Bearer{Mailboxes: []string{a.Mailbox}}
	values := valuesOf(a)
	classes, err := texts(ctx, db, `select distinct v.class from lake.vault.value as v
where v.class not in `+personal+` and `+values+`
    and (v.class <> 'placeholder' or exists (
        select 1 from lake.identity.observation as o
        where o.value_key = v.value_key
        group by o.instance_no
        having count(distinct o.identity_key) > 1
    ))`)
	if err != nil {
		return b, err
	}
	sure, err := showing(ctx, db, values, "max(o.trust) >= 2")
	if err != nil {
		return b, err
	}
	saying, err := showing(ctx, db, values, "max(o.trust) < 2")
	if err != nil || len(sure)+len(saying) == 0 {
		return b, err
	}
	apart, err := keptApart(ctx, db, sure, values)
	switch {
	case err != nil:
		return b, err
	case isFunctions(a):
		b.Alone = "it is no one person's address but " + className(string(address.Role))
	case len(classes) > 0:
		b.Alone = "it is no one person's address but " + className(classes[0])
	case apart:
		b.Alone = fmt.Sprintf("%d people share it", len(sure))
	case len(sure) == 0 && len(saying) > 1:
		b.Alone = fmt.Sprintf("%d people say that it is theirs", len(saying))
	}
	if b.Alone != "" {
		b.Others = append(sure, saying...)
		return b, nil
	}
	b.People, b.Others = sure, saying
	if len(sure) == 0 {
		b.People, b.Others = saying, nil
	}
	if b.Logins, err = texts(ctx, db, `select p.identity_id from lake.identity.person_identity as p
where p.unlinked_at is null and p.person_id in `+list(b.People)+` and (
    coalesce(p.match_tier, 0) <= 2
    or p.identity_key in (
        select o.identity_key from lake.vault.value as v
        inner join lake.identity.observation as o on o.value_key = v.value_key
        where `+values+`
    )
)
order by 1`); err != nil {
		return b, err
	}
	own, err := mailboxesOf(ctx, db, b.Logins)
	for _, mailbox := range own {
		if mailbox != a.Mailbox {
			b.Mailboxes = append(b.Mailboxes, mailbox)
		}
	}
	return b, err
}

// valuesOf is the condition of the values v that an address is kept as.
func valuesOf(a address.Address) string {
	idType, namespace, norm := "email", "", a.Mailbox
	switch {
	case a.GitHubID != "":
		idType, namespace, norm = "subject", gitHubUsers, a.GitHubID
	case a.GitHubLogin != "":
		idType, namespace, norm = "subject", gitHubLogins, a.GitHubLogin
	}
	return fmt.Sprintf("v.id_type = %s and coalesce(v.namespace, '') = %s and v.norm = %s", literal(idType), literal(namespace), literal(norm))
}

// showing lists the people of whose observations o of the value a condition
// holds.
func showing(ctx context.Context, db Reader, values, having string) ([]string, error) {
	return texts(ctx, db, `select p.person_id
from lake.vault.value as v
inner join lake.identity.observation as o on o.value_key = v.value_key
inner join lake.identity.person_identity as p on p.identity_key = o.identity_key and p.unlinked_at is null
where `+values+`
group by p.person_id
having `+having+`
order by 1`)
}

// keptApart reports whether a refusal or a decision stands between people who
// show the value.
func keptApart(ctx context.Context, db Reader, people []string, values string) (bool, error) {
	if len(people) < 2 {
		return false, nil
	}
	found, err := texts(ctx, db, `with
theirs as (
    select p.identity_id, p.person_id from lake.identity.person_identity as p where p.unlinked_at is null and p.person_id in `+list(people)+`
)

select a.identity_id
from (
    select r.identity_id, r.other_identity_id from lake.identity.refusal as r
    where r.value_key in (select v.value_key from lake.vault.value as v where `+values+`)
    union all
    select d.identity_id, d.other_identity_id from lake.identity.decision as d where d.verb = 'not_same'
) as x
inner join theirs as a on a.identity_id = x.identity_id
inner join theirs as b on b.identity_id = x.other_identity_id and b.person_id <> a.person_id
limit 1`)
	return len(found) > 0, err
}

// list is a list of texts in SQL.
func list(items []string) string {
	quoted := []string{"''"} // no person or login has this id
	for _, item := range items {
		quoted = append(quoted, literal(item))
	}
	return "(" + strings.Join(quoted, ", ") + ")"
}

// isFunctions reports whether the local part is a function's. Of an address at a
// host that does not exist its class says only that.
func isFunctions(a address.Address) bool {
	there, found := address.Parse(a.Local + "@company.com")
	return a.Class == address.Role || found && a.Class == address.Placeholder && there.Class == address.Role
}

func className(class string) string {
	if name, known := map[string]string{"role": "a function's", "generic": "one that many log-ins share", "noreply": "one that nobody reads",
		"placeholder": "a placeholder", "blocked": "a filler"}[class]; known {
		return name
	}
	return class
}

// mailboxesOf lists the addresses that these logins show and no other does.
func mailboxesOf(ctx context.Context, db Reader, logins []string) ([]string, error) {
	return texts(ctx, db, `select v.norm
from lake.vault.value as v
inner join lake.identity.observation as o on o.value_key = v.value_key
where v.id_type = 'email' and (v.class = 'placeholder' or v.class in `+personal+`)
group by v.norm
having bool_and(o.identity_key in (select `+keyOf("l.id")+` from (select unnest([`+strings.Trim(list(logins), "()")+`]) as id) as l))
order by 1`)
}
