package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"

	"rollcall/internal/warehouse"
)

// LastBuild gives the build that made the marts, with the checks that found
// something; nil where nothing was built yet. It reads the marts alone: no
// model is parsed for it.
func LastBuild(ctx context.Context, db *warehouse.DB) (_ *Build, err error) {
	conn, err := db.SQL().Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	built, err := tableExists(ctx, conn, warehouse.MartsCatalog, "kpi", "build")
	if err != nil || !built {
		return nil, err
	}
	var last Build
	var finished sql.NullTime
	err = conn.QueryRowContext(ctx, "select build_id, started_at, finished_at, status from marts.kpi.build").
		Scan(&last.ID, &last.Started, &finished, &last.Status)
	if err != nil {
		return nil, fmt.Errorf("read marts.kpi.build: %w", err)
	}
	last.Finished = finished.Time
	last.Checks, err = findings(ctx, conn)
	return &last, err
}

// findings are the checks of the last build that found rows, those that stop
// publication first.
func findings(ctx context.Context, conn *sql.Conn) (_ []CheckResult, err error) {
	rows, err := conn.QueryContext(ctx, `select check_id, severity, failing_rows, sample from marts.checks.result
where failing_rows > 0 order by severity, check_id`)
	if err != nil {
		return nil, fmt.Errorf("read marts.checks.result: %w", err)
	}
	defer func() { err = closing(rows, err) }()
	var found []CheckResult
	for rows.Next() {
		var r CheckResult
		if err := rows.Scan(&r.Check, &r.Severity, &r.FailingRows, &r.Sample); err != nil {
			return nil, err
		}
		found = append(found, r)
	}
	return found, rows.Err()
}

// LastRelease gives the manifest of what a published folder shows; nil where
// nothing was published yet.
func LastRelease(publishedDir string) (*Manifest, error) {
	return readManifest(filepath.Join(filepath.Dir(resolved(filepath.Join(publishedDir, publishedFile))), "manifest.json"))
}
