package files

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"rollcall/connectors"
)

// A match is a file that a set's glob found.
type match struct {
	name  string // relative to the glob's fixed directory; what cursors and messages call it
	path  string // with symbolic links resolved
	size  int64
	mtime time.Time
}

// list returns the files of the set, oldest first, and notes on those it will
// not read. An empty list is no error: exports come and go.
func (f *fileSet) list() ([]match, []string, error) {
	dir := fixedDir(f.Path)
	if err := f.readable(dir); err != nil {
		return nil, nil, err
	}
	paths, err := filepath.Glob(f.Path)
	if err != nil {
		return nil, nil, f.fault("path", "%q is no glob: %v", f.Path, err)
	}
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return nil, nil, f.fault("path", "%v", err)
	}
	var found []match
	var notes []string
	seen := map[string]bool{}
	for _, path := range paths {
		m, note := f.look(dir, root, path)
		switch {
		case note != "":
			notes = append(notes, note)
		case m.path != "" && !seen[m.path]: // two links to one file are one file
			seen[m.path] = true
			found = append(found, m)
		}
	}
	f.sort(found)
	return found, notes, nil
}

// readable tells a directory that is missing or closed from an empty one,
// which filepath.Glob does not.
func (f *fileSet) readable(dir string) error {
	d, err := os.Open(dir)
	if err == nil {
		defer d.Close()
		if _, err = d.Readdirnames(1); err == nil || errors.Is(err, io.EOF) {
			return nil
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f.fault("path", "directory %s does not exist", dir)
	case errors.Is(err, fs.ErrPermission) && !isGlob(f.Path):
		return nil // a single file may be read in a directory that may not be listed
	case errors.Is(err, fs.ErrPermission):
		return &connectors.ErrForbidden{Stream: f.Stream, Reason: "directory " + dir + " may not be read by this user"}
	}
	return f.fault("path", "%v", err)
}

// look decides whether a path is read. Links are followed inside the glob's
// own directory only, so that a link put there cannot make rollcall read what
// its operator did not name; a path without wildcards names its file itself.
func (f *fileSet) look(dir, root, path string) (match, string) {
	if base := filepath.Base(path); strings.HasPrefix(base, ".") && !strings.HasPrefix(filepath.Base(f.Path), ".") {
		return match{}, "" // half-written copies of rsync and others
	}
	name, err := filepath.Rel(dir, path)
	if err != nil {
		name = path
	}
	name = strings.ToValidUTF8(name, "\uFFFD") // keys and messages must be text
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return match{}, name + ": " + err.Error()
	}
	if rel, err := filepath.Rel(root, real); isGlob(f.Path) && (err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator))) {
		return match{}, name + " is a link that leads out of " + dir + " and is not read: name its target in a path of its own"
	}
	info, err := os.Stat(real)
	switch {
	case err != nil:
		return match{}, name + ": " + err.Error()
	case info.IsDir():
		return match{}, ""
	case !info.Mode().IsRegular():
		return match{}, name + " is no regular file and is not read"
	}
	return match{name: name, path: real, size: info.Size(), mtime: info.ModTime()}, ""
}

func (f *fileSet) sort(found []match) {
	slices.SortFunc(found, func(a, b match) int {
		if f.Order != "name" {
			if c := a.mtime.Compare(b.mtime); c != 0 {
				return c
			}
		}
		return cmp.Or(compareNatural(a.name, b.name), strings.Compare(a.name, b.name))
	})
}

// compareNatural orders names with their numbers by value: "a-9" before "a-10".
func compareNatural(a, b string) int {
	for a != "" && b != "" {
		if isDigit(a[0]) && isDigit(b[0]) {
			var x, y string
			x, a = leadingNumber(a)
			y, b = leadingNumber(b)
			if c := cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y)); c != 0 {
				return c
			}
			continue
		}
		if a[0] != b[0] {
			return cmp.Compare(a[0], b[0])
		}
		a, b = a[1:], b[1:]
	}
	return cmp.Compare(len(a), len(b))
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// leadingNumber cuts the digits at the start of s, without leading zeros.
func leadingNumber(s string) (digits, rest string) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	return strings.TrimLeft(s[:n], "0"), s[n:]
}

func isGlob(path string) bool { return strings.ContainsAny(path, `*?[\`) }

// fixedDir is the deepest directory of a path that holds no wildcard.
func fixedDir(path string) string {
	dir := filepath.Dir(path)
	for isGlob(dir) {
		dir = filepath.Dir(dir)
	}
	return dir
}
