// Package discourse reads a Discourse forum: posts with their edits and
// deletions, topics, people with their addresses, groups, likes, accepted
// solutions, visits, searches, the review queue and events. A public forum is
// read without a key, as far as anybody may look.
package discourse

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

//go:embed staging/*.sql
var stagingFiles embed.FS

// Names of the request budgets.
const (
	bucketAPI      = "api"
	bucketExplorer = "explorer"
)

// New returns the connector.
func New() connectors.Connector { return &connector{} }

type connector struct {
	clock   api.Clock     // nil: the system's
	timeout time.Duration // of one request; 0: the toolkit's own
}

// Spec implements connectors.Connector.
func (c *connector) Spec() connectors.Spec {
	spec := connectors.Spec{
		Type:       "discourse",
		Title:      "Discourse",
		Docs:       "https://docs.discourse.org",
		Version:    "3",
		Kinds:      []connectors.Kind{connectors.KindCommunity},
		EmailTrust: connectors.TrustVerified,
		Settings:   settingList(),
		Staging:    staging(),
		Buckets: []connectors.Bucket{
			// Discourse's own default is 60 a minute for an admin key; a public
			// forum answers more, but refuses whole addresses.
			{Name: bucketAPI, Limit: 55, Per: time.Minute, Burst: 5, Help: "all requests but Data Explorer's; raise it with max_admin_api_reqs_per_minute"},
			{Name: bucketExplorer, Limit: 2, Per: 10 * time.Second, Help: "runs of Data Explorer queries"},
		},
	}
	for _, s := range streams() {
		spec.Streams = append(spec.Streams, s.Stream)
	}
	return spec
}

func settingList() []connectors.Setting {
	return []connectors.Setting{
		{Name: "url", Type: connectors.TypeString, Required: true, Help: "address of the forum, with its subfolder if it has one: https://forum.example.com"},
		{Name: "api_key", Type: connectors.TypeString, Secret: true, Help: "key made in Admin > API for all users with the global read scope; without one a public forum is read as a visitor sees it"},
		{Name: "api_username", Type: connectors.TypeString, Default: "system", Help: "user the key acts as"},
		{Name: "reread", Type: connectors.TypeString, Default: "30d", Help: "how long after its last activity a topic is read again for edits, likes and deletions: 30d, 72h"},
		{Name: "reread_every", Type: connectors.TypeString, Default: "24h", Help: "how often all topics within reread are read again; topics with new activity always are"},
		{Name: "bookmarks_query", Type: connectors.TypeInt, Help: "id of a Data Explorer query for the stream bookmarks; the connector's README has its text"},
	}
}

func staging() map[string]string {
	entries, err := stagingFiles.ReadDir("staging")
	if err != nil {
		panic(err) // embedded at build time
	}
	files := map[string]string{}
	for _, entry := range entries {
		text, err := stagingFiles.ReadFile("staging/" + entry.Name())
		if err != nil {
			panic(err)
		}
		files[strings.TrimSuffix(entry.Name(), ".sql")] = string(text)
	}
	return files
}

// settings are the connector's settings as the host decodes them.
type settings struct {
	URL            string `json:"url"`
	Key            string `json:"api_key"`
	Username       string `json:"api_username"`
	Reread         string `json:"reread"`
	RereadEvery    string `json:"reread_every"`
	BookmarksQuery int64  `json:"bookmarks_query"`
}

// Open implements connectors.Connector.
func (c *connector) Open(_ context.Context, raw connectors.Settings, host connectors.Host) (connectors.Source, error) {
	set := settings{Username: "system", Reread: "30d", RereadEvery: "24h"}
	if err := raw.Decode(&set); err != nil {
		return nil, &connectors.ErrConfig{Setting: "url", Reason: err.Error()}
	}
	s := &source{set: set}
	var err error
	if s.reread, err = span("reread", set.Reread); err != nil {
		return nil, err
	}
	if s.rereadEvery, err = span("reread_every", set.RereadEvery); err != nil {
		return nil, err
	}
	if set.BookmarksQuery < 0 {
		return nil, &connectors.ErrConfig{Setting: "bookmarks_query", Reason: "is not the id of a query"}
	}
	options := api.Options{
		BaseURL: strings.TrimRight(set.URL, "/"),
		Host:    host,
		Bucket:  bucketAPI,
		Limited: api.OnStatus(http.StatusTooManyRequests, api.WaitBody("extras.wait_seconds", api.Seconds)),
		// A request is dear (60 a minute), and most walks end at their first page.
		NoPrefetch: true,
		Clock:      c.clock,
		Timeout:    c.timeout,
	}
	if set.Key != "" {
		options.Auth = api.HeaderKey{Name: "Api-Key", Key: set.Key}
		options.Header = http.Header{"Api-Username": {set.Username}}
	}
	if s.client, err = api.New(options); err != nil {
		return nil, err
	}
	return s, nil
}

// span reads a length of time as Go writes it, or in whole days: "30d".
func span(name, text string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(text, "d"); ok {
		n, err := strconv.Atoi(days)
		if err == nil && n >= 0 && n <= 36500 {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d, nil
	}
	return 0, &connectors.ErrConfig{Setting: name, Reason: fmt.Sprintf("%q is not a length of time: write it as 30d or 72h", text)}
}
