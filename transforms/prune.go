package transforms

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// retire removes the fixed Parquet files of tables that the release does not
// export.
func (p *publication) retire() error {
	shown, err := fs.Glob(os.DirFS(p.dir), "parquet/*/*.parquet")
	errs := []error{err}
	for _, path := range shown {
		if !slices.ContainsFunc(p.manifest.Files, func(f ReleasedFile) bool { return f.Path == path }) {
			errs = append(errs, os.Remove(filepath.Join(p.dir, filepath.FromSlash(path))))
		}
	}
	return errors.Join(errs...)
}

// settled is how long a release stays after another took its place, whatever
// their number: a reader that followed the link just before opens it still.
const settled = 30 * time.Second

// An olderRelease is one that readers no longer meet.
type olderRelease struct {
	path       string
	releasedAt time.Time
}

// prune removes all but the newest releases and what killed publications left.
// Where people are not published, older releases that show them go at once.
func (p *publication) prune() error {
	older, err := p.olderReleases()
	errs := []error{err}
	keep := p.builder.opts.Config.Publish.Keep
	if keep < 1 {
		keep = defaultKeep
	}
	if p.alone {
		keep = 1
	}
	for i, release := range older[:max(0, len(older)-(keep-1))] {
		replacedAt := p.manifest.ReleasedAt
		if i+1 < len(older) {
			replacedAt = older[i+1].releasedAt
		}
		if p.alone || p.manifest.ReleasedAt.Sub(replacedAt) >= settled {
			errs = append(errs, os.RemoveAll(release.path))
		}
	}
	return errors.Join(errs...)
}

// olderReleases lists all but the release that was just shown, oldest first,
// and removes what may not stay.
func (p *publication) olderReleases() ([]olderRelease, error) {
	entries, err := os.ReadDir(p.releases())
	if err != nil {
		return nil, err
	}
	var older []olderRelease
	var errs []error
	for _, e := range entries {
		path := filepath.Join(p.releases(), e.Name())
		stale, err := p.isStale(path)
		switch {
		case e.Name() == p.name:
		case strings.HasPrefix(e.Name(), unfinishedPrefix) || stale:
			errs = append(errs, err, os.RemoveAll(path))
		default:
			var at time.Time
			if m, err := readManifest(filepath.Join(path, "manifest.json")); err == nil && m != nil {
				at = m.ReleasedAt
			}
			older = append(older, olderRelease{path, at})
		}
	}
	slices.SortFunc(older, func(a, b olderRelease) int { return a.releasedAt.Compare(b.releasedAt) })
	return older, errors.Join(errs...)
}

// isStale reports whether a release shows people who are no longer published.
func (p *publication) isStale(release string) (bool, error) {
	if p.builder.opts.Config.Publish.PersonLevel {
		return false, nil
	}
	m, err := readManifest(filepath.Join(release, "manifest.json"))
	if err != nil || m == nil {
		return err != nil, err
	}
	return slices.ContainsFunc(m.Tables, func(t ReleasedTable) bool { return strings.HasPrefix(t.Name, "core.") }), nil
}

// defaultKeep is how many releases are kept where the configuration is silent.
const defaultKeep = 3
