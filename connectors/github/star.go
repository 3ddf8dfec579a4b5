package github

import (
	"context"
	"fmt"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

func starStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name: "stars", Mode: connectors.ModeCensus, Every: day,
			Help:     "who starred which repository and when; the key is the repository's databaseId and the user's node id. A star taken back shows only in a full listing",
			Personal: personal("node"),
			Lookback: day,
			Fields:   `{"starredAt":"TIMESTAMPTZ!","node":` + personFields + `}`,
		},
		read: perRepository(readStars),
	}
}

// readStars lists stars over GraphQL: REST stops at 40,000 of them.
// https://github.com/MeltanoLabs/tap-github/issues/120
func readStars(ctx context.Context, r *reading, repo repository, at place) error {
	return r.newestFirst(ctx, repo, at, newest{
		connection: connection{
			document: "stars", path: "node.stargazers", first: pageSize,
			variables: map[string]any{"id": repo.node},
		},
		items: "edges", time: "starredAt",
		read: func(_ context.Context, items []gjson.Result) ([]connectors.Record, []string, error) {
			records := make([]connectors.Record, 0, len(items))
			for _, item := range items {
				key := fmt.Sprintf("%d:%s", repo.id, item.Get("node.id").String())
				records = append(records, record(key, item, "starredAt"))
			}
			return records, nil, nil
		},
	})
}
