package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"rollcall/connectors"
	"rollcall/internal/config"
	"rollcall/internal/warehouse"
	"rollcall/transforms"
)

// Thresholds of doctor.
const (
	lowDisk      = 2 << 30
	skewWarning  = 30 * time.Second
	checkTimeout = 30 * time.Second
	checksAtOnce = 8
)

// A finding is one thing doctor looked at.
type finding struct {
	Check   string `json:"check"` // "source", "disk", "memory", ...
	Subject string `json:"subject"`
	Status  string `json:"status"` // "ok", "warn" or "fail"
	Detail  string `json:"detail"`
}

type doctorResult struct {
	Findings []finding `json:"findings"`
}

func (r *doctorResult) add(check, subject, status, format string, args ...any) {
	r.Findings = append(r.Findings, finding{check, subject, status, fmt.Sprintf(format, args...)})
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look whether everything works: sources, disk, memory, files, clock",
		Long: `Reaches every source and says what its credentials may read; looks at disk,
memory, the soundness of the database files, the clock against the sources',
the data directory's lock, leftover write-ahead logs and the published files.
A source that cannot be read ends it with exit code 4.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var result doctorResult
			err := a.perform(cmd.Context(), "doctor", noArgs{}, nil, &result)
			if len(result.Findings) == 0 {
				return err
			}
			return errors.Join(a.printFindings(result), err)
		},
	}
}

func (a *app) printFindings(result doctorResult) error {
	if a.json {
		return a.printJSON(result)
	}
	t := newTable("", "CHECK", "SUBJECT", "WHAT WAS FOUND")
	for _, f := range result.Findings {
		t.add(f.Status, f.Check, f.Subject, f.Detail)
	}
	return t.print(a.stdout, a.terminal)
}

func (h *host) doctor(ctx context.Context, _ noArgs, _ func(any)) (any, error) {
	cfg := h.config()
	result := &doctorResult{}
	result.add("lock", cfg.DataDir, "ok", "held by this process (%d)", os.Getpid())
	h.checkDisk(result, cfg)
	h.checkMemory(result, cfg)
	h.checkFiles(ctx, result, cfg)
	h.checkPublished(result, cfg)
	h.checkErasures(ctx, result)
	h.checkKey(ctx, result, cfg)
	checkAccess(result, cfg)
	unreachable := h.checkSources(ctx, result, cfg)
	return *result, verdict(*result, unreachable)
}

// checkSources reaches some sources at a time, since one that is down takes as
// long as its retries; they are told in the order of the configuration.
func (h *host) checkSources(ctx context.Context, result *doctorResult, cfg *config.Config) (unreachable int) {
	found := make([]doctorResult, len(cfg.Connectors))
	reached := make([]bool, len(cfg.Connectors))
	var checks errgroup.Group
	checks.SetLimit(checksAtOnce)
	for i, c := range cfg.Connectors {
		checks.Go(func() error {
			reached[i] = h.checkSource(ctx, &found[i], c)
			return nil
		})
	}
	_ = checks.Wait() // a source that cannot be read is a finding
	for i := range found {
		result.Findings = append(result.Findings, found[i].Findings...)
		if !reached[i] {
			unreachable++
		}
	}
	return unreachable
}

// verdict is the error of a doctor who found something broken.
func verdict(result doctorResult, unreachable int) error {
	if unreachable > 0 {
		return &exitError{exitSource, fmt.Errorf("%d sources cannot be read", unreachable)}
	}
	for _, f := range result.Findings {
		if f.Status == "fail" {
			return fmt.Errorf("%s: %s: %s", f.Check, f.Subject, f.Detail)
		}
	}
	return nil
}

func (h *host) checkDisk(result *doctorResult, cfg *config.Config) {
	free, err := warehouse.FreeDisk(cfg.DataDir)
	switch {
	case err != nil:
		result.add("disk", cfg.DataDir, "fail", "%v", err)
	case free < lowDisk:
		result.add("disk", cfg.DataDir, "warn", "%s free: a release needs room for a copy of marts.duckdb", config.FormatSize(int64(free)))
	default:
		result.add("disk", cfg.DataDir, "ok", "%s free", config.FormatSize(int64(free)))
	}
}

func (h *host) checkMemory(result *doctorResult, cfg *config.Config) {
	has := config.MachineMemory()
	build, err := config.ParseSize(cfg.Memory.Build)
	switch {
	case err != nil:
		result.add("memory", "build", "fail", "%v", err)
	case build+build/3 > has:
		result.add("memory", "build", "warn", "memory.build is %s, which takes about %s; this machine grants %s", cfg.Memory.Build, config.FormatSize(build+build/3), config.FormatSize(has))
	default:
		result.add("memory", "machine", "ok", "%s; DuckDB takes %s to sync, %s to build", config.FormatSize(has), cfg.Memory.Sync, cfg.Memory.Build)
	}
}

func (h *host) checkFiles(ctx context.Context, result *doctorResult, cfg *config.Config) {
	for catalog, path := range map[string]string{warehouse.LakeCatalog: warehouse.LakePath(cfg.DataDir), warehouse.MartsCatalog: warehouse.MartsPath(cfg.DataDir)} {
		if err := h.db.Verify(ctx, catalog); err != nil {
			result.add("file", path, "fail", "%v: restore a backup, or for marts.duckdb delete it and build", err)
			continue
		}
		result.add("file", path, "ok", "every block reads")
	}
	stale, err := warehouse.StaleWALs(cfg.DataDir)
	if err != nil {
		result.add("wal", cfg.DataDir, "fail", "%v", err)
	}
	for _, path := range stale {
		if filepath.Dir(path) == cfg.DataDir {
			continue // of the files open here
		}
		result.add("wal", path, "warn", "left by a read-write session on a published file, whose changes are lost: open it with `duckdb -readonly`, and delete this log")
	}
}

// checkErasures looks for erasures that a killed process or a failed check left.
func (h *host) checkErasures(ctx context.Context, result *doctorResult) {
	switch pending, err := transforms.PendingErasures(ctx, h.db); {
	case err != nil:
		result.add("erasures", "identity", "fail", "%v", err)
	case pending > 0:
		result.add("erasures", "identity", "fail", "%s asked for and not finished: `rollcall publish` finishes it; until then releases may show who is to be erased", counted(int64(pending), "erasure"))
	}
}

// checkKey looks for the key without which nothing is built.
func (h *host) checkKey(ctx context.Context, result *doctorResult, cfg *config.Config) {
	if err := transforms.CheckKey(ctx, h.db, cfg.KeysDir()); err != nil {
		result.add("key", cfg.KeysDir(), "fail", "%v", err)
	}
}

// checkPublished looks for what lets an analyst's session harm a release.
func (h *host) checkPublished(result *doctorResult, cfg *config.Config) {
	link := filepath.Join(cfg.PublishedDir(), "rollcall.duckdb")
	target, err := filepath.EvalSymlinks(link)
	if errors.Is(err, os.ErrNotExist) {
		result.add("published", link, "warn", "nothing is published yet: `rollcall run --once`")
		return
	}
	if err != nil {
		result.add("published", link, "fail", "%v", err)
		return
	}
	info, err := os.Stat(target)
	switch {
	case err != nil:
		result.add("published", link, "fail", "%v", err)
	case info.Mode().Perm()&0o222 != 0:
		result.add("published", target, "warn", "is writable (mode %04o): chmod 444, so that a session without -readonly cannot change it", info.Mode().Perm())
	default:
		result.add("published", link, "ok", "%s of %s; open it with `duckdb -readonly %s`", config.FormatSize(info.Size()), moment(info.ModTime()), link)
	}
}

// checkSource reaches one source and says whether it can be read.
func (h *host) checkSource(ctx context.Context, result *doctorResult, c config.Connector) bool {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	started := h.app.now()
	access, err := h.engine.Check(ctx, c.Name)
	if err != nil {
		result.add("source", c.Name, "fail", "%v", err)
		return false
	}
	readable, refused := 0, 0
	for _, s := range access.Streams {
		if s.Readable {
			readable++
			continue
		}
		refused++
		result.add("stream", c.Name+"/"+s.Stream, "warn", "cannot be read: %s", s.Reason)
	}
	detail := "answers as " + access.Account
	if readable+refused > 0 {
		detail += fmt.Sprintf("; %d of %d streams can be read", readable, readable+refused)
	}
	result.add("source", c.Name, "ok", "%s", detail)
	for _, note := range access.Notes {
		result.add("source", c.Name, "warn", "%s", note)
	}
	checkSkew(result, c.Name, access, started, h.app.now())
	return true
}

// checkSkew compares our clock with the server's, which answered some time
// between started and ended.
func checkSkew(result *doctorResult, name string, access connectors.Access, started, ended time.Time) {
	if access.ServerTime.IsZero() {
		return
	}
	skew := time.Duration(0)
	switch {
	case access.ServerTime.Before(started):
		skew = started.Sub(access.ServerTime)
	case access.ServerTime.After(ended):
		skew = access.ServerTime.Sub(ended)
	}
	if skew > skewWarning {
		result.add("clock", name, "warn", "the source's clock differs from ours by %s: recent changes may be missed; check NTP", skew.Round(time.Second))
		return
	}
	result.add("clock", name, "ok", "within %s of the source's", skewWarning)
}
