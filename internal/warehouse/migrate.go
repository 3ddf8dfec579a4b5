package warehouse

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"
)

//go:embed migrations/*.sql
var migrations embed.FS

// migrationName is "0003_add_thing.sql".
var migrationName = regexp.MustCompile(`^(\d{4})_([a-z0-9_]+)\.sql$`)

type migration struct {
	version  int
	name     string
	sql      string
	checksum string
}

// A NewerError is a lake that a later rollcall has migrated.
type NewerError struct{ File, Known int }

func (e *NewerError) Error() string {
	return fmt.Sprintf("lake.duckdb has version %d, this rollcall knows up to %d: install the version of rollcall that wrote it, or restore a backup made before it", e.File, e.Known)
}

// Migrate brings the lake up to date. Before it changes a lake that holds
// something it keeps a copy in backupsDir and returns its path.
func (db *DB) Migrate(ctx context.Context, backupsDir string, now time.Time) (kept string, err error) {
	sub, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return "", err
	}
	return db.migrate(ctx, sub, backupsDir, now)
}

func (db *DB) migrate(ctx context.Context, files fs.FS, backupsDir string, now time.Time) (kept string, err error) {
	all, err := readMigrations(files)
	if err != nil {
		return "", err
	}
	version, err := db.LakeVersion(ctx)
	if err != nil {
		return "", err
	}
	if version > len(all) {
		return "", &NewerError{File: version, Known: len(all)}
	}
	if version > 0 && version < len(all) {
		kept = filepath.Join(backupsDir, fmt.Sprintf("lake-v%d-%s.duckdb", version, now.UTC().Format("20060102T150405.000000000")))
		if err := os.MkdirAll(backupsDir, 0o700); err != nil {
			return "", fmt.Errorf("keep a copy before migrating: %w", err)
		}
		if err := db.Lake.Copy(ctx, kept); err != nil {
			return "", fmt.Errorf("keep a copy before migrating: %w", err)
		}
	}
	for _, m := range all[version:] {
		if err := db.apply(ctx, m, now); err != nil {
			return kept, fmt.Errorf("migrate the lake to version %d (%s): %w", m.version, m.name, err)
		}
	}
	return kept, nil
}

func (db *DB) apply(ctx context.Context, m migration, now time.Time) error {
	return db.Lake.Write(ctx, func(tx *Tx) error {
		if m.version == 1 {
			if err := tx.Exec(ctx, `create schema if not exists ops; create table ops.migration (
				version integer not null, name varchar not null, checksum varchar not null, applied_at timestamp not null)`); err != nil {
				return err
			}
		}
		if err := tx.Exec(ctx, m.sql); err != nil {
			return err
		}
		return tx.Exec(ctx, "insert into ops.migration values (?, ?, ?, ?)", m.version, m.name, m.checksum, now.UTC())
	})
}

// LakeVersion is the number of the last migration applied; 0: an empty lake.
func (db *DB) LakeVersion(ctx context.Context) (int, error) {
	return lakeVersion(ctx, db.sql, LakeCatalog)
}

// readMigrations returns the migrations in order and refuses gaps, so that
// the version of a lake is the count of what was applied.
func readMigrations(files fs.FS) ([]migration, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	var all []migration
	for _, entry := range entries {
		match := migrationName.FindStringSubmatch(entry.Name())
		if match == nil {
			return nil, fmt.Errorf("migration %s is not named like 0001_thing.sql", entry.Name())
		}
		body, err := fs.ReadFile(files, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("read migrations: %w", err)
		}
		version, err := strconv.Atoi(match[1])
		if err != nil || version != len(all)+1 {
			return nil, errors.Join(fmt.Errorf("migration %s should be number %04d", entry.Name(), len(all)+1), err)
		}
		sum := sha256.Sum256(body)
		all = append(all, migration{version, match[2], string(body), hex.EncodeToString(sum[:])})
	}
	return all, nil
}
