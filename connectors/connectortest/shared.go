// Package connectortest is what connector tests are made of: the conformance
// suite that every connector passes ([Run]), a server that fails on purpose
// ([Faults]), referees that hold requests against a vendor's official
// description ([OpenAPI], [GraphQL]) and a made-up vendor's answers too
// ([Bodies], [GraphQLBodies]), and recordings of real exchanges ([Recorder],
// [Player]).
package connectortest

import (
	"os"
	"path/filepath"
	"testing"
)

// Shared is the path of a file of the test material that is kept beside the
// repository (../shared, or ROLLCALL_SHARED). It skips the test where there is
// none.
func Shared(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("ROLLCALL_SHARED")
	if root == "" {
		root = filepath.Join(moduleRoot(t), "..", "shared")
	}
	path := filepath.Join(root, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("%s is not there: put the shared test material beside the repository or name its folder in ROLLCALL_SHARED", path)
	}
	return path
}

func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the working directory")
		}
	}
}
