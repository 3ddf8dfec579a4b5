package identity

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"rollcall/transforms/identity/address"
)

// An AmbiguousError is a text that means several people.
type AmbiguousError struct {
	Text   string
	People []Human
}

func (e *AmbiguousError) Error() string {
	var list []string
	for _, p := range e.People {
		list = append(list, fmt.Sprintf("%s (%s)", p.ID, p.Logins[0].ID))
	}
	return fmt.Sprintf("%s is an address of %d people: name one of %s", e.Text, len(list), strings.Join(list, ", "))
}

// One gives the person that a text means as [Find] reads it, and the login by
// which a decision names that person: the text, if it is a login's id, else the
// first login. Several people are an [*AmbiguousError].
func One(ctx context.Context, db Reader, text string) (Human, string, error) {
	people, err := Find(ctx, db, text)
	if err != nil {
		return Human{}, "", err
	}
	if len(people) > 1 {
		return Human{}, "", &AmbiguousError{text, people}
	}
	for _, l := range people[0].Logins {
		if l.ID == strings.TrimSpace(text) {
			return people[0], l.ID, nil
		}
	}
	return people[0], people[0].Logins[0].ID, nil
}

// Nearest lists logins that a text which is not known may have meant: whose id
// ends with it, or who are called so.
func Nearest(ctx context.Context, db Reader, text string) ([]string, error) {
	return texts(ctx, db, `select distinct s.identity_id
from lake.staging.identity as s
where lower(s.source_user_id) = lower($1) or lower(s.username) = lower($1) or lower(s.display_name) = lower($1)
    or lower(s.source_instance || ':' || s.source_user_id) = lower($1)
order by 1
limit 8`, strings.TrimSpace(text))
}

// Shows reports whether the login shows an address, or is named by the text.
func (l HumanLogin) Shows(text string) bool {
	text = strings.TrimSpace(text)
	if l.ID == text {
		return true
	}
	a, found := address.Parse(text)
	if !found {
		return false
	}
	for _, shown := range strings.Split(l.Addresses, ", ") {
		if shown == a.Mailbox {
			return true
		}
	}
	return false
}

// ErrNoSuchBuild means that no build of that id passed its checks.
var ErrNoSuchBuild = errors.New("no build of that id passed its checks")

// EndOf is when a build had written who is who.
func EndOf(ctx context.Context, db Reader, buildID string) (time.Time, error) {
	var ended time.Time
	err := readRows(ctx, db, "select b.written_at from lake.history.build as b where b.build_id = "+literal(buildID), func(scan func(...any) error) error {
		return scan(&ended)
	})
	if err == nil && ended.IsZero() {
		err = ErrNoSuchBuild
	}
	return ended, err
}

// HeldBy lists the people to whom a person's present logins belonged at a
// moment, each with all logins of then.
func HeldBy(ctx context.Context, db Reader, now Human, at time.Time) ([]Human, error) {
	ids := ""
	for _, l := range now.Logins {
		ids += ", " + literal(l.ID)
	}
	then, err := texts(ctx, db, fmt.Sprintf(`select distinct p.person_id
from lake.identity.person_identity as p
where p.identity_id in (%s) and p.linked_at <= ? and (p.unlinked_at is null or p.unlinked_at > ?)
order by 1`, ids[2:]), at.UTC(), at.UTC())
	if err != nil {
		return nil, err
	}
	var people []Human
	for _, id := range then {
		logins, err := Members(ctx, db, id, at)
		if err != nil {
			return nil, err
		}
		people = append(people, Human{ID: id, Logins: logins})
	}
	return people, nil
}
