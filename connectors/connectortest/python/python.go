// Package python starts the sample connector in Python, which shows that the
// contract is the proto and not the Go package.
package python

import (
	"bytes"
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

// Command is the command of the sample connector. The virtual environment it
// runs in is made on first use in the user's cache directory, and made again
// when what goes into it changes. Where python3 or grpcio cannot be had the
// test is skipped.
func Command(t testing.TB) []string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	here := filepath.Dir(file)
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	environment := filepath.Join(cache, "rollcall", "python-"+fingerprint(t, here))
	interpreter := filepath.Join(environment, "bin", "python")
	ready := filepath.Join(environment, "ready")

	unlock := lock(t, environment+".lock")
	defer unlock()
	if _, err := os.Stat(ready); err != nil {
		install(t, here, environment)
		require.NoError(t, os.WriteFile(ready, nil, 0o600))
	}
	return []string{interpreter, "-B", filepath.Join(here, "connector.py")} // -B: leaves the folder as it is
}

// fingerprint changes with everything the environment is made of.
func fingerprint(t testing.TB, here string) string {
	sum := sha256.New()
	for _, name := range []string{"requirements.txt", "install.py", "../../wire/connector.proto"} {
		text, err := os.ReadFile(filepath.Join(here, name))
		require.NoError(t, err)
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil))[:12]
}

// lock keeps test binaries that run at the same time from installing twice.
func lock(t testing.TB, path string) (unlock func()) {
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	require.NoError(t, err)
	require.NoError(t, unix.Flock(int(file.Fd()), unix.LOCK_EX))
	return func() { _ = file.Close() } // which unlocks it
}

func install(t testing.TB, here, environment string) {
	var output bytes.Buffer
	install := exec.Command("python3", filepath.Join(here, "install.py"), environment)
	install.Stdout, install.Stderr = &output, &output
	err := install.Run()
	if err == nil {
		return
	}
	if os.Getenv(required) != "" {
		t.Fatalf("python3 with grpcio cannot be had: %v\n%s", err, output.String())
	}
	lines := strings.Split(strings.TrimSpace(output.String()), "\n")
	t.Skipf("python3 with grpcio cannot be had: %v: %s", err, lines[len(lines)-1])
}
