package github

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

func issueStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name: "issues", Mode: connectors.ModeCensus,
			Help:     "issues and pull requests, told apart by __typename",
			Personal: personal("author", "title", "bodyText"),
			Lookback: time.Hour,
			Fields: `{"__typename":"VARCHAR!","id":"VARCHAR!","createdAt":"TIMESTAMPTZ!","updatedAt":"TIMESTAMPTZ!","title":"VARCHAR",` +
				`"resourcePath":"VARCHAR","authorAssociation":"VARCHAR","author":` + personFields + `,` +
				`"labels":{"nodes":[{"name":"VARCHAR"}]},"repository":` + whereFields + `}`,
		},
		read: perRepository(readIssues),
	}
}

func issueCommentStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name: "issue_comments", Mode: connectors.ModeCensus,
			Help:     "comments on issues (issue) and pull requests (pullRequest)",
			Personal: personal("author", "bodyText"),
			Lookback: time.Hour,
			Fields: `{"id":"VARCHAR!","createdAt":"TIMESTAMPTZ!","updatedAt":"TIMESTAMPTZ!","bodyText":"VARCHAR",` +
				`"isMinimized":"BOOLEAN","minimizedReason":"VARCHAR",` +
				`"authorAssociation":"VARCHAR","author":` + personFields + `,"issue":{"id":"VARCHAR"},"pullRequest":{"id":"VARCHAR"},` +
				`"repository":` + whereFields + `}`,
		},
		read: perRepository(readIssueComments),
	}
}

// REST says which issues and comments changed, GraphQL says what they are: the
// REST objects name neither their repository's id nor a comment's issue, only
// addresses that change with a repository's name.

func issueList() listed {
	return listed{path: "/issues", query: url.Values{"state": {"all"}}}
}

func issueCommentList() listed { return listed{path: "/issues/comments"} }

func readIssues(ctx context.Context, r *reading, repo repository, at place) error {
	list := issueList()
	list.read = func(ctx context.Context, items []gjson.Result) ([]connectors.Record, []string, error) {
		records, err := r.fetch(ctx, connection{document: "issues", first: pageSize, weight: 1}, nodeIDs(items))
		return records, nil, err
	}
	return r.changedSince(ctx, repo, at, list)
}

func readIssueComments(ctx context.Context, r *reading, repo repository, at place) error {
	list := issueCommentList()
	list.read = func(ctx context.Context, items []gjson.Result) ([]connectors.Record, []string, error) {
		var onIssues, onPulls []gjson.Result
		for _, item := range items {
			if strings.Contains(item.Get("html_url").String(), "/pull/") {
				onPulls = append(onPulls, item)
			} else {
				onIssues = append(onIssues, item)
			}
		}
		records, err := r.fetch(ctx, comments(true), nodeIDs(onIssues))
		if err != nil {
			return nil, nil, err
		}
		more, err := r.fetch(ctx, comments(false), nodeIDs(onPulls))
		return append(records, more...), nil, err
	}
	return r.changedSince(ctx, repo, at, list)
}

func comments(onIssues bool) connection {
	return connection{document: "issue_comments", first: pageSize, variables: map[string]any{"onIssues": onIssues}}
}

// fetch reads objects as records.
func (r *reading) fetch(ctx context.Context, c connection, ids []string) ([]connectors.Record, error) {
	records := make([]connectors.Record, 0, len(ids))
	err := r.objects(ctx, c, ids, func(object gjson.Result) error {
		records = append(records, record(object.Get("id").String(), object, "updatedAt"))
		return nil
	})
	return records, err
}

func nodeIDs(items []gjson.Result) []string {
	ids := make([]string, 0, len(items))
	for _, item := range items {
		ids = append(ids, item.Get("node_id").String())
	}
	return ids
}
