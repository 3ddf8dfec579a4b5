package main

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDemo_saysHowTheCommunityDoes(t *testing.T) {
	s := newSite(t, head)
	out := s.run("demo", "--keep", "demo")
	require.Zero(t, out.code, out.stderr)
	for _, want := range []string{
		"log-ins are", "companies\n", demoPurpose, "Unanswered question rate", "Accepted solution rate", "Member retention by cohort", "Member satisfaction",
		"pts", "questions asked in", "rollcall.duckdb", "kpi list",
	} {
		require.Contains(t, out.stdout, want)
	}
	require.NotContains(t, out.stderr, "forbidden")
	s.fails(exitUsage, "exists already", "demo", "--keep", "demo")
	require.Contains(t, s.ok("status", "--config", "demo/rollcall.hcl"), "posts")
	_, suggested, _ := strings.Cut(out.stdout, "try next:\n")
	lines := strings.Split(strings.TrimSpace(suggested), "\n")
	require.Len(t, lines, 5)
	for _, line := range lines {
		cmd := exec.Command("sh", "-c", strings.Replace(line, "rollcall", binary, 1))
		cmd.Dir = s.dir
		answer, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s: %s", line, answer)
	}
	s.readmeQueries("demo/rollcall.hcl")
}

func TestDemo_makesTheSameCompanyOfASeed(t *testing.T) {
	s := newSite(t, head)
	report := func(dir string) (r demoReport) {
		require.NoError(t, json.Unmarshal([]byte(s.ok("demo", "--json", "--scale", "0.05", "--keep", dir)), &r))
		r.Dir, r.Config = "", ""
		return r
	}
	first := report("a")
	require.Less(t, first.People, first.Logins)
	require.Less(t, first.Companies, first.Orgs)
	require.Equal(t, first, report("b"))
	s.fails(exitUsage, "at least 0.05", "demo", "--scale", "0.01")
}

// With --serve the written configuration works for as long as the demo is not
// interrupted.
func TestDemo_servesUntilInterrupted(t *testing.T) {
	s := newSite(t, head)
	cmd := exec.Command(binary, "demo", "--serve", "--keep", "demo", "--scale", "0.05")
	cmd.Dir = s.dir
	stderr, err := os.Create(s.path("stderr"))
	require.NoError(t, err)
	defer stderr.Close()
	cmd.Stderr = stderr
	require.NoError(t, cmd.Start())
	defer func() { _ = cmd.Process.Kill() }() // it has ended, unless the test failed
	serving := func() bool { return strings.Contains(s.read("stderr"), "serving until interrupted") }
	require.Eventually(t, serving, commandTimeout, 100*time.Millisecond)
	require.Contains(t, s.ok("sync", "--config", "demo/rollcall.hcl", "forum", "tidewater"), "forum\ttopics\tok\t")
	addresses := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindAllString(s.read("demo/rollcall.hcl"), -1)
	require.NotEmpty(t, addresses)
	isServed := func(address string) bool {
		conn, err := net.Dial("tcp", address)
		return err == nil && conn.Close() == nil
	}
	for _, address := range addresses {
		require.True(t, isServed(address), address)
	}
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	require.NoError(t, cmd.Wait())
	for _, address := range addresses {
		require.False(t, isServed(address), address)
	}
}
