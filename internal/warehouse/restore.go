package warehouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"
)

// Restore puts a backup in the place of a data directory's lake and keys. It
// verifies everything before it changes anything, refuses while another
// process has the directory, and keeps what it replaces under backups/,
// whose path it returns. marts.duckdb is removed: the next build makes it.
func Restore(ctx context.Context, dir, from string, now time.Time) (replaced string, err error) {
	lock, err := LockDir(dir, "rollcall restore", now)
	if err != nil {
		return "", fmt.Errorf("restore: %w; stop it first (SIGTERM to its process)", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	staged := filepath.Join(dir, "tmp", "restore")
	if err := errors.Join(os.RemoveAll(staged), os.MkdirAll(staged, 0o700)); err != nil {
		return "", fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(staged)) }()
	if err := stage(ctx, from, staged); err != nil {
		return "", fmt.Errorf("restore %s: %w; nothing was changed", from, err)
	}
	replaced = filepath.Join(dir, "backups", "before-restore-"+now.UTC().Format("20060102T150405.000000000"))
	if err := os.MkdirAll(replaced, 0o700); err != nil {
		return "", fmt.Errorf("restore: %w", err)
	}
	if err := swap(dir, staged, replaced); err != nil {
		return replaced, fmt.Errorf("restore %s: %w; what was there before is in %s", from, err, replaced)
	}
	return replaced, nil
}

// stage copies the backup beside the lake and proves the copy whole.
func stage(ctx context.Context, from, staged string) error {
	m, err := readManifest(from)
	if err != nil {
		return err
	}
	hasLake := false
	for _, file := range m.Files {
		if err := file.check(from); err != nil {
			return err
		}
		to := filepath.Join(staged, file.Path)
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := copyFile(ctx, filepath.Join(from, file.Path), to); err != nil {
			return err
		}
		sum, size, err := sha256File(to)
		if err != nil {
			return err
		}
		if sum != file.SHA256 || size != file.Size {
			return fmt.Errorf("%s is not as it was written: size or sha256 differ from %s", file.Path, manifestFile)
		}
		hasLake = hasLake || file.Path == filepath.Base(LakePath(staged))
	}
	if !hasLake {
		return errors.New("it holds no lake.duckdb")
	}
	return checkLake(ctx, LakePath(staged))
}

func readManifest(from string) (m Manifest, err error) {
	body, err := os.ReadFile(filepath.Join(from, manifestFile))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("it has no %s, so it is no complete backup", manifestFile)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return m, fmt.Errorf("read %s: %w", manifestFile, err)
	}
	if m.Format != 1 {
		return m, fmt.Errorf("its format is %d, this rollcall knows 1", m.Format)
	}
	return m, nil
}

// check refuses what no backup holds, before anything of it is copied: a
// backup comes from outside, and a link or a device in it would bring in other
// files or never end.
func (f ManifestFile) check(from string) error {
	if f.Path != filepath.Base(LakePath(from)) && (path.Dir(f.Path) != keysDir || !filepath.IsLocal(f.Path)) {
		return fmt.Errorf("%s names %q, which no backup holds", manifestFile, f.Path)
	}
	for _, below := range []string{path.Dir(f.Path), f.Path} {
		info, err := os.Lstat(filepath.Join(from, below))
		switch {
		case err != nil:
			return err
		case below == ".": // the backup itself may be given by a link
		case below == f.Path && !info.Mode().IsRegular(), below != f.Path && !info.IsDir():
			return fmt.Errorf("%s is a link or no plain file", below)
		case below == f.Path && info.Size() != f.Size:
			return fmt.Errorf("%s is not as it was written: it has %d bytes, %s says %d", f.Path, info.Size(), manifestFile, f.Size)
		}
	}
	return nil
}

// swap is the only part that changes the data directory. Write-ahead logs go
// first: DuckDB would replay them into whatever file has the name.
func swap(dir, staged, replaced string) error {
	lake, marts := LakePath(dir), MartsPath(dir)
	for _, wal := range []string{lake + ".wal", marts + ".wal"} {
		if err := moveIfThere(wal, filepath.Join(replaced, filepath.Base(wal))); err != nil {
			return err
		}
	}
	if err := os.Link(lake, filepath.Join(replaced, filepath.Base(lake))); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := errors.Join(SyncPath(replaced), SyncPath(dir)); err != nil {
		return err
	}
	if err := os.Rename(LakePath(staged), lake); err != nil {
		return err
	}
	if err := RemoveIfThere(marts); err != nil {
		return err
	}
	if err := moveIfThere(filepath.Join(dir, keysDir), filepath.Join(replaced, keysDir)); err != nil {
		return err
	}
	if err := moveIfThere(filepath.Join(staged, keysDir), filepath.Join(dir, keysDir)); err != nil {
		return err
	}
	return SyncPath(dir)
}

func moveIfThere(from, to string) error {
	if err := os.Rename(from, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
