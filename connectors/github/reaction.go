package github

import (
	"context"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

const reactionStreamName = "reactions"

func reactionStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name: reactionStreamName, Mode: connectors.ModeCensus, Every: day,
			Help:     "who reacted how to discussions, issues, pull requests and comments (reactable)",
			Personal: personal("user"),
			Lookback: defaultReactionsBack,
			Fields: `{"id":"VARCHAR!","content":"VARCHAR!","createdAt":"TIMESTAMPTZ!","user":` + personFields +
				`,"reactable":{"__typename":"VARCHAR","id":"VARCHAR!","author":{"databaseId":"BIGINT"},"repository":` + whereFields +
				`,"discussion":{"id":"VARCHAR","repository":` + whereFields + `},"pullRequest":{"id":"VARCHAR"}}}`,
		},
		read: perRepository(readReactions),
	}
}

// The lists a repository's reactions hang on, in the order they are read.
const (
	onDiscussions = iota
	onIssues
	onIssueComments
)

const reactionsAtOnce = 50

// readReactions reads the reactions of everything that changed since the
// look-back began: a reaction leaves its thread's change time as it is.
func readReactions(ctx context.Context, r *reading, repo repository, at place) error {
	start := r.position.start(repo, r.stream.Lookback)
	if at.Part == onDiscussions {
		if err := r.discussionReactions(ctx, repo, at); err != nil {
			return err
		}
		start.Part = onIssues
		at = start
	}
	if at.Part == onIssues {
		if err := r.listedReactions(ctx, repo, at, issueList()); err != nil {
			return err
		}
		start.Part = onIssueComments
		at = start
	}
	return r.listedReactions(ctx, repo, at, issueCommentList())
}

func (r *reading) discussionReactions(ctx context.Context, repo repository, at place) error {
	t := threads{r: r}
	return r.newestFirst(ctx, repo, at, t.of(repo, func(ctx context.Context, discussions []gjson.Result) ([]connectors.Record, []string, error) {
		for _, discussion := range discussions {
			ids := []string{discussion.Get("id").String()}
			if _, err := t.read(ctx, discussion, func(comments []gjson.Result) error {
				for _, comment := range comments {
					ids = append(ids, comment.Get("id").String())
				}
				err := r.reactionsOf(ctx, ids)
				ids = nil
				return err
			}); err != nil {
				return nil, nil, err
			}
		}
		return nil, nil, nil
	}))
}

// listedReactions reads those of issues or issue comments, whose REST objects
// say whether there are any.
func (r *reading) listedReactions(ctx context.Context, repo repository, at place, list listed) error {
	fromStart := at.Floor == 0
	list.read = func(ctx context.Context, items []gjson.Result) ([]connectors.Record, []string, error) {
		var some, none []gjson.Result
		for _, item := range items {
			if count := item.Get("reactions.total_count"); count.Exists() && count.Int() == 0 {
				none = append(none, item)
			} else {
				some = append(some, item)
			}
		}
		var scopes []string
		if !fromStart { // a full listing needs no word that there is nothing
			scopes = r.scopes("reactable.id", nodeIDs(none)...)
		}
		return nil, scopes, r.reactionsOf(ctx, nodeIDs(some))
	}
	return r.changedSince(ctx, repo, at, list)
}

// reactionsOf emits all reactions to the objects, each of them a scope.
func (r *reading) reactionsOf(ctx context.Context, ids []string) error {
	c := connection{document: "reactions", first: pageSize, weight: 1, inner: map[string]int{"first": reactionsAtOnce}}
	var records []connectors.Record
	var scopes []string
	if err := r.objects(ctx, c, ids, func(object gjson.Result) error {
		list := object.Get("reactions")
		if !list.Exists() {
			return nil // nothing that can be reacted to
		}
		records = append(records, nodes(given(list, "nodes"), "createdAt")...)
		gone, err := r.moreReactions(ctx, object, list)
		if err == nil && !gone {
			scopes = append(scopes, r.scopes("reactable.id", object.Get("id").String())...)
		}
		return err
	}); err != nil {
		return err
	}
	return r.part(records, scopes)
}

// moreReactions continues one object's list beyond its first page.
func (r *reading) moreReactions(ctx context.Context, object, list gjson.Result) (gone bool, err error) {
	c := connection{document: "more_reactions", path: "node.reactions", first: pageSize,
		variables: map[string]any{"id": object.Get("id").String()}}
	after, err := nextPage(c, list, "")
	if err != nil || after == "" {
		return false, err
	}
	err = r.walk(ctx, c, after, func(list gjson.Result, _ string) error {
		return r.part(nodes(given(list, "nodes"), "createdAt"), nil)
	})
	if _, unreadable := asUnreadable(err); unreadable {
		return true, nil
	}
	return false, err
}
