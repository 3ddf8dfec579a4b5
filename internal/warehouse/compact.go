package warehouse

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/duckdb/duckdb-go/v2"
)

// compactFloor is the size below which a file is not worth compacting.
const compactFloor = 64 << 20

// Compact rewrites the lake and the marts of a data directory where over half
// of the file is free; DuckDB never gives free space back by itself. The
// caller holds the directory's lock and has not opened the warehouse.
func Compact(ctx context.Context, opts Options) error {
	for _, path := range []string{LakePath(opts.Dir), MartsPath(opts.Dir)} {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() < compactFloor {
			continue
		}
		if err != nil {
			return fmt.Errorf("compact %s: %w", path, err)
		}
		if err := compactFile(ctx, path, opts); err != nil {
			return fmt.Errorf("compact %s: %w", path, err)
		}
	}
	return nil
}

func compactFile(ctx context.Context, path string, opts Options) error {
	fresh := path + ".compact"
	if err := errors.Join(RemoveIfThere(fresh), RemoveIfThere(fresh+".wal")); err != nil {
		return err
	}
	written, err := copyDatabase(ctx, path, fresh, opts)
	if err != nil || !written {
		return errors.Join(err, RemoveIfThere(fresh), RemoveIfThere(fresh+".wal"))
	}
	if err := SyncPath(fresh); err != nil {
		return err
	}
	dir := filepath.Dir(path)
	if err := errors.Join(RemoveIfThere(path+".wal"), RemoveIfThere(fresh+".wal"), SyncPath(dir)); err != nil {
		return err
	}
	return errors.Join(os.Rename(fresh, path), SyncPath(dir))
}

// copyDatabase writes the file anew where over half of it is free. The old
// one is checkpointed first, so its write-ahead log holds nothing any more.
func copyDatabase(ctx context.Context, from, to string, opts Options) (written bool, err error) {
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		return false, fmt.Errorf("start DuckDB: %w", err)
	}
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	for _, stmt := range []string{
		"set memory_limit = " + Literal(opts.withDefaults().MemoryLimit),
		"set temp_directory = " + Literal(opts.withDefaults().TempDir),
		attach(from, "old"), "checkpoint old",
	} {
		if _, err := db.ExecContext(ctx, stmt); err != nil {
			return false, err
		}
	}
	var total, free int64
	err = db.QueryRowContext(ctx, "select total_blocks, free_blocks from pragma_database_size() where database_name = 'old'").Scan(&total, &free)
	if err != nil || free*2 <= total {
		return false, err
	}
	for _, stmt := range []string{attach(to, "new"), "copy from database old to new", "checkpoint new", "detach new", "detach old"} {
		if _, err := db.ExecContext(ctx, stmt); err != nil {
			return false, err
		}
	}
	return true, nil
}
