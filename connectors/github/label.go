package github

import (
	"context"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

func labelStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name: "labels", Mode: connectors.ModeSnapshot, Every: day,
			Help:   "the labels each repository has",
			Fields: `{"id":"VARCHAR!","name":"VARCHAR!","repository":` + whereFields + `}`,
		},
		read: perRepository(readLabels),
	}
}

// readLabels keeps no place within a repository: labels are few, and their
// page cursors are mere numbers that shift when one is deleted.
func readLabels(ctx context.Context, r *reading, repo repository, _ place) error {
	return r.walk(ctx, connection{
		document: "labels", path: "node.labels", first: pageSize,
		variables: map[string]any{"id": repo.node},
	}, "", func(list gjson.Result, _ string) error {
		return r.part(nodes(given(list, "nodes"), "updatedAt"), nil)
	})
}
