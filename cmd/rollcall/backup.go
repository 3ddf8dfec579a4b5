package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"rollcall/internal/config"
	"rollcall/internal/control"
	"rollcall/internal/warehouse"
	"rollcall/transforms"
)

func (a *app) backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup PATH",
		Short: "Copy the lake and the keys into a new directory",
		Long: `Copies lake.duckdb and keys/ into PATH, a directory that must not exist yet,
while syncs go on. marts.duckdb is left out: the next build makes it again.
The keys are secret, and so is the backup.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := filepath.Abs(args[0]) // the daemon has another working directory
			if err != nil {
				return err
			}
			var result backupResult
			if err := a.perform(cmd.Context(), "backup", backupArgs{path}, nil, &result); err != nil {
				return err
			}
			if a.json {
				return a.printJSON(result)
			}
			_, err = fmt.Fprintf(a.stdout, "backed up %s in %d files to %s\n", config.FormatSize(result.Bytes), result.Files, result.Path)
			return err
		},
	}
}

func (a *app) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore PATH",
		Short: "Put a backup in the place of the lake and the keys",
		Long: `Verifies the backup at PATH and then puts it in the place of lake.duckdb and
keys/. What was there is kept under backups/. Who was erased since the backup was
made is erased again by the next publication. The daemon must be stopped.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.refuseBesideDaemon(cmd.Context(), "restore"); err != nil {
				return err
			}
			dir, err := config.DataDir(a.findConfig(), a.getenv)
			if err != nil {
				return err
			}
			kept, err := warehouse.Restore(cmd.Context(), dir, args[0], a.now())
			if err != nil {
				return err
			}
			erasures, err := a.carryErasures(cmd.Context(), dir, kept)
			if err != nil {
				fmt.Fprintf(a.stderr, "rollcall: warning: who was erased since that backup is not known to it: %v; run `rollcall forget` again for each of them\n", err)
			}
			return a.printRestored(restoreResult{args[0], kept, erasures})
		},
	}
}

type restoreResult struct {
	Restored string `json:"restored"`
	Kept     string `json:"kept"`     // where what was there before is now
	Erasures int64  `json:"erasures"` // since the backup, to be carried out again
}

func (a *app) printRestored(r restoreResult) error {
	if a.json {
		return a.printJSON(r)
	}
	_, err := fmt.Fprintf(a.stdout, "restored %s; what was there before is in %s\n", r.Restored, r.Kept)
	if r.Erasures > 0 {
		fmt.Fprintf(a.stdout, "%s since that backup: publishing carries it out again\n", counted(r.Erasures, "erasure"))
	}
	fmt.Fprintln(a.stdout, "next: rollcall build && rollcall publish")
	return err
}

// carryErasures has a restored lake know who was erased since its backup.
func (a *app) carryErasures(ctx context.Context, dir, replaced string) (carried int64, err error) {
	lock, err := warehouse.LockDir(dir, "rollcall restore", a.now())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	db, err := warehouse.Open(ctx, warehouse.Options{Dir: dir})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Lake.Checkpoint(context.WithoutCancel(ctx)), db.Close()) }()
	if _, err := db.Migrate(ctx, filepath.Dir(replaced), a.now()); err != nil {
		return 0, err
	}
	return transforms.CarryErasures(ctx, db, filepath.Join(dir, "keys"), replaced)
}

// refuseBesideDaemon ends a command that needs the files for itself.
func (a *app) refuseBesideDaemon(ctx context.Context, command string) error {
	client, err := a.client()
	if err != nil {
		return err
	}
	_, hello, err := client.Call(ctx, "ping", nil, nil)
	if errors.Is(err, control.ErrNoDaemon) {
		return nil
	}
	if hello == nil {
		return err
	}
	return fmt.Errorf("%s cannot run beside the daemon (pid %d): stop it first, `kill -TERM %d`", command, hello.PID, hello.PID)
}

// backupArgs names a directory that does not exist yet.
type backupArgs struct {
	Path string `json:"path"`
}

type backupResult struct {
	Path      string    `json:"path"`
	CreatedAt time.Time `json:"created_at"`
	Bytes     int64     `json:"bytes"`
	Files     int       `json:"files"`
}

func (h *host) backup(ctx context.Context, args backupArgs, _ func(any)) (any, error) {
	if args.Path == "" {
		return nil, errors.New("backup needs a path")
	}
	manifest, err := h.db.Backup(ctx, args.Path, h.app.now())
	if err != nil {
		return nil, err
	}
	err = h.db.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		return tx.Exec(ctx, "insert into ops.backup values (?, ?)", args.Path, h.app.now().UTC())
	})
	if err != nil {
		return nil, fmt.Errorf("note where the backup is, for erasures: %w", err)
	}
	result := backupResult{Path: args.Path, CreatedAt: manifest.CreatedAt, Files: len(manifest.Files)}
	for _, file := range manifest.Files {
		result.Bytes += file.Size
	}
	return result, nil
}
