// Package github reads a GitHub organisation, or single repositories, as a
// community: discussions with their comments, replies and answers, issues and
// pull requests with their comments, reactions, stars, labels, members and
// traffic. Records come from the GraphQL API, since only it has discussions
// and only it names a comment's thread by id; REST lists what changed among
// issues and holds the traffic.
package github

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

//go:embed queries/*.graphql
var queryFiles embed.FS

//go:embed staging/*.sql
var stagingFiles embed.FS

// The request budgets of one token. GitHub counts GraphQL in points and both
// in fixed windows of an hour; the response headers say what is left.
const (
	bucketGraphQL = "graphql"
	bucketREST    = "rest"
)

// requestTimeout is well above the ten seconds after which GitHub ends a
// request itself.
const requestTimeout = 20 * time.Second

type connector struct {
	documents map[string]string // GraphQL text by file; operations include their fragments
	staging   map[string]string
	clock     api.Clock // nil: the system's
	now       func() time.Time
	timeout   time.Duration // of a request
}

// New returns the GitHub connector.
func New() connectors.Connector { return newConnector(nil, time.Now) }

func newConnector(clock api.Clock, now func() time.Time) *connector {
	return &connector{documents: documents(), staging: staging(), clock: clock, now: now, timeout: requestTimeout}
}

// Spec describes the connector.
func (c *connector) Spec() connectors.Spec {
	spec := connectors.Spec{
		Type:       "github",
		Title:      "GitHub",
		Docs:       "https://docs.github.com/en/graphql",
		Version:    "2",
		Kinds:      []connectors.Kind{connectors.KindCommunity},
		Settings:   settingList(),
		Staging:    c.staging,
		EmailTrust: connectors.TrustSelf, // the address a profile shows; the API does not say whether it was proven
		Buckets: []connectors.Bucket{
			{Name: bucketGraphQL, Limit: 5000, Per: time.Hour, Burst: 1000, Help: "GraphQL points of the token"},
			{Name: bucketREST, Limit: 5000, Per: time.Hour, Burst: 500, Help: "REST requests of the token"},
		},
	}
	for _, s := range streams() {
		spec.Streams = append(spec.Streams, s.Stream)
	}
	return spec
}

// Open checks the settings and returns a source for them.
func (c *connector) Open(_ context.Context, given connectors.Settings, host connectors.Host) (connectors.Source, error) {
	s, err := parseSettings(given)
	if err != nil {
		return nil, err
	}
	return newSource(s, host, c)
}

// documents reads the GraphQL files and gives each operation the fragments it
// uses, those of the fragments included.
func documents() map[string]string {
	files := read(queryFiles, "queries", ".graphql")
	whole := map[string]string{}
	for name, text := range files {
		whole[name] = text
		if !strings.HasPrefix(text, "fragment ") {
			whole[name] = withFragments(text, files)
		}
	}
	return whole
}

func withFragments(text string, all map[string]string) string {
	used := map[string]bool{}
	for added := true; added; {
		added = false
		for name, fragment := range all {
			if used[name] || !strings.HasPrefix(fragment, "fragment "+name+" ") || !spreads(text, name) {
				continue
			}
			used[name], added = true, true
			text += "\n" + fragment
		}
	}
	return text
}

func spreads(text, fragment string) bool {
	_, rest, found := strings.Cut(text, "..."+fragment)
	return found && (rest == "" || strings.ContainsAny(rest[:1], " \n}"))
}

// staging reads the staging SQL. That of identities is one select for every
// place where a record shows an account.
func staging() map[string]string {
	files := read(stagingFiles, "staging", ".sql")
	var branches []string
	for _, s := range sightings() {
		branches = append(branches, strings.NewReplacer("{stream}", s.stream, "{account}", s.account, "{is_staff}", s.isStaff, "{seen_at}", s.seenAt).Replace(files["identity"]))
	}
	files["identity"] = strings.Join(branches, ";\n")
	return files
}

// A sighting is a place where a stream's records show an account.
type sighting struct{ stream, account, isStaff, seenAt string }

func sightings() []sighting {
	const (
		changed  = "j.updatedAt at time zone 'UTC'"
		byOffice = "j.authorAssociation in ('OWNER', 'MEMBER')"
		unsaid   = "nullif(true, true)"
	)
	return []sighting{
		{"discussions", "author", byOffice, changed},
		{"discussions", "answerChosenBy", unsaid, changed},
		{"discussion_comments", "author", byOffice, changed},
		{"issues", "author", byOffice, changed},
		{"issue_comments", "author", byOffice, changed},
		{"reactions", "user", unsaid, "j.createdAt at time zone 'UTC'"},
		{"stars", "node", unsaid, "j.starredAt at time zone 'UTC'"},
		{"members", "node", "true", "synced_at"},
	}
}

// read returns the embedded files of a folder by name without extension.
func read(files embed.FS, folder, extension string) map[string]string {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		panic(fmt.Sprintf("read embedded %s: %v", folder, err))
	}
	texts := map[string]string{}
	for _, entry := range entries {
		text, err := fs.ReadFile(files, path.Join(folder, entry.Name()))
		if err != nil {
			panic(fmt.Sprintf("read embedded %s: %v", entry.Name(), err))
		}
		texts[strings.TrimSuffix(entry.Name(), extension)] = string(text)
	}
	return texts
}
