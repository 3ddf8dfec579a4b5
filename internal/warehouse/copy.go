package warehouse

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// Copy moves the write-ahead log into the file and copies it to a path that
// does not exist yet. Writers wait meanwhile.
func (f *File) Copy(ctx context.Context, to string) error {
	return f.Do(ctx, func(conn *sql.Conn) error {
		if _, err := conn.ExecContext(ctx, "checkpoint "+Ident(f.Catalog)); err != nil {
			return fmt.Errorf("checkpoint before copying: %w", err)
		}
		return copyFile(ctx, f.path, to)
	})
}

// copyFile copies by a child process: opening and closing a live database
// file in this one would drop DuckDB's lock on it.
func copyFile(ctx context.Context, from, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("%s exists already", to)
	}
	cmd := exec.CommandContext(ctx, "cp", "--", from, to)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return errors.Join(fmt.Errorf("copy %s to %s: %w: %s", from, to, err, bytes.TrimSpace(stderr.Bytes())), RemoveIfThere(to))
	}
	if err := os.Chmod(to, 0o600); err != nil {
		return err
	}
	return errors.Join(SyncPath(to), SyncPath(filepath.Dir(to)))
}

// SyncPath flushes a file or directory to disk, which makes renames in the
// directory durable. It must not be called on a live database file.
func SyncPath(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// RemoveIfThere removes a file and does not mind that there is none.
func RemoveIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// sha256File hashes a file that is not a live database.
func sha256File(path string) (sum string, size int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	hash := sha256.New()
	size, err = io.Copy(hash, file)
	return hex.EncodeToString(hash.Sum(nil)), size, err
}
