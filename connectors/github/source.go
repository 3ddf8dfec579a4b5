package github

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// graphqlTries is how often a GraphQL query is tried as it is. A heavy query
// fails the same way every time, so beyond that it is asked for less.
const graphqlTries = 2

// The largest answers taken. A hundred issues with the longest texts GitHub
// allows fit the first; beyond the second a query is asked for less.
const (
	restBody    = 32 << 20
	graphqlBody = 16 << 20
)

// source is one configured instance. Several Reads may run at once.
type source struct {
	settings  settings
	host      connectors.Host
	documents map[string]string
	now       func() time.Time
	rest      *api.Client
	graphql   *api.Client

	mu       sync.Mutex
	noEmails bool // the token may not read e-mail addresses
}

func newSource(s settings, host connectors.Host, c *connector) (*source, error) {
	src := &source{settings: s, host: host, documents: c.documents, now: c.now}
	options := api.Options{
		Auth: api.Bearer{Token: s.Token}, Host: host, Limited: limited, Budget: budget, Clock: c.clock, Timeout: c.timeout,
		Header: http.Header{
			"Accept":               {"application/vnd.github+json"},
			"X-Github-Api-Version": {"2022-11-28"},
		},
		Secrets: []string{s.Token}, Log: slog.Default(),
	}
	rest, graphql := options, options
	rest.BaseURL, rest.Bucket = s.rest, bucketREST
	graphql.BaseURL, graphql.Bucket, graphql.MaxTries = s.graphql, bucketGraphQL, graphqlTries
	rest.MaxBody, graphql.MaxBody = restBody, graphqlBody
	var err error
	if src.rest, err = api.New(rest); err != nil {
		return nil, fmt.Errorf("rest client: %w", err)
	}
	if src.graphql, err = api.New(graphql); err != nil {
		return nil, fmt.Errorf("graphql client: %w", err)
	}
	return src, nil
}

// Read reads one stream; see connectors.Source.
func (s *source) Read(ctx context.Context, name string, from connectors.Cursor, emit func(connectors.Batch) error) error {
	stream, ok := findStream(name)
	if !ok {
		return fmt.Errorf("github has no stream %q", name)
	}
	position, err := parseCursor(from)
	if err != nil {
		return err
	}
	if name == reactionStreamName {
		stream.Lookback = s.settings.reactionsBack
		if _, since := connectors.Since(from); since {
			position.Base = 0 // no time of a thread tells when it was reacted to: read them all
		}
	}
	return stream.read(ctx, &reading{source: s, stream: stream, position: position, emit: emit})
}

// A reading is one Read in progress.
type reading struct {
	source   *source
	stream   stream
	position position
	emit     func(connectors.Batch) error
	latest   time.Time // the server's clock at the last GraphQL answer
	progress connectors.Progress
	skipped  []string // what could not be read, with the reason
	partial  bool     // a list lacked a part
}

func (r *reading) ask(ctx context.Context, q query) (answer, error) {
	got, err := r.source.ask(ctx, q)
	if !got.date.IsZero() {
		r.latest = got.date
	}
	return got, err
}
