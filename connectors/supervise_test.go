package connectors_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

func TestStart_acceptsTheRightChecksum(t *testing.T) {
	path, err := os.Executable()
	require.NoError(t, err)
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	sum := sha256.Sum256(file)
	_, _, err = start(t, "plain", func(l *connectors.Launch) {
		l.Command[0], l.Checksum = path, hex.EncodeToString(sum[:])
	})
	require.NoError(t, err)
}

func TestProcess_logsTheChildsLinesAsTheyWere(t *testing.T) {
	_, source, log := open(t, "plain", &freeHost{}, func(l *connectors.Launch) {
		l.Secrets = []string{"s3cret-token", "s3cret/token"}
	})
	require.NoError(t, source.Read(t.Context(), "logs", nil, drop))
	for _, want := range []string{
		`level=DEBUG msg="a detail" connector=test.one group="{\"n\":1}"`,
		`level=ERROR msg="a fault" connector=test.one err="401 for [redacted]"`,
		`level=WARN msg="as hclog" connector=test.one n=2`,
		`level=WARN msg="connector wrote to stderr" connector=test.one line="not JSON, [redacted]"`,
	} {
		require.Eventually(t, func() bool { return regexp.MustCompile(regexp.QuoteMeta(want)).MatchString(log.String()) },
			bound, time.Millisecond, want)
	}
	require.NotContains(t, log.String(), "s3cret")
}

func TestProcess_doesNotCountTheHostsOwnTimeAsAStall(t *testing.T) {
	release := make(chan struct{})
	time.AfterFunc(1500*time.Millisecond, func() { close(release) })
	_, source, _ := open(t, "plain", &slowHost{release: release}, func(l *connectors.Launch) {
		l.StallTimeout = time.Second
	})
	require.NoError(t, source.Read(t.Context(), "permits", nil, drop), "the permit took longer than the stall timeout")
	slow := make(chan struct{})
	time.AfterFunc(1500*time.Millisecond, func() { close(slow) })
	require.NoError(t, source.Read(t.Context(), "permits", nil, func(connectors.Batch) error { <-slow; return nil }),
		"storing took longer than the stall timeout")
	require.NoError(t, source.Read(t.Context(), "chatty", nil, drop), "a child that logs makes progress")
}

func TestProcess_endsWhatItsChildStarted(t *testing.T) {
	p, source, _ := open(t, "plain", &freeHost{}, nil)
	began := time.Now()
	var died *connectors.Died
	require.ErrorAs(t, source.Read(t.Context(), "family", nil, drop), &died)
	<-p.Done()
	require.Less(t, time.Since(began), 2*time.Second, "a process that left the group holds the pipes")
	found := regexp.MustCompile(`exited with code 5: grandchild (\d+) \| grandchild \d+`).FindStringSubmatch(died.Reason)
	require.NotNil(t, found, died.Reason)
	pid, err := strconv.Atoi(found[1])
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !alive(pid) }, bound, time.Millisecond)
}

func TestProcess_knowsWhatItsChildUses(t *testing.T) {
	p, source, _ := open(t, "plain", &freeHost{}, nil)
	require.NoError(t, source.Read(t.Context(), "bulk", connectors.Cursor("100"), drop))
	require.Eventually(t, func() bool {
		now, peak := p.RSS()
		return now > 5<<20 && peak >= now && peak < 1<<30
	}, bound, time.Millisecond)
	require.Eventually(t, func() bool { return p.CPUTime() > 0 }, bound, time.Millisecond)
	require.NoError(t, p.Stop(t.Context()))
	require.Positive(t, p.CPUTime())
}
