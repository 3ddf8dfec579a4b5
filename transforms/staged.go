package transforms

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"

	"rollcall/internal/warehouse"
)

// The lake remembers what its staging tables were made of, so that a build
// stages only what changed. All of it is written in the transaction that
// writes staging itself.
//
// staged.run: how many record versions of a sync run were staged, and which.
// staged.stream: what an instance's stream feeds. It outlives the connector's
// block in the configuration, as the instance's data do.
// staged.file: the staging SQL that filled a shape, with all it depends on.
// staged.fault: what the declared types lost of a record, or that it was left out.
// staged.change: the build that last changed a table that models read.
// staged.id_key: by what the key of hashed ids is recognised.
var stagedTables = []string{
	"create schema if not exists lake.staging",
	"create schema if not exists lake.staged",
	"create table if not exists lake.staged.run (type varchar, stream varchar, instance varchar, run_id bigint, versions bigint, fingerprint ubigint)",
	"create table if not exists lake.staged.stream (type varchar, stream varchar, instance varchar, kinds varchar, shapes varchar, records bigint)",
	"create table if not exists lake.staged.file (type varchar, shape varchar, fingerprint varchar)",
	"create table if not exists lake.staged.fault (record varchar, type varchar, stream varchar, instance varchar, key varchar, path varchar, json_type varchar, faults bigint, is_left_out boolean)",
	"create table if not exists lake.staged.change (name varchar, build_id varchar)",
	"create table if not exists lake.staged.id_key (check_value varchar)",
}

// prepareStaged makes the tables above, in a transaction of their own.
func (b *Builder) prepareStaged(ctx context.Context, _ *Build) error {
	return b.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		for _, create := range stagedTables {
			if err := tx.Exec(ctx, create); err != nil {
				return err
			}
		}
		if err := b.loadIDKey(ctx, tx); err != nil {
			return err
		}
		return b.loadSuppressed(ctx, tx)
	})
}

// A stagedFile is one connector's SQL for one shape.
type stagedFile struct{ Type, Shape string }

// A stagingPlan says what a build stages again.
type stagingPlan struct {
	files     map[stagedFile]string      // every configured file and its fingerprint
	renewed   map[stagedFile]bool        // filled anew: its SQL, its connector or its shape changed
	full      map[*stream]bool           // parsed whole
	delta     map[*stream]bool           // parsed where a run brought something
	gone      map[streamKey]bool         // staged once, and no longer in raw
	kept      map[streamKey]stagedStream // staged, and no longer configured
	columns   map[string][]column        // of the staging tables in the lake
	reshape   map[string]bool            // the staging table is missing or has other columns
	staged    map[streamKey]stagedStream
	versions  map[string]string // table of the lake -> the build that last changed it, before this one
	noted     map[string]bool   // tables of the lake that this build changed
	deltas    map[string]string // table of the lake -> the table of its changed rows, where they are known
	newLogins int64             // that staging shows for the first time
	altered   bool              // what is remembered of streams differs from before
	peopleDue bool              // somebody decided, or rules about people changed
	orgsDue   bool              // the same of companies
}

// A stagedStream is what the lake remembers of one instance's stream.
type stagedStream struct {
	kinds, shapes string // comma-joined
	records       int64  // live and deleted
}

// changed reports whether the stream is parsed at all.
func (p *stagingPlan) changed(s *stream) bool { return p.full[s] || p.delta[s] }

// touched reports whether the shape's staging table is written.
func (p *stagingPlan) touched(s *shape) bool {
	if p.reshape[s.Table] || len(p.gone) > 0 {
		return true
	}
	for file := range p.renewed {
		if file.Shape == s.Table {
			return true
		}
	}
	return slices.ContainsFunc(s.branches, func(br *branch) bool { return p.changed(br.stream) })
}

// planStaging compares raw and the staging SQL with what the lake remembers.
func (b *Builder) planStaging(ctx context.Context, conn *sql.Conn, full bool) (*stagingPlan, error) {
	p := &stagingPlan{files: b.stagingFiles(), renewed: map[stagedFile]bool{}, full: map[*stream]bool{}, delta: map[*stream]bool{},
		gone: map[streamKey]bool{}, kept: map[streamKey]stagedStream{}, columns: map[string][]column{}, reshape: map[string]bool{},
		staged: map[streamKey]stagedStream{}, versions: map[string]string{}, noted: map[string]bool{},
		deltas: map[string]string{peopleTable: "temp.new_login"}}
	for _, step := range []func(context.Context, *sql.Conn, *stagingPlan) error{b.planFiles, b.planShapes, b.planRuns, b.planPeople} {
		if err := step(ctx, conn, p); err != nil {
			return nil, err
		}
	}
	for _, s := range b.streams {
		if full || slices.ContainsFunc(b.filesOf(s), func(f stagedFile) bool { return p.renewed[f] }) {
			p.full[s] = true
		}
	}
	if err := b.planInstances(ctx, conn, p); err != nil {
		return nil, err
	}
	return p, b.planCompanies(ctx, conn, p)
}

// isIdle reports whether the lake already holds what the build would stage.
func (p *stagingPlan) isIdle() bool {
	return len(p.full)+len(p.delta)+len(p.gone)+len(p.renewed)+len(p.reshape) == 0 && !p.altered && !p.peopleDue && !p.orgsDue
}

// filesOf lists the files with a branch that reads the stream.
func (b *Builder) filesOf(s *stream) []stagedFile {
	var files []stagedFile
	for _, name := range sortedKeys(b.shapes) {
		if slices.ContainsFunc(b.shapes[name].branches, func(br *branch) bool { return br.stream == s }) {
			files = append(files, stagedFile{s.Type, name})
		}
	}
	return files
}

// stagingFiles fingerprints everything that a file's rows depend on beside the
// records: its selects into the shape's columns, the fields that its streams are
// parsed by, and the version of the connector.
func (b *Builder) stagingFiles() map[stagedFile]string {
	files := map[stagedFile]string{}
	for _, source := range b.opts.Sources {
		for shapeName := range source.Staging {
			target := b.shapes[shapeName]
			parts := []string{source.Version}
			for _, br := range target.branches {
				if br.stream.Type == source.Type {
					parts = append(parts, target.of(br), br.stream.declared)
				}
			}
			files[stagedFile{source.Type, shapeName}] = fingerprint(parts...)
		}
	}
	return files
}

func fingerprint(parts ...string) string {
	hash := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// planFiles finds files that changed, and shapes that a configured connector
// no longer fills. What a connector without configuration filled is kept.
func (b *Builder) planFiles(ctx context.Context, conn *sql.Conn, p *stagingPlan) error {
	before := map[stagedFile]string{}
	err := eachRow(ctx, conn, "select type, shape, fingerprint from lake.staged.file", func(scan func(...any) error) error {
		var file stagedFile
		var print string
		err := scan(&file.Type, &file.Shape, &print)
		before[file] = print
		return err
	})
	if err != nil {
		return err
	}
	for file, print := range p.files {
		p.renewed[file] = before[file] != print
	}
	for file := range before {
		if p.files[file] == "" && b.isConfigured(file.Type) {
			p.renewed[file] = true
		}
	}
	for file, is := range p.renewed {
		if !is {
			delete(p.renewed, file)
		}
	}
	return nil
}

func (b *Builder) isConfigured(typ string) bool {
	return slices.ContainsFunc(b.opts.Sources, func(s Source) bool { return s.Type == typ })
}
