package main

import (
	"encoding/json"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/connectortest"
	"rollcall/connectors/connectortest/replay"
)

// A real forum's posts of four years cross HTTP, the child, the lake and the
// build, and come out as KPIs of every month.
func TestRunOnce_readsARealForum(t *testing.T) {
	recording, err := os.Open(connectortest.Shared(t, "data/discourse-delving/posts.jsonl.gz"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, recording.Close()) })
	forum, err := replay.New(recording, replay.Options{Now: time.Now})
	require.NoError(t, err)
	server := httptest.NewServer(forum)
	t.Cleanup(server.Close)
	s := newSite(t, strings.NewReplacer("%FORUM%", server.URL, `api_key = env("FORUM_KEY")`, "").Replace(forumConfig))

	var result onceResult
	require.NoError(t, json.Unmarshal([]byte(s.ok("run", "--once", "--json")), &result))
	require.Contains(t, result.Build.NotConfigured, "community_new_members")
	require.Equal(t, "4661", s.query("--lake", "select count(distinct key) from raw.discourse__posts"))
	const perMonth = `
		select count(*) as months, min(kpis) as least
		from (
			select period_start, count(distinct kpi_id) as kpis
			from kpi.value
			where grain = 'month' and segment_type = 'all' and kpi_id <> 'community_new_members'
			group by period_start
		)`
	months, least, _ := strings.Cut(s.query(perMonth), "\t")
	n, err := strconv.Atoi(months)
	require.NoError(t, err)
	require.Greater(t, n, 40, "four years of months")
	require.Equal(t, "22", least, "every KPI by month that posts feed")
	// Counted from the recording itself by a script of its own: topics whose
	// opening post is not in it (there are six) are no posts.
	require.Equal(t, "2023-12:117,2024-01:239,2025-05:168,2026-02:163,2026-07:158", s.query(`
		select string_agg(strftime(period_start, '%Y-%m') || ':' || value::bigint, ',' order by period_start)
		from kpi.value
		where kpi_id = 'community_post_volume' and grain = 'month' and segment_type = 'all'
			and strftime(period_start, '%Y-%m') in ('2023-12', '2024-01', '2025-05', '2026-02', '2026-07')`))

	var again syncResult
	require.NoError(t, json.Unmarshal([]byte(s.ok("sync", "--stream", "posts", "--json")), &again))
	require.Zero(t, again.Runs[0].Appended)
}
