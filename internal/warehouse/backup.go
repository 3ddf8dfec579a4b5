package warehouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const manifestFile = "manifest.json"

// A Manifest says what a backup holds. It is written last: a backup without
// one is not complete.
type Manifest struct {
	Format      int            `json:"format"` // 1
	CreatedAt   time.Time      `json:"created_at"`
	LakeVersion int            `json:"lake_version"`
	Note        string         `json:"note"`
	Files       []ManifestFile `json:"files"`
}

// A ManifestFile is one file of a backup, by its path below the backup.
type ManifestFile struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Backup writes the lake and the keys into a directory that must not exist
// yet. marts.duckdb is left out: the next build makes it again. The keys are
// secret, and so is the backup.
func (db *DB) Backup(ctx context.Context, path string, now time.Time) (m Manifest, err error) {
	version, err := db.LakeVersion(ctx)
	if err != nil {
		return m, err
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return m, fmt.Errorf("back up: %s exists already, name a path that does not", path)
		}
		return m, fmt.Errorf("back up: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("back up to %s: %w", path, err), os.RemoveAll(path))
		}
	}()
	if err := db.Lake.Copy(ctx, filepath.Join(path, filepath.Base(LakePath(db.dir)))); err != nil {
		return m, err
	}
	if err := copyKeys(filepath.Join(db.dir, keysDir), filepath.Join(path, keysDir)); err != nil {
		return m, err
	}
	m = Manifest{Format: 1, CreatedAt: now.UTC(), LakeVersion: version,
		Note: "lake.duckdb and keys/ (secret: keep this backup as safe as the original); marts.duckdb is rebuilt"}
	if m.Files, err = hashFiles(path); err != nil {
		return m, err
	}
	return m, writeManifest(path, m)
}

const keysDir = "keys"

// copyKeys copies the key files, which are small and are no databases.
func copyKeys(from, to string) error {
	entries, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		body, err := os.ReadFile(filepath.Join(from, entry.Name()))
		if err != nil {
			return err
		}
		path := filepath.Join(to, entry.Name())
		if err := errors.Join(os.WriteFile(path, body, 0o600), SyncPath(path)); err != nil {
			return err
		}
	}
	return SyncPath(to)
}

func hashFiles(dir string) ([]ManifestFile, error) {
	var files []ManifestFile
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == manifestFile {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		sum, size, err := sha256File(path)
		files = append(files, ManifestFile{Path: filepath.ToSlash(rel), Size: size, SHA256: sum})
		return err
	})
	return files, err
}

func writeManifest(dir string, m Manifest) error {
	body, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(dir, manifestFile)
	return errors.Join(os.WriteFile(path, append(body, '\n'), 0o600), SyncPath(path), SyncPath(dir), SyncPath(filepath.Dir(dir)))
}
