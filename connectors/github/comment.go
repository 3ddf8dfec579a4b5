package github

import (
	"context"
	"maps"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

func discussionCommentStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name: "discussion_comments", Mode: connectors.ModeCensus,
			Help:     "comments of discussions and the replies to them (replyTo), with which one is the answer",
			Personal: personal("author", "bodyText"),
			Volatile: []string{"upvoteCount"},
			Lookback: day,
			Fields: `{"id":"VARCHAR!","createdAt":"TIMESTAMPTZ!","updatedAt":"TIMESTAMPTZ!","deletedAt":"TIMESTAMPTZ","bodyText":"VARCHAR",` +
				`"isMinimized":"BOOLEAN","minimizedReason":"VARCHAR",` +
				`"authorAssociation":"VARCHAR","author":` + personFields + `,"replyTo":{"id":"VARCHAR"},` +
				`"discussion":{"id":"VARCHAR","repository":` + whereFields + `}}`,
		},
		read: perRepository(readDiscussionComments),
	}
}

// readDiscussionComments reads all comments of every discussion that changed.
// Each discussion is a scope: a comment it no longer lists is deleted.
func readDiscussionComments(ctx context.Context, r *reading, repo repository, at place) error {
	t := threads{r: r, content: true}
	return r.newestFirst(ctx, repo, at, t.of(repo, func(ctx context.Context, discussions []gjson.Result) ([]connectors.Record, []string, error) {
		for _, discussion := range discussions {
			gone, err := t.read(ctx, discussion, func(comments []gjson.Result) error {
				return r.part(nodes(comments, "updatedAt"), nil)
			})
			if err != nil {
				return nil, nil, err
			}
			if gone {
				continue
			}
			if err := r.part(nil, r.scopes("discussion.id", discussion.Get("id").String())); err != nil {
				return nil, nil, err
			}
		}
		return nil, nil, nil
	}))
}

// Page sizes of the lists within a page of discussions. GitHub charges for
// every list it might have to make, so most threads fit and few are continued.
const (
	discussionsAtOnce = 20
	commentsAtOnce    = 20
	repliesAtOnce     = 10
)

// threads reads the two levels of comments below discussions.
type threads struct {
	r       *reading
	content bool // else only ids
}

func (t threads) of(repo repository, read func(context.Context, []gjson.Result) ([]connectors.Record, []string, error)) newest {
	return newest{
		connection: connection{
			document: "discussion_comments", path: "node.discussions", first: discussionsAtOnce, weight: 1,
			inner:     map[string]int{"comments": commentsAtOnce, "replies": repliesAtOnce},
			variables: map[string]any{"id": repo.node, "content": t.content},
		},
		items: "nodes", time: "updatedAt", read: read,
	}
}

// read calls page for every page of comments and replies of a discussion, and
// reports whether the discussion was deleted meanwhile.
func (t threads) read(ctx context.Context, discussion gjson.Result, page func(comments []gjson.Result) error) (gone bool, err error) {
	list := discussion.Get("comments")
	if err := t.comments(ctx, list, page); err != nil {
		return false, err
	}
	return t.more(ctx, list, connection{
		document: "more_comments", path: "node.comments", first: pageSize, weight: 1,
		inner:     map[string]int{"replies": repliesAtOnce},
		variables: map[string]any{"id": discussion.Get("id").String()},
	}, func(list gjson.Result) error { return t.comments(ctx, list, page) })
}

// comments reads one page of comments and all replies to them.
func (t threads) comments(ctx context.Context, list gjson.Result, page func([]gjson.Result) error) error {
	all := given(list, "nodes")
	for _, edge := range given(list, "edges") {
		all = append(all, given(edge.Get("node.replies"), "nodes")...)
	}
	if err := page(all); err != nil {
		return err
	}
	for _, edge := range given(list, "edges") {
		// A comment that is gone by now takes its replies with it.
		if _, err := t.more(ctx, edge.Get("node.replies"), connection{
			document: "more_replies", path: "node.replies", first: pageSize,
			variables: map[string]any{"id": edge.Get("node.id").String()},
		}, func(list gjson.Result) error { return page(given(list, "nodes")) }); err != nil {
			return err
		}
	}
	return nil
}

// more continues a list beyond its first page.
func (t threads) more(ctx context.Context, list gjson.Result, c connection, page func(gjson.Result) error) (gone bool, err error) {
	after, err := nextPage(c, list, "")
	if err != nil || after == "" {
		return false, err
	}
	c.variables = maps.Clone(c.variables)
	c.variables["content"] = t.content
	err = t.r.walk(ctx, c, after, func(list gjson.Result, _ string) error { return page(list) })
	if _, unreadable := asUnreadable(err); unreadable {
		return true, nil
	}
	return false, err
}
