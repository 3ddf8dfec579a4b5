package github

import (
	"context"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

func discussionStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name: "discussions", Mode: connectors.ModeCensus,
			Help:     "discussions with their category, labels and chosen answer",
			Personal: append(personal("author", "title", "bodyText"), personal("answerChosenBy")...),
			Volatile: []string{"upvoteCount"},
			Lookback: day,
			Fields: `{"id":"VARCHAR!","createdAt":"TIMESTAMPTZ!","updatedAt":"TIMESTAMPTZ!","title":"VARCHAR","resourcePath":"VARCHAR",` +
				`"authorAssociation":"VARCHAR","author":` + personFields + `,"category":{"name":"VARCHAR","isAnswerable":"BOOLEAN"},` +
				`"answer":{"id":"VARCHAR"},"answerChosenAt":"TIMESTAMPTZ","answerChosenBy":` + personFields + `,` +
				`"labels":{"nodes":[{"name":"VARCHAR"}]},"repository":` + whereFields + `}`,
		},
		read: perRepository(readDiscussions),
	}
}

func readDiscussions(ctx context.Context, r *reading, repo repository, at place) error {
	return r.newestFirst(ctx, repo, at, newest{
		connection: connection{
			document: "discussions", path: "node.discussions", first: 50, weight: 1,
			variables: map[string]any{"id": repo.node},
		},
		items: "nodes", time: "updatedAt",
		read: func(_ context.Context, items []gjson.Result) ([]connectors.Record, []string, error) {
			return nodes(items, "updatedAt"), nil, nil
		},
	})
}

// nodes makes records of objects that are keyed by their node id.
func nodes(items []gjson.Result, timePath string) []connectors.Record {
	records := make([]connectors.Record, 0, len(items))
	for _, item := range items {
		records = append(records, record(item.Get("id").String(), item, timePath))
	}
	return records
}
