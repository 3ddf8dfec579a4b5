package connectortest

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

func sampleCase(t *testing.T, variant string) Case {
	t.Helper()
	command, err := os.Executable()
	require.NoError(t, err)
	settings := func(url string) connectors.Settings {
		return connectors.Settings(fmt.Sprintf(`{"url":%q,"key":"s3cr3t/k+y"}`, url))
	}
	return Case{
		Command:     []string{command, "sample", variant},
		Settings:    settings,
		Secrets:     []string{"s3cr3t/k+y"},
		Server:      func() http.Handler { return sampleServer(58, 5, 10) },
		Bad:         map[string]connectors.Settings{"url": settings("ftp://nowhere")},
		Huge:        func(records int) http.Handler { return sampleServer(records, 1000, 600) },
		HugeStream:  "items",
		HugeRecords: 150_000,
		FaultLimit:  20 * time.Second,
	}
}

func TestRun_passesASoundConnector(t *testing.T) { Run(t, sampleCase(t, "sound")) }

// Every check of the suite fails for the mistake it is there for, and says
// what is wrong.
func TestRun_failsABrokenConnector(t *testing.T) {
	proven := map[string]bool{}
	for _, test := range []struct{ check, variant, complaint string }{
		{"describe", "narrow field", "whole numbers are BIGINT"},
		{"describe", "bad volatile path", "names joined by dots"},
		{"describe", "staging of another", "raw.other__items"},
		{"describe", "no help", "has no help"},
		{"settings", "untyped setting", "not in ErrConfig"},
		{"check", "checks nothing", "not in ErrUnauthorized"},
		{"check", "checks another's streams", `stream "others"`},
		{"records", "empty key", "key"},
		{"records", "cut data", "not JSON"},
		{"records", "bare data", "not an object"},
		{"records", "scope of another path", "scopes are by topic"},
		{"records", "scope without value", "path=value"},
		{"records", "backward range", "no range"},
		{"resume", "cursor ahead", "is lost"},
		{"resume", "content that changes", "appends"},
		{"since", "knows no since", "read since"},
		{"since", "skips by since", "leaves out"},
		{"emit error", "swallows emit's error", "more pages after emit refused"},
		{"cancel request", "asks on when cancelled", "still waits"},
		{"cancel wait", "sleeps through a cancel", "did not end within"},
		{"lasting faults", "ends well after a failure", "ended well"},
		{"lasting faults", "drops the type", "wrong failure"},
		{"lasting faults", "calls all transient", "401: ended in the wrong failure"},
		{"passing faults", "gives up at once", "ended the Read"},
		{"secrets", "logs its key", "a log line"},
		{"secrets", "names its key", "the error"},
		{"secrets", "key in the cursor", "a cursor"},
		{"secrets", "says its key", "what Check says"},
		{"memory", "hoards", "grows"},
	} {
		proven[test.check] = true
		t.Run(test.check+"/"+test.variant, func(t *testing.T) {
			c := sampleCase(t, test.variant)
			if test.check == "memory" {
				c.MemoryLimit = 1 << 30 // so that the hoard is seen growing before it kills
			}
			failures := strings.Join(collect(t, func(t testing.TB) { runCheck(t, c, checkNamed(t, test.check)) }).failures, "\n")
			require.Contains(t, failures, test.complaint)
			require.NotContains(t, failures, "s3cr3t")
		})
	}
	for _, check := range checks() {
		require.True(t, proven[check.name], "no broken connector proves the check %q", check.name)
	}
}

func checkNamed(t testing.TB, name string) check {
	for _, check := range checks() {
		if check.name == name {
			return check
		}
	}
	t.Fatalf("no check %q", name)
	return check{}
}
