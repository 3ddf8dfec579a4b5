package transforms

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/warehouse"
)

// EraseLake deletes from staging, vault and identity what was erased, and has
// the next build stage everything again. Twice is as good as once. It returns
// how many rows it deleted by table.
func (b *Builder) EraseLake(ctx context.Context) (map[string]int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.prepareStaged(ctx, nil); err != nil || b.suppressed == nil {
		return nil, err
	}
	if err := b.offerErased(ctx); err != nil {
		return nil, err
	}
	x := &lakeErasing{deleted: map[string]int64{}}
	err := b.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		x.tx = tx
		for _, step := range []func(context.Context) error{x.findLogins, x.findValues, x.erasePeople, x.eraseValues, x.maskWords, x.eraseTexts, x.restage} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("erase from the lake: %w", err)
	}
	return x.deleted, nil
}

// A lakeErasing is one pass over what builds made in the lake.
type lakeErasing struct {
	tx      *warehouse.Tx
	deleted map[string]int64
}

func (x *lakeErasing) exec(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if err := x.tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// delete deletes the rows t of a table of the lake, and counts them.
func (x *lakeErasing) delete(ctx context.Context, table, where string) error {
	var rows int64
	err := scanRows(ctx, x.tx, "select count(*) from lake."+table+" as t where "+where, func(scan func(...any) error) error { return scan(&rows) })
	if err != nil || rows == 0 {
		return err
	}
	x.deleted[table] += rows
	return x.tx.Exec(ctx, "delete from lake."+table+" as t where "+where)
}

func (x *lakeErasing) findLogins(ctx context.Context) error {
	return x.exec(ctx, `create or replace temp table erased_login as
select l.identity_id, md5_number_lower(l.identity_id) as identity_key
from (
    select distinct p.identity_id from lake.identity.person_identity as p
) as l
where erased_login(l.identity_id) = 'yes'`,
		`create or replace temp table erased_person as
select distinct p.person_id from lake.identity.person_identity as p
where p.identity_id in (select l.identity_id from temp.erased_login as l)
    and not exists (
        select 1 from lake.identity.person_identity as o
        where o.person_id = p.person_id and o.identity_id not in (select l.identity_id from temp.erased_login as l)
    )`)
}

// findValues finds erased addresses, and the texts that only erased logins show.
func (x *lakeErasing) findValues(ctx context.Context) error {
	return x.exec(ctx, `create or replace temp table erased_value as
select v.value_key from lake.vault.value as v where erased_holds(v.norm) = 'yes'
union
select o.value_key from lake.identity.observation as o
group by o.value_key
having bool_and(o.identity_key in (select l.identity_key from temp.erased_login as l))`)
}

func (x *lakeErasing) erasePeople(ctx context.Context) error {
	const login, person = "(select l.identity_id from temp.erased_login as l)", "(select p.person_id from temp.erased_person as p)"
	const key = "t.identity_key in (select l.identity_key from temp.erased_login as l)"
	pair := "t.identity_id in " + login + " or t.other_identity_id in " + login
	for _, part := range [][2]string{
		{"identity.observation", key}, {"identity.login", key},
		{"identity.refusal", pair}, {"identity.suggestion", pair}, {"identity.decision", pair},
		{"identity.login_domain", "t.identity_id in " + login}, {"identity.pending", "t.identity_id in " + login},
		{"identity.person_identity", "t.identity_id in " + login},
		{"identity.person_event", "t.identity_id in " + login + " or t.person_id in " + person + " or t.other_person_id in " + person},
		{"identity.person_merge", "t.merged_person_id in " + person + " or t.surviving_person_id in " + person},
		{"identity.person", "t.person_id in " + person},
	} {
		if err := x.delete(ctx, part[0], part[1]); err != nil {
			return err
		}
	}
	return nil
}

func (x *lakeErasing) eraseValues(ctx context.Context) error {
	const value = "t.value_key in (select v.value_key from temp.erased_value as v)"
	for _, table := range []string{"identity.observation", "identity.refusal", "identity.suggestion", "vault.value"} {
		if err := x.delete(ctx, table, value); err != nil {
			return err
		}
	}
	return nil
}

// spokenTables hold words of those who decided, which no build makes again.
func spokenTables() []string {
	return []string{"identity.decision", "identity.person_event", "identity.erasure"}
}

func spokenColumns() []string { return []string{"actor", "reason"} }

// maskWords cuts erased addresses out of what people said: the decision stands.
func (x *lakeErasing) maskWords(ctx context.Context) error {
	var holding, masked []string
	for _, column := range spokenColumns() {
		holding = append(holding, erasedHolds+"(t."+column+") = 'yes'")
		masked = append(masked, erasedMasked+"(t."+column+") as "+column)
	}
	where := strings.Join(holding, " or ")
	for _, table := range spokenTables() {
		if err := x.tx.Rewrite(ctx, "lake."+table, strings.Join(masked, ", "), where); err != nil {
			return err
		}
	}
	return nil
}

// eraseTexts deletes every row in which a text holds an erased address or names
// an erased record or login: the next build makes again what may stay of it.
func (x *lakeErasing) eraseTexts(ctx context.Context) error {
	columns := map[string][]string{}
	err := scanRows(ctx, x.tx, `select c.schema_name || '.' || c.table_name, c.column_name from duckdb_columns() as c
where c.database_name = 'lake' and c.schema_name in ('staging', 'staged', 'vault', 'identity') and c.data_type = 'VARCHAR'`, func(scan func(...any) error) error {
		var table, column string
		err := scan(&table, &column)
		columns[table] = append(columns[table], column)
		return err
	})
	if err != nil {
		return err
	}
	for _, table := range sortedKeys(columns) {
		if table == "identity.suppression" || table == "identity.erasure" {
			continue
		}
		var conditions []string
		for _, column := range columns[table] {
			if slices.Contains(spokenTables(), table) && slices.Contains(spokenColumns(), column) {
				continue
			}
			c := "t." + ident(column)
			conditions = append(conditions, fmt.Sprintf("regexp_matches(%[1]s, '@|40|&') and erased_holds(%[1]s) = 'yes'", c))
			if column == "record" {
				conditions = append(conditions, erasedRecord+"("+c+") = 'yes'")
			}
			if column == "identity_id" || strings.HasSuffix(column, "_identity_id") {
				conditions = append(conditions, erasedLogin+"("+c+") = 'yes'")
			}
		}
		if err := x.delete(ctx, table, strings.Join(conditions, " or ")); err != nil {
			return err
		}
	}
	return nil
}

// restage forgets what staging was made of, so that all of it is made again.
func (x *lakeErasing) restage(ctx context.Context) error {
	return x.exec(ctx, "delete from lake.staged.file",
		"drop table temp.erased_login", "drop table temp.erased_person", "drop table temp.erased_value")
}
