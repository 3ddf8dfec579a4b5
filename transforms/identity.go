package transforms

import (
	"context"
	"fmt"
	"strings"

	"rollcall/internal/warehouse"
)

// personIdentity is the lake's map from logins to people. Each login gets a
// random person id once and keeps it, so that the marts can be deleted and the
// next build gives the same ids.
const personIdentity = `create table if not exists lake.identity.person_identity (
    identity_id varchar,
    person_id varchar,
    source varchar,
    source_instance varchar,
    source_user_id varchar,
    match_method varchar,
    linked_at timestamp,
    unlinked_at timestamp
)`

// keepPeople adds the logins that staging shows for the first time, from every
// column that holds one.
func (b *Builder) keepPeople(ctx context.Context, tx *warehouse.Tx) error {
	for _, statement := range []string{"create schema if not exists lake.identity", personIdentity} {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	var seen []string
	for _, name := range sortedKeys(b.shapes) {
		for _, c := range b.shapes[name].columns {
			if c.Name == "identity_id" || strings.HasSuffix(c.Name, "_identity_id") {
				seen = append(seen, fmt.Sprintf("select %s as identity_id from work.staging.%s", ident(c.Name), ident(name)))
			}
		}
	}
	return tx.Exec(ctx, fmt.Sprintf(`insert into lake.identity.person_identity
select s.identity_id, cast(uuidv7() as varchar) as person_id,
    split_part(s.identity_id, ':', 1) as source,
    split_part(s.identity_id, ':', 2) as source_instance,
    substr(s.identity_id, length(split_part(s.identity_id, ':', 1)) + length(split_part(s.identity_id, ':', 2)) + 3) as source_user_id,
    'own' as match_method, cast(? as timestamp) as linked_at, cast(null as timestamp) as unlinked_at
from (%s) as s
where s.identity_id is not null
    and not exists (select 1 from lake.identity.person_identity as p where p.identity_id = s.identity_id)`,
		strings.Join(seen, "\n    union\n    ")), b.opts.Now().UTC())
}
