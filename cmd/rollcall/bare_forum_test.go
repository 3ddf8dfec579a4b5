package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
	rollcallsql "rollcall/sql"
	"rollcall/transforms/kpi"
)

var update = flag.Bool("update", false, "write the generated pages of docs/ anew")

// bareForum reads a forum as a visitor sees it.
const bareForum = head + `
connector "discourse" "forum" {
  url = "%FORUM%"
  rate "api" {
    limit = 1000000
    per   = "1m"
  }
}
`

// The page says of each KPI about a community whether a public forum feeds it,
// read without a key, and if not, what would: as a build of such a forum and
// the connector say.
func TestDocs_sayWhichKPIsABareForumFeeds(t *testing.T) {
	s := newSite(t, bareForum)
	s.run("sync") // streams for staff only are refused
	s.ok("build")
	s.ok("publish")
	page := barePage(s)
	path := filepath.Join("..", "..", "docs", "bare-forum.md")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(page), 0o644))
	}
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(written), page, "run the test with -update")
}

const bareIntroduction = `# What a bare forum feeds

A public Discourse forum, read without a key, feeds %d of the %d KPIs of the families *health* and *engagement quality*. The
others are not configured: they have no row in ` + "`kpi.value`" + `, never a zero, and ` + "`kpi list`" + ` says what they miss.
This page is made by a test that reads such a forum, from ` + "`kpi.dictionary.missing`" + ` and from what the connector says
of its streams. The forum has the plugin Solved: without it, accepted solutions are not configured either.

| KPI | fed | missing | what would feed it |
|---|---|---|---|
`

// barePage builds the page from what the site's build says.
func barePage(s *site) string {
	s.t.Helper()
	rows := s.dictionary()
	fed := 0
	var table strings.Builder
	help := s.streamHelp()
	for _, row := range rows {
		if row.Status == "configured" {
			fed++
			fmt.Fprintf(&table, "| `%s` | yes | | |\n", row.ID)
			continue
		}
		fmt.Fprintf(&table, "| `%s` | no | %s | %s |\n", row.ID, escaped(row.Missing), escaped(help.of(row)))
	}
	require.NotZero(s.t, fed)
	require.Less(s.t, fed, len(rows))
	return fmt.Sprintf(bareIntroduction, fed, len(rows)) + table.String()
}

func escaped(text string) string { return strings.ReplaceAll(text, "|", `\|`) }

// A dictionaryRow is a KPI of the published dictionary.
type dictionaryRow struct {
	ID      string `json:"kpi_id"`
	Status  string `json:"status"`
	Missing string `json:"missing"`
}

func (s *site) dictionary() (rows []dictionaryRow) {
	s.t.Helper()
	out := s.ok("query", "--json", `select kpi_id, status, coalesce(missing, '') as missing from kpi.dictionary
where category in ('health', 'engagement_quality') order by category desc, kpi_id`)
	for decoder := json.NewDecoder(strings.NewReader(out)); decoder.More(); {
		var row dictionaryRow
		require.NoError(s.t, decoder.Decode(&row))
		rows = append(rows, row)
	}
	return rows
}

// A streamHelp knows which streams of the forum fill which shape, which of them
// a visitor cannot read, and what would help.
type streamHelp struct {
	t       *testing.T
	streams map[string][]string // shape -> streams
	reason  map[string]string   // stream -> why it is not read
	headers map[string]*kpi.Definition
}

var rawTable = regexp.MustCompile(`raw\.discourse__(\w+)`)

func (s *site) streamHelp() streamHelp {
	s.t.Helper()
	h := streamHelp{t: s.t, streams: map[string][]string{}, reason: map[string]string{}, headers: map[string]*kpi.Definition{}}
	var spec connectors.Spec
	require.NoError(s.t, json.Unmarshal([]byte(s.ok("connectors", "describe", "discourse", "--json")), &spec))
	for shape, text := range spec.Staging {
		for _, found := range rawTable.FindAllStringSubmatch(text, -1) {
			h.streams[shape] = append(h.streams[shape], found[1])
		}
	}
	var status statusResult
	require.NoError(s.t, json.Unmarshal([]byte(s.ok("status", "--json")), &status))
	for _, stream := range status.Streams {
		if stream.LastStatus != "ok" {
			h.reason[stream.Stream] = stream.Reason
		}
	}
	files, err := fs.Glob(rollcallsql.FS, "kpi/*/*.sql")
	require.NoError(s.t, err)
	for _, file := range files {
		text, err := fs.ReadFile(rollcallsql.FS, file)
		require.NoError(s.t, err)
		d, err := kpi.Parse(file, string(text))
		require.NoError(s.t, err)
		h.headers[d.ID] = d
	}
	return h
}

// tellers are the streams that tell what a capability asks for, where one
// shape holds several things.
func tellers() map[string][]string {
	return map[string][]string{
		"visits":        {"visits"},
		"helpful_votes": {"reactions"},
		"accept":        {"solutions"},
		"attendance":    nil,
		"member_views":  nil,
		"training":      nil, "research": nil,
	}
}

// elsewhereShapes are what another source fills for a capability that no stream
// of a forum tells.
func elsewhereShapes() map[string]string {
	return map[string]string{"attendance": "event_attendance", "member_views": "content_view_daily", "training": "product_event", "research": "community_event"}
}

func elsewhere(shape string) string {
	return fmt.Sprintf("`%s` of another source, for example `files`", shape)
}

// of says what would feed a KPI: the settings that open the forum's own
// streams, and the kinds of other sources where the forum has none.
func (h streamHelp) of(row dictionaryRow) string {
	d := h.headers[row.ID]
	require.NotNil(h.t, d, row.ID)
	ways := map[string]bool{}
	add := func(what string, streams []string) {
		var closed []string
		for _, stream := range streams {
			reason, isClosed := h.reason[stream]
			if !isClosed {
				return // the forum's own, and open
			}
			_, help, _ := strings.Cut(reason, "credentials: ")
			closed = append(closed, fmt.Sprintf("stream `%s`: %s", stream, help))
		}
		if len(closed) == 0 {
			closed = []string{elsewhere(what)}
		}
		ways[strings.Join(closed, ", or ")] = true
	}
	for _, shape := range d.Needs {
		if !slices.ContainsFunc(d.Capabilities, func(c string) bool { return slices.Contains(h.streams[shape], first(tellers()[c])) }) {
			add(shape, h.streams[shape])
		}
	}
	for _, capability := range d.Capabilities {
		streams, isKnown := tellers()[capability]
		require.True(h.t, isKnown, capability)
		if len(streams) > 0 {
			add(capability, streams)
		} else if !slices.ContainsFunc(d.Needs, func(shape string) bool { return ways[elsewhere(shape)] }) {
			ways[elsewhere(elsewhereShapes()[capability])] = true
		}
	}
	return strings.Join(slices.Sorted(maps.Keys(ways)), "; ")
}

func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}
