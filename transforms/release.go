package transforms

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Manifest says what a release holds. It is written last.
type Manifest struct {
	BuildID    string          `json:"build_id"`
	ReleasedAt time.Time       `json:"released_at"`
	Tables     []ReleasedTable `json:"tables"`
	Files      []ReleasedFile  `json:"files"`
	Settings   json.RawMessage `json:"settings"`
	Coverage   json.RawMessage `json:"coverage"` // ranges of event time complete per stream: the watermarks
}

// A ReleasedTable is one table of the published DuckDB file.
type ReleasedTable struct {
	Name    string           `json:"name"` // schema.table
	Rows    int64            `json:"rows"`
	Columns []ReleasedColumn `json:"columns"`
}

// A ReleasedColumn is a column and its DuckDB type.
type ReleasedColumn struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// A ReleasedFile is one file of the release, its path relative to it.
type ReleasedFile struct {
	Path   string `json:"path"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Rows   int64  `json:"rows,omitempty"` // of a Parquet file
}

// A SchemaChange is a column or table that readers may rely on and that the
// new release would not have, or have with another type.
type SchemaChange struct {
	Since   string // build id of the last release
	Changes []string
}

func (e *SchemaChange) Error() string {
	return fmt.Sprintf("the published schema would change since %s: %s; publish with --accept-schema-change if readers know",
		e.Since, strings.Join(e.Changes, "; "))
}

// breaks lists what the last release had and this one has not.
func (m *Manifest) breaks(last *Manifest) []string {
	now := map[string]string{}
	for _, table := range m.Tables {
		now[table.Name] = "table"
		for _, c := range table.Columns {
			now[table.Name+"."+c.Name] = c.Type
		}
	}
	var changes []string
	for _, table := range last.Tables {
		if now[table.Name] == "" {
			changes = append(changes, "table "+table.Name+" vanished")
			continue
		}
		for _, c := range table.Columns {
			switch typeNow := now[table.Name+"."+c.Name]; {
			case typeNow == "":
				changes = append(changes, fmt.Sprintf("column %s.%s vanished", table.Name, c.Name))
			case typeNow != c.Type:
				changes = append(changes, fmt.Sprintf("column %s.%s was %s, is %s", table.Name, c.Name, c.Type, typeNow))
			}
		}
	}
	return changes
}

// readManifest gives nil where there is none.
func readManifest(path string) (*Manifest, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return &m, nil
}

// publishedSchemas are those of the published DuckDB file.
func (p *publication) publishedSchemas() []string {
	if p.builder.opts.Config.Publish.PersonLevel {
		return []string{"checks", "core", "kpi", "mart", "ref"}
	}
	return []string{"kpi", "ref"}
}

// describeTables lists the tables and columns of what is published.
func (p *publication) describeTables(ctx context.Context) (err error) {
	db := p.builder.opts.DB.SQL()
	rows, err := db.QueryContext(ctx, `select schema_name || '.' || table_name, column_name, data_type from duckdb_columns()
where database_name = 'marts' order by 1, column_index`)
	if err != nil {
		return err
	}
	defer func() { err = closing(rows, err) }()
	for rows.Next() {
		var table string
		var c ReleasedColumn
		if err := rows.Scan(&table, &c.Name, &c.Type); err != nil {
			return err
		}
		if schema, _, _ := strings.Cut(table, "."); !slices.Contains(p.publishedSchemas(), schema) {
			continue
		}
		if last := len(p.manifest.Tables) - 1; last < 0 || p.manifest.Tables[last].Name != table {
			p.manifest.Tables = append(p.manifest.Tables, ReleasedTable{Name: table})
		}
		last := &p.manifest.Tables[len(p.manifest.Tables)-1]
		last.Columns = append(last.Columns, c)
	}
	return rows.Err()
}

// describeContent adds rows, settings and coverage.
func (p *publication) describeContent(ctx context.Context) error {
	db := p.builder.opts.DB.SQL()
	for i := range p.manifest.Tables {
		t := &p.manifest.Tables[i]
		if err := db.QueryRowContext(ctx, "select count(*) from marts."+t.Name).Scan(&t.Rows); err != nil {
			return err
		}
	}
	var settings, coverage string
	if err := db.QueryRowContext(ctx, "select config, watermarks from marts.kpi.build").Scan(&settings, &coverage); err != nil {
		return err
	}
	p.manifest.Settings, p.manifest.Coverage = json.RawMessage(settings), json.RawMessage(coverage)
	return nil
}

// addFile measures a finished file, makes it read-only and durable, and adds
// it to the manifest.
func (p *publication) addFile(relative string, rows int64) error {
	path := filepath.Join(p.unfinished(), filepath.FromSlash(relative))
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	hash := sha256.New()
	size, err := io.Copy(hash, file)
	if err := errors.Join(err, file.Sync(), file.Close(), os.Chmod(path, 0o444)); err != nil {
		return err
	}
	p.manifest.Files = append(p.manifest.Files, ReleasedFile{Path: relative, Bytes: size, SHA256: hex.EncodeToString(hash.Sum(nil)), Rows: rows})
	return nil
}

// writeManifest is the last file of a release.
func (p *publication) writeManifest() error {
	text, err := json.MarshalIndent(p.manifest, "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(p.unfinished(), "manifest.json")
	if err := os.WriteFile(path, append(text, '\n'), 0o444); err != nil {
		return err
	}
	return errors.Join(os.Chmod(path, 0o444), syncFile(path), syncDir(filepath.Dir(path)))
}
