package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An arrow says who may import a package, by prefixes of import paths.
type arrow struct {
	of string   // this package or, ending in "/", all below it
	by []string // may be imported only by these
}

// arrows are the import directions the layout promises.
func arrows() []arrow {
	return []arrow{
		{of: "rollcall/connectors", by: []string{"rollcall/cmd/", "rollcall/sync", "rollcall/internal/config", "rollcall/internal/world", "rollcall/connectors/"}},
		{of: "rollcall/sync", by: []string{"rollcall/cmd/"}},
		{of: "rollcall/transforms", by: []string{"rollcall/cmd/", "rollcall/connectors/connectortest/stagetest"}},
		{of: "rollcall/transforms/", by: []string{"rollcall/cmd/", "rollcall/transforms", "rollcall/transforms/"}},
		{of: "rollcall/connectors/builtin", by: []string{"rollcall/cmd/"}},
		{of: "github.com/duckdb/", by: []string{"rollcall/internal/warehouse"}},
	}
}

type goPackage struct {
	ImportPath string
	Imports    []string
	Module     *struct{ Main bool }
}

func ownPackages(t *testing.T) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Module", "rollcall/...")
	out, err := cmd.Output()
	require.NoError(t, err)
	var list []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return list
		}
		require.NoError(t, err)
		if p.Module != nil && p.Module.Main {
			list = append(list, p)
		}
	}
}

func TestImports_followTheLayout(t *testing.T) {
	packages := ownPackages(t)
	require.Greater(t, len(packages), 10)
	for _, p := range packages {
		for _, imported := range p.Imports {
			require.NoError(t, allowed(p.ImportPath, imported))
		}
	}
}

func TestAllowed_refusesWrongArrows(t *testing.T) {
	for importer, imported := range map[string]string{
		"rollcall/internal/control":     "rollcall/connectors",
		"rollcall/transforms":           "rollcall/sync",
		"rollcall/transforms/kpi":       "rollcall/connectors",
		"rollcall/sync":                 "github.com/duckdb/duckdb-go/v2",
		"rollcall/sync ":                "rollcall/connectors/discourse",
		"rollcall/internal/warehouse":   "rollcall/transforms/kpi",
		"rollcall/connectors/github":    "rollcall/connectors/discourse",
		"rollcall/connectors/discourse": "rollcall/internal/config",
	} {
		require.Error(t, allowed(strings.TrimSpace(importer), imported), "%s -> %s", importer, imported)
	}
	require.NoError(t, allowed("rollcall/connectors/github", "rollcall/connectors/api"))
	require.NoError(t, allowed("rollcall/connectors/builtin", "rollcall/connectors/github"))
}

func allowed(importer, imported string) error {
	for _, a := range arrows() {
		if covers(a.of, imported) && importer != imported && !anyCovers(a.by, importer) {
			return errors.New(importer + " may not import " + imported)
		}
	}
	if isConnector(imported) && importer != "rollcall/connectors/builtin" && !strings.HasPrefix(importer, imported+"/") {
		return errors.New("nothing imports a connector but builtin: " + importer + " imports " + imported)
	}
	if isConnector(importer) && strings.HasPrefix(imported, "rollcall/") && !strings.HasPrefix(imported, importer+"/") &&
		imported != "rollcall/connectors" && imported != "rollcall/connectors/api" {
		return errors.New("a connector imports connectors and api only: " + importer + " imports " + imported)
	}
	return nil
}

// isConnector tells a connector's own folder from the rest below connectors.
func isConnector(path string) bool {
	name, ok := strings.CutPrefix(path, "rollcall/connectors/")
	name, below, _ := strings.Cut(name, "/")
	if !ok || below != "" {
		return false
	}
	switch name {
	case "api", "builtin", "connectortest", "wire":
		return false
	}
	return true
}

func anyCovers(prefixes []string, path string) bool {
	for _, prefix := range prefixes {
		if covers(prefix, path) {
			return true
		}
	}
	return false
}

func covers(prefix, path string) bool {
	return path == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(path, prefix)
}
