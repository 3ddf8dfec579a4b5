package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"rollcall/internal/config"
)

// checkAccess looks at who may open what: everybody reads published/ and
// changes nothing there, and nobody else opens the rest of the data directory.
func checkAccess(result *doctorResult, cfg *config.Config) {
	before := len(result.Findings)
	if mode := modeOf(cfg.DataDir); mode&0o022 != 0 {
		result.add("access", cfg.DataDir, "fail", "other users may replace its files (mode %04o): chmod go-w %s", mode, cfg.DataDir)
	}
	entries, err := os.ReadDir(cfg.DataDir)
	if err != nil {
		result.add("access", cfg.DataDir, "fail", "%v", err)
	}
	for _, entry := range entries {
		path := filepath.Join(cfg.DataDir, entry.Name())
		if mode := modeOf(path); path != cfg.PublishedDir() && mode&0o077 != 0 {
			result.add("access", path, "fail", "is open to other users (mode %04o): chmod go= %s", mode, path)
		}
	}
	checkReaders(result, cfg.PublishedDir())
	if len(result.Findings) == before {
		result.add("access", cfg.DataDir, "ok", "other users read published/ and nothing else")
	}
}

// checkReaders follows the way of another user down to published/ and through
// it. Nothing is said before the first publication.
func checkReaders(result *doctorResult, published string) {
	if _, err := os.Stat(published); errors.Is(err, fs.ErrNotExist) {
		return
	}
	for dir := filepath.Dir(published); ; dir = filepath.Dir(dir) {
		if mode := modeOf(dir); mode&0o001 == 0 {
			result.add("access", published, "warn", "other users cannot reach it through %s (mode %04o): chmod o+x %s, unless they need not", dir, mode, dir)
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	err := filepath.WalkDir(published, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		switch mode := modeOf(path); {
		case mode&0o022 != 0:
			result.add("access", path, "fail", "other users may replace what is published (mode %04o): chmod 755 %s", mode, path)
		case mode&0o005 != 0o005:
			result.add("access", path, "warn", "other users cannot read it (mode %04o): chmod 755 %s", mode, path)
		}
		return nil
	})
	if err != nil {
		result.add("access", published, "fail", "%v", err)
	}
}

// modeOf gives a file's permissions; one that is gone meanwhile is closed to
// everybody.
func modeOf(path string) fs.FileMode {
	info, err := os.Stat(path)
	if err != nil {
		return 0
	}
	return info.Mode().Perm()
}
