package transforms

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"rollcall/internal/warehouse"
)

// idKeyFile holds the key by which ids that hold an address are hashed, in the
// folder of keys. Without it the ids of those people would change, so that its
// loss is an error.
const idKeyFile = "ids.key"

// loadIDKey reads the key, and makes one where nothing was ever hashed. The lake
// keeps a check value of it.
func (b *Builder) loadIDKey(ctx context.Context, tx *warehouse.Tx) error {
	path := filepath.Join(b.opts.Config.KeysDir(), idKeyFile)
	stored, err := tables{tx}.Text(ctx, "select coalesce(max(k.check_value), '') from lake.staged.id_key as k")
	if err != nil {
		return err
	}
	erased, err := tables{tx}.Text(ctx, "select cast(count(*) as varchar) from lake.identity.suppression")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && stored == "" && erased == "0" {
		if text, err = makeKey(path); err != nil {
			return fmt.Errorf("make the key of ids: %w", err)
		}
	}
	b.idKey = strings.TrimSpace(string(text))
	if err := checkIDKey(path, b.idKey, err, stored); err != nil || stored != "" {
		return err
	}
	return tx.Exec(ctx, "insert into lake.staged.id_key values (?)", keyCheck(b.idKey))
}

// keyCheck is by what a key is recognised.
func keyCheck(key string) string { return fingerprint("check", key) }

// checkIDKey says what is wrong with a key that was read, or not, from a file.
func checkIDKey(path, key string, readErr error, stored string) error {
	const without = "restore it from a backup, since without it people would get other ids, and who was erased would come back"
	switch {
	case errors.Is(readErr, fs.ErrNotExist):
		return fmt.Errorf("%s is missing: %s", path, without)
	case readErr != nil:
		return fmt.Errorf("read the key of ids: %w", readErr)
	case key == "":
		return fmt.Errorf("%s is empty: %s", path, without)
	case stored != "" && stored != keyCheck(key):
		return fmt.Errorf("%s is not the key by which ids were hashed: %s", path, without)
	}
	return nil
}

// CheckKey finds a key of ids that is missing or another one, where ids were
// hashed.
func CheckKey(ctx context.Context, db *warehouse.DB, keysDir string) (err error) {
	conn, err := db.SQL().Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if isBuilt, err := tableExists(ctx, conn, warehouse.LakeCatalog, "staged", "id_key"); err != nil || !isBuilt {
		return err
	}
	var stored string
	if err := conn.QueryRowContext(ctx, "select coalesce(max(k.check_value), '') from lake.staged.id_key as k").Scan(&stored); err != nil || stored == "" {
		return err
	}
	path := filepath.Join(keysDir, idKeyFile)
	text, err := os.ReadFile(path)
	return checkIDKey(path, strings.TrimSpace(string(text)), err, stored)
}

// makeKey writes a random key that only its owner may read, whole or not at all.
func makeKey(path string) ([]byte, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	raw := make([]byte, sha256.Size)
	if _, err := rand.Read(raw); err != nil {
		return nil, err
	}
	text := []byte(hex.EncodeToString(raw))
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return nil, err
	}
	if err := errors.Join(warehouse.SyncPath(path+".new"), os.Rename(path+".new", path)); err != nil {
		return nil, err
	}
	return text, warehouse.SyncPath(filepath.Dir(path))
}

var addressPattern = regexp.MustCompile(address)

// hashedID is the id that stands for one which holds an address: the address
// masked, and a keyed hash of the whole. It is one id for all spellings in upper
// and lower case, as one mailbox is.
func (b *Builder) hashedID(id string) string {
	if !strings.Contains(id, "@") && !strings.Contains(id, "%40") || !addressPattern.MatchString(id) {
		return id
	}
	inner := sha256.Sum256([]byte(b.idKey + strings.ToLower(id)))
	outer := sha256.Sum256([]byte(b.idKey + hex.EncodeToString(inner[:])))
	return addressPattern.ReplaceAllLiteralString(id, addressMask) + "~" + hex.EncodeToString(outer[:])[:hashedIDLength]
}

// hashedIDSQL is hashedID of a column, where offerIDKey was called.
func hashedIDSQL(column string) string {
	return fmt.Sprintf(`case when (contains(%[1]s, '@') or contains(%[1]s, '%%40')) and regexp_matches(%[1]s, %[2]s)
        then regexp_replace(%[1]s, %[2]s, %[3]s, 'g') || '~' || left(sha256(getvariable('id_key') || sha256(getvariable('id_key') || lower(%[1]s))), %[4]d)
        else %[1]s end`, column, literal(address), literal(addressMask), hashedIDLength)
}

// addressMask stands where an address was; hashedIDLength is how many digits of
// the hash keep ids apart.
const (
	addressMask    = "[address]"
	hashedIDLength = 32
)

// offerIDKey lets a connection hash ids until withdrawIDKey: a variable, so that
// no statement and no message shows the key.
func (b *Builder) offerIDKey(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, "set variable id_key = ?", b.idKey)
	return err
}

func withdrawIDKey(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(context.WithoutCancel(ctx), "reset variable id_key")
	return err
}
