package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"rollcall/internal/warehouse"
)

// CarryErasures takes over into a restored lake who was erased since its backup
// was made, from the lake and keys that it replaced: a backup brings back what
// was erased, and nobody keeps the addresses. The erasures are unfinished in it,
// so that whatever publishes next carries them out again. It returns how many
// there are.
func CarryErasures(ctx context.Context, db *warehouse.DB, keysDir, replaced string) (carried int64, err error) {
	before := warehouse.LakePath(replaced)
	if _, err := os.Stat(before); errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	err = db.Beside(ctx, before, "before", func() error {
		missed, err := countMissed(ctx, db.SQL())
		if err != nil || missed == 0 {
			return err
		}
		if err := carryKey(ctx, db.SQL(), keysDir, replaced); err != nil {
			return err
		}
		carried = missed
		return db.Lake.Write(ctx, func(tx *warehouse.Tx) error {
			return errors.Join(
				tx.Exec(ctx, `insert into lake.identity.suppression by name
select s.* from before.identity.suppression as s
where s.hmac not in (select k.hmac from lake.identity.suppression as k)`),
				tx.Exec(ctx, `insert into lake.identity.erasure by name
select e.* replace (cast(null as timestamp) as finished_at) from before.identity.erasure as e
where e.erasure_id not in (select k.erasure_id from lake.identity.erasure as k)`))
		})
	})
	if err != nil {
		return 0, err
	}
	return carried, nil
}

// countMissed counts the erasures of before that the lake does not know. A lake
// from before erasures were kept has none.
func countMissed(ctx context.Context, db *sql.DB) (missed int64, err error) {
	if isThere, err := hasTable(ctx, db, "before", "identity", "erasure"); err != nil || !isThere {
		return 0, err
	}
	err = db.QueryRowContext(ctx, `select count(*) from before.identity.erasure as e
where e.erasure_id not in (select k.erasure_id from lake.identity.erasure as k)`).Scan(&missed)
	return missed, err
}

func hasTable(ctx context.Context, db *sql.DB, catalog, schema, table string) (isThere bool, err error) {
	err = db.QueryRowContext(ctx, "select count(*) > 0 from duckdb_tables() where database_name = ? and schema_name = ? and table_name = ?", catalog, schema, table).Scan(&isThere)
	return isThere, err
}

// carryKey makes sure that the restored lake knows what was erased by the key
// that it was hashed with, and brings that key where it has none yet.
func carryKey(ctx context.Context, db *sql.DB, keysDir, replaced string) error {
	now, err := checkValue(ctx, db, "lake")
	if err != nil {
		return err
	}
	before, err := checkValue(ctx, db, "before")
	switch {
	case err != nil || now == before:
		return err
	case now != "":
		return fmt.Errorf("it has another %s", idKeyFile)
	}
	key, err := os.ReadFile(filepath.Join(replaced, "keys", idKeyFile))
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(keysDir, 0o700), os.WriteFile(filepath.Join(keysDir, idKeyFile), key, 0o600), warehouse.SyncPath(keysDir))
}

// checkValue tells the key of a lake's ids from others; "" where none was hashed.
func checkValue(ctx context.Context, db *sql.DB, catalog string) (value string, err error) {
	if isThere, err := hasTable(ctx, db, catalog, "staged", "id_key"); err != nil || !isThere {
		return "", err
	}
	err = db.QueryRowContext(ctx, fmt.Sprintf("select coalesce(max(k.check_value), '') from %s.staged.id_key as k", catalog)).Scan(&value)
	return value, err
}
