package github

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

// named is how many repositories are looked up by name in one query, for one
// point.
const named = 50

// A repository as the walks need it.
type repository struct {
	id      int64  // databaseId: short, and stable when it is renamed
	node    string // GraphQL node id
	name    string // owner/name
	created time.Time
	raw     gjson.Result
}

// A listing is the repositories of an instance by id, with those named in
// config that cannot be seen.
type listing struct {
	repositories []repository
	unseen       []string
	date         time.Time // the server's clock before anything was listed
}

// list reads the repositories that the settings ask for.
func (r *reading) list(ctx context.Context) (listing, error) {
	var all listing
	var err error
	if names := r.source.settings.Repositories; len(names) > 0 {
		err = r.listNamed(ctx, names, &all)
	} else {
		err = r.listOwned(ctx, &all)
	}
	if err != nil {
		return listing{}, err
	}
	sort.Slice(all.repositories, func(i, j int) bool { return all.repositories[i].id < all.repositories[j].id })
	if len(all.repositories) > maxRepositories {
		return listing{}, &connectors.ErrConfig{Setting: "repositories",
			Reason: fmt.Sprintf("%d repositories are more than one instance can follow (%d): name those to read", len(all.repositories), maxRepositories)}
	}
	return all, nil
}

func (r *reading) listOwned(ctx context.Context, all *listing) error {
	login := r.source.settings.Organization
	if _, err := r.askFixed(ctx, query{stream: r.stream.Name, document: "viewer"}); err != nil {
		return err
	}
	all.date = r.latest
	err := r.walk(ctx, connection{
		document: "owner_repositories", path: "repositoryOwner.repositories", first: pageSize,
		variables: map[string]any{"login": login},
	}, "", func(list gjson.Result, _ string) error {
		for _, node := range given(list, "nodes") {
			if err := all.add(node); err != nil {
				return err
			}
		}
		return nil
	})
	if unreadable, ok := asUnreadable(err); ok {
		return &connectors.ErrForbidden{Stream: r.stream.Name, Reason: fmt.Sprintf("%s: %s", login, unreadable.reason)}
	}
	return err
}

func (r *reading) listNamed(ctx context.Context, names []string, all *listing) error {
	for start := 0; start < len(names); start += named {
		some := names[start:min(len(names), start+named)]
		got, err := r.askFixed(ctx, r.source.byName(r.stream.Name, some))
		if err != nil {
			return err
		}
		if start == 0 {
			all.date = got.date
		}
		for i, name := range some {
			node := got.data.Get(fmt.Sprintf("r%d", i))
			if !node.IsObject() {
				all.unseen = append(all.unseen, name)
			} else if err := all.add(node); err != nil {
				return err
			}
		}
	}
	return nil
}

// byName looks repositories up by name, which GitHub follows through renames.
func (s *source) byName(stream string, names []string) query {
	var head, body strings.Builder
	variables := map[string]any{}
	for i, name := range names {
		owner, repo, _ := strings.Cut(name, "/")
		fmt.Fprintf(&head, "$o%d: String!, $n%d: String!, ", i, i)
		fmt.Fprintf(&body, "  r%d: repository(owner: $o%d, name: $n%d) { ...repository }\n", i, i, i)
		variables[fmt.Sprintf("o%d", i)], variables[fmt.Sprintf("n%d", i)] = owner, repo
	}
	text := fmt.Sprintf("query namedRepositories(%s) {\n  rateLimit { cost remaining resetAt }\n%s}\n%s",
		strings.TrimSuffix(head.String(), ", "), body.String(), s.documents["repository"])
	return query{stream: stream, text: text, variables: variables}
}

// add takes a repository in once: a config may name it by its old name too.
func (l *listing) add(node gjson.Result) error {
	created, err := time.Parse(time.RFC3339, node.Get("createdAt").String())
	repo := repository{id: node.Get("databaseId").Int(), node: node.Get("id").String(), name: node.Get("nameWithOwner").String(),
		created: created, raw: node}
	if err != nil || repo.id == 0 || repo.node == "" || repo.name == "" {
		return &connectors.Transient{Err: fmt.Errorf("repository %q without id, name or creation time", repo.name)}
	}
	for _, known := range l.repositories {
		if known.id == repo.id {
			return nil
		}
	}
	l.repositories = append(l.repositories, repo)
	return nil
}

func repositoryStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name: "repositories", Mode: connectors.ModeSnapshot, Every: day,
			Help:     "the repositories, with which features they have",
			Personal: []string{"owner.login", "description"},
			Volatile: []string{"stargazerCount", "forkCount", "pushedAt", "updatedAt", "viewerPermission"},
			Fields: `{"id":"VARCHAR!","databaseId":"BIGINT!","nameWithOwner":"VARCHAR!","createdAt":"TIMESTAMPTZ!","isPrivate":"BOOLEAN",` +
				`"isArchived":"BOOLEAN","hasDiscussionsEnabled":"BOOLEAN","stargazerCount":"BIGINT","forkCount":"BIGINT"}`,
		},
		read: readRepositories,
	}
}

// readRepositories lists the repositories themselves.
func readRepositories(ctx context.Context, r *reading) error {
	all, err := r.list(ctx)
	if err != nil {
		return err
	}
	batch := connectors.Batch{Progress: connectors.Progress{Done: int64(len(all.repositories)), Total: int64(len(all.repositories))}}
	for _, repo := range all.repositories {
		batch.Records = append(batch.Records, record(repo.node, repo.raw, "updatedAt"))
	}
	if err := r.emit(batch); err != nil {
		return err
	}
	for _, name := range all.unseen {
		r.skip(name, notVisible)
	}
	return r.sayPassedOver()
}
