package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBuild_explainsAndSelectsAloneAndThroughTheDaemon(t *testing.T) {
	s := builtSite(t, "")
	try := func() {
		var steps []buildStep
		require.NoError(t, json.Unmarshal([]byte(s.ok("build", "--explain", "--json", "--select", "core.thread+", "--select", "core.community")), &steps))
		actions := map[string]string{}
		for _, step := range steps {
			actions[step.Name] = step.Action
		}
		require.Equal(t, "whole", actions["core.thread"], "it was selected")
		require.Contains(t, actions, "community_post_volume", "it reads threads")
		require.NotContains(t, actions, "core.community_member")
		s.fails(exitUsage, `there is no model or KPI "core.threads"; did you mean "core.thread"?`, "build", "--select", "core.threads")
		require.Regexp(t, `and \d+ more`, s.fails(exitUsage, `there is no model or KPI "x"`, "build", "--explain", "--select", "+x").stderr)
	}
	try()
	d := s.start()
	d.await("msg=published")
	before := s.query("select build_id from kpi.build")
	try()
	require.Contains(t, s.ok("build", "--select", "core.community"), "partial")
	s.fails(exitInternal, "run `rollcall build` without --select", "publish")
	require.Equal(t, before, s.query("select build_id from kpi.build"), "the last release stays")
	d.stop()
	require.Contains(t, s.ok("build"), "passed")
	s.ok("publish")
}
