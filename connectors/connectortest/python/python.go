// Package python starts the sample connector in Python, which shows that the
// contract is the proto and not the Go package, and gives other tests a Python
// with the packages they need.
package python

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// required is the environment variable that makes a missing Python a failure;
// CI sets it.
const required = "ROLLCALL_REQUIRE_PYTHON"

// Command is the command of the sample connector, in an environment of its own.
// Where python3 or grpcio cannot be had the test is skipped.
func Command(t testing.TB) []string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	here := filepath.Dir(file)
	interpreter := environment(t, fingerprint(t, here), "grpcio", func(directory string) *exec.Cmd {
		return exec.Command("python3", filepath.Join(here, "install.py"), directory)
	})
	return []string{interpreter, "-B", filepath.Join(here, "connector.py")} // -B: leaves the folder as it is
}

// With is an interpreter that can import these packages. Where python3 or they
// cannot be had the test is skipped.
func With(t testing.TB, packages ...string) string {
	t.Helper()
	what := strings.Join(packages, " ")
	return environment(t, digest([]byte(what)), what, func(directory string) *exec.Cmd {
		const install = `python3 -m venv "$0" && "$0/bin/python" -m pip install --quiet --disable-pip-version-check "$@"`
		return exec.Command("sh", append([]string{"-c", install, directory}, packages...)...)
	})
}

// environment is the interpreter of a virtual environment in the user's cache
// directory. It is made on first use, and made again when what goes into it,
// which its name follows, changes.
func environment(t testing.TB, name, what string, install func(directory string) *exec.Cmd) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	directory := filepath.Join(cache, "rollcall", "python-"+name)
	ready := filepath.Join(directory, "ready")

	unlock := lock(t, directory+".lock")
	defer unlock()
	if _, err := os.Stat(ready); err != nil {
		run(t, what, install(directory))
		require.NoError(t, os.WriteFile(ready, nil, 0o600))
	}
	return filepath.Join(directory, "bin", "python")
}

// fingerprint changes with everything the environment is made of.
func fingerprint(t testing.TB, here string) string {
	var parts []byte
	for _, name := range []string{"requirements.txt", "install.py", "../../wire/connector.proto"} {
		text, err := os.ReadFile(filepath.Join(here, name))
		require.NoError(t, err)
		parts = append(parts, text...)
	}
	return digest(parts)
}

func digest(parts []byte) string {
	sum := sha256.Sum256(parts)
	return hex.EncodeToString(sum[:])[:12]
}

// lock keeps test binaries that run at the same time from installing twice.
func lock(t testing.TB, path string) (unlock func()) {
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	require.NoError(t, err)
	require.NoError(t, unix.Flock(int(file.Fd()), unix.LOCK_EX))
	return func() { _ = file.Close() } // which unlocks it
}

// run installs; a failure skips the test unless Python is required.
func run(t testing.TB, what string, install *exec.Cmd) {
	t.Helper()
	output, err := install.CombinedOutput()
	if err == nil {
		return
	}
	if os.Getenv(required) != "" {
		t.Fatalf("python3 with %s cannot be had: %v\n%s", what, err, output)
	}
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	t.Skipf("python3 with %s cannot be had: %v: %s", what, err, lines[len(lines)-1])
}
