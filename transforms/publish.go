package transforms

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"rollcall/internal/warehouse"
)

// PublishRequest says how to publish.
type PublishRequest struct {
	AcceptSchemaChange bool // publish although a column vanished or changed type
	Alone              bool // keep no release but this one
}

// A Release is one published build.
type Release struct {
	BuildID  string
	Path     string // of the DuckDB file that analysts open
	Manifest Manifest
}

// publishedFile is the name of the DuckDB file, in a release and as the link.
const publishedFile = "rollcall.duckdb"

// ErrNoBuild means that nothing was built yet.
var ErrNoBuild = errors.New("nothing to publish: run `rollcall build` first")

// Publish makes a release of the last build whose checks passed: a folder with
// the DuckDB file, its Parquet tree and a manifest, which appears whole or not
// at all; then the link and the fixed Parquet paths are replaced by rename. A
// [*ChecksFailed] or a [*SchemaChange] leaves the last release as it is.
func (b *Builder) Publish(ctx context.Context, r PublishRequest) (*Release, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	buildID, err := b.publishable(ctx)
	if err != nil {
		return nil, err
	}
	p := &publication{builder: b, buildID: buildID, alone: r.Alone, dir: b.opts.Config.PublishedDir()}
	for _, step := range []func() error{
		func() error { return b.rememberBuild(ctx, buildID) }, // a crash may have come between the checks and this
		p.makeFolders,
		func() error { return p.describeTables(ctx) },
		func() error { return p.guard(r.AcceptSchemaChange) },
		func() error { return p.write(ctx) },
		p.reveal,
		p.retire,
		p.prune,
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("publish %s: %w", buildID, err)
		}
	}
	b.opts.Log.Info("published", "build", buildID, "path", p.link())
	return &Release{BuildID: buildID, Path: p.link(), Manifest: p.manifest}, nil
}

// publishable gives the id of the build in the marts if its checks passed.
func (b *Builder) publishable(ctx context.Context) (string, error) {
	last, err := LastBuild(ctx, b.opts.DB)
	switch {
	case err != nil:
		return "", err
	case last == nil:
		return "", ErrNoBuild
	case last.Status == StatusPassed:
		return last.ID, nil
	case last.Status == StatusPartial:
		return "", fmt.Errorf("build %s is of selected models only: run `rollcall build` without --select", last.ID)
	case last.Status == StatusFailed:
		return "", &ChecksFailed{BuildID: last.ID, Results: last.failed()}
	}
	return "", fmt.Errorf("build %s was interrupted before its checks: run `rollcall build` again", last.ID)
}

// A publication is one run of Publish.
type publication struct {
	builder  *Builder
	buildID  string
	alone    bool
	name     string // of the release's folder
	dir      string // published/
	manifest Manifest
}

func (p *publication) link() string     { return filepath.Join(p.dir, publishedFile) }
func (p *publication) releases() string { return filepath.Join(p.dir, "releases") }
func (p *publication) release() string  { return filepath.Join(p.releases(), p.name) }
func (p *publication) unfinished() string {
	return filepath.Join(p.releases(), unfinishedPrefix+p.name)
}

// unfinishedPrefix marks a release folder that is being written; one left by a
// killed process is removed by the next publication.
const unfinishedPrefix = ".unfinished-"

// makeFolders finds a name for the release: the build's id, with a number
// behind it when that build was published before, since a release never
// changes once it is shown.
func (p *publication) makeFolders() error {
	p.name = p.buildID
	for again := 2; ; again++ {
		if _, err := os.Lstat(p.release()); errors.Is(err, fs.ErrNotExist) {
			break
		} else if err != nil {
			return err
		}
		p.name = fmt.Sprintf("%s.%d", p.buildID, again)
	}
	if err := os.RemoveAll(p.unfinished()); err != nil {
		return err
	}
	return errors.Join(p.share(filepath.Join(p.unfinished(), "parquet")), p.share(filepath.Join(p.dir, "parquet")))
}

// share makes a folder in published/, and those it lies in, that everybody may
// list whatever the umask. One that is there keeps the mode it was given.
func (p *publication) share(folder string) error {
	if _, err := os.Lstat(folder); err == nil {
		return nil
	}
	if folder != p.dir {
		if err := p.share(filepath.Dir(folder)); err != nil {
			return err
		}
	}
	return errors.Join(os.Mkdir(folder, 0o755), os.Chmod(folder, 0o755))
}

// mark says in the marts which release they are.
func (p *publication) mark(ctx context.Context) error {
	p.manifest.BuildID = p.buildID
	p.manifest.ReleasedAt = p.builder.opts.Now().UTC().Truncate(time.Microsecond)
	return p.builder.writeMarts(ctx, func(tx *warehouse.Tx) error {
		if err := tx.Exec(ctx, "delete from kpi.release"); err != nil {
			return err
		}
		return tx.Exec(ctx, "insert into kpi.release values (?, ?)", p.buildID, p.manifest.ReleasedAt)
	})
}

// guard compares the tables with those of the last release.
func (p *publication) guard(accept bool) error {
	last, err := LastRelease(p.dir)
	if err != nil || last == nil || accept {
		return err
	}
	if changes := p.manifest.breaks(last); len(changes) > 0 {
		return &SchemaChange{Since: last.BuildID, Changes: changes}
	}
	return nil
}

// resolved is what a link points to, or the path itself.
func resolved(path string) string {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path
	}
	return target
}

// reveal makes the release visible: the folder by one rename, then the fixed
// Parquet files, then the link, each by rename, so that a reader meets the old
// or the new file and never a part of one.
func (p *publication) reveal() error {
	if err := os.Rename(p.unfinished(), p.release()); err != nil {
		return err
	}
	if err := warehouse.SyncPath(p.releases()); err != nil {
		return err
	}
	for _, f := range p.manifest.Files {
		if strings.HasPrefix(f.Path, "parquet/") {
			if err := p.place(f.Path, f.Path); err != nil {
				return err
			}
		}
	}
	if err := p.place("manifest.json", "manifest.json"); err != nil {
		return err
	}
	return p.pointLink()
}

// place puts a file of the release at a fixed path below published/. Both
// names share the bytes.
func (p *publication) place(from, to string) error {
	target := filepath.Join(p.dir, filepath.FromSlash(to))
	if err := p.share(filepath.Dir(target)); err != nil {
		return err
	}
	fresh := target + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := os.Link(filepath.Join(p.release(), filepath.FromSlash(from)), fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, target); err != nil {
		return err
	}
	return warehouse.SyncPath(filepath.Dir(target))
}

// pointLink moves published/rollcall.duckdb to the new release. It is a link
// because a session that opened the file for writing leaves its write-ahead
// log beside the path it opened, and DuckDB resolves links: so the log stays
// with the old release instead of being replayed into the new one.
func (p *publication) pointLink() error {
	fresh := p.link() + ".new"
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := os.Symlink(filepath.Join("releases", p.name, publishedFile), fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, p.link()); err != nil {
		return err
	}
	return warehouse.SyncPath(p.dir)
}
