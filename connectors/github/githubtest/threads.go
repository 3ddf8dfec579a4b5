package githubtest

import (
	"fmt"
	"strings"
	"time"
)

// Repository adds a repository to an owner.
func (w *World) Repository(owner *Object, name string) *Object {
	defer w.change()()
	full := owner.Text("login") + "/" + name
	repo := w.add("Repository", map[string]any{
		"name": name, "nameWithOwner": full, "url": "https://github.com/" + full, "description": nil,
		"owner": owner, "pushedAt": w.stamp(), "isPrivate": false, "isArchived": false, "isFork": false, "isDisabled": false,
		"hasDiscussionsEnabled": true, "hasIssuesEnabled": true, "forkCount": 0, "viewerPermission": "WRITE",
	})
	repo.fields["stargazerCount"] = counted(func() int { return len(repo.list("stargazers").edges) })
	repo.list("labels").counts = true
	for _, name := range []string{"discussions", "stargazers", "issues"} {
		repo.list(name)
	}
	w.repositories = append(w.repositories, repo)
	owner.append("repositories", repo, nil)
	return repo
}

// counted is a number that is worked out when it is asked for.
type counted func() int

// Rename gives a repository another name; the old one leads to it.
func (w *World) Rename(repo *Object, name string) {
	defer w.change()()
	w.former[strings.ToLower(repo.Text("nameWithOwner"))] = repo
	owner := repo.fields["owner"].(*Object).Text("login")
	repo.fields["name"], repo.fields["nameWithOwner"] = name, owner+"/"+name
	repo.fields["url"] = "https://github.com/" + owner + "/" + name
}

// Set changes a field of an object and, but for repositories, its change time.
func (w *World) Set(o *Object, field string, value any) {
	defer w.change()()
	o.fields[field] = value
	if o.Type != "Repository" {
		w.touch(o)
	}
}

// Label adds a label to a repository.
func (w *World) Label(repo *Object, name string) *Object {
	defer w.change()()
	label := w.add("Label", map[string]any{"name": name, "color": "ededed", "description": nil, "isDefault": false, "repository": repo})
	repo.append("labels", label, nil)
	return label
}

// Tag puts a label on a discussion or an issue.
func (w *World) Tag(thread, label *Object) {
	defer w.change()()
	thread.append("labels", label, nil)
	w.touch(thread)
}

// Discussion starts a discussion; a nil author is a deleted account.
func (w *World) Discussion(repo, author *Object, category, title string) *Object {
	defer w.change()()
	d := w.thread("Discussion", repo, author, title, "discussions")
	d.fields["upvoteCount"], d.fields["isAnswered"] = 1, nil
	if category == "Q&A" {
		d.fields["isAnswered"] = false
	}
	d.fields["answer"], d.fields["answerChosenAt"], d.fields["answerChosenBy"] = nil, nil, nil
	d.fields["category"] = &Object{Type: "DiscussionCategory", ID: "DIC_" + category, fields: map[string]any{
		"id": "DIC_" + category, "name": category, "isAnswerable": category == "Q&A"}}
	repo.append("discussions", d, nil)
	return d
}

// Issue opens an issue, or a pull request.
func (w *World) Issue(repo, author *Object, title string, pull bool) *Object {
	defer w.change()()
	typ, segment := "Issue", "issues"
	if pull {
		typ, segment = "PullRequest", "pull"
	}
	issue := w.thread(typ, repo, author, title, segment)
	issue.fields["isDraft"], issue.fields["merged"], issue.fields["mergedAt"] = false, false, nil
	repo.append("issues", issue, nil)
	return issue
}

func (w *World) thread(typ string, repo, author *Object, title, segment string) *Object {
	number := len(repo.list("discussions").edges) + len(repo.list("issues").edges) + 1
	path := fmt.Sprintf("/%s/%s/%d", repo.Text("nameWithOwner"), segment, number)
	o := w.add(typ, map[string]any{
		"number": number, "title": title, "bodyText": "Text of " + title, "url": "https://github.com" + path, "resourcePath": path,
		"lastEditedAt": nil, "closed": false, "closedAt": nil, "stateReason": nil, "locked": false,
		"authorAssociation": "NONE", "author": orNil(author), "repository": repo,
	})
	o.list("comments")
	o.list("reactions")
	o.list("labels").counts = true
	return o
}

// Comment adds a comment to a discussion, an issue or a pull request, or a
// reply to a discussion's comment.
func (w *World) Comment(on, author *Object, text string) *Object {
	defer w.change()()
	fields := map[string]any{
		"bodyText": text, "lastEditedAt": nil, "isMinimized": false, "minimizedReason": nil,
		"authorAssociation": "NONE", "author": orNil(author),
	}
	if on.Type == "Issue" || on.Type == "PullRequest" {
		return w.issueComment(on, fields)
	}
	fields["deletedAt"], fields["isAnswer"], fields["upvoteCount"] = nil, false, 1
	fields["replyTo"], fields["discussion"] = nil, on
	name := "comments"
	if on.Type == "DiscussionComment" {
		fields["replyTo"], fields["discussion"], name = on, on.fields["discussion"], "replies"
	}
	comment := w.add("DiscussionComment", fields)
	discussion := fields["discussion"].(*Object)
	fields["url"] = fmt.Sprintf("%s#discussioncomment-%d", discussion.Text("url"), comment.number)
	comment.list("replies")
	comment.list("reactions")
	on.append(name, comment, nil)
	w.touch(discussion)
	return comment
}

func (w *World) issueComment(on *Object, fields map[string]any) *Object {
	fields["issue"], fields["pullRequest"], fields["repository"] = on, nil, on.fields["repository"]
	if on.Type == "PullRequest" {
		fields["issue"], fields["pullRequest"] = unresolved("Issue"), on
	}
	comment := w.add("IssueComment", fields)
	fields["url"] = fmt.Sprintf("%s#issuecomment-%d", on.Text("url"), comment.number)
	comment.list("reactions")
	on.append("comments", comment, nil)
	on.fields["repository"].(*Object).append("issueComments", comment, nil)
	w.touch(on)
	return comment
}

// Answer chooses a comment as its discussion's answer.
func (w *World) Answer(comment, by *Object) {
	defer w.change()()
	discussion := comment.fields["discussion"].(*Object)
	if old, ok := discussion.fields["answer"].(*Object); ok {
		old.fields["isAnswer"] = false
	}
	comment.fields["isAnswer"] = true
	discussion.fields["answer"], discussion.fields["answerChosenBy"] = comment, orNil(by)
	discussion.fields["answerChosenAt"], discussion.fields["isAnswered"] = w.stamp(), true
	w.touch(discussion)
}

// Edit changes an object's text, and the change time of its discussion.
func (w *World) Edit(o *Object, text string) {
	defer w.change()()
	o.fields["bodyText"], o.fields["lastEditedAt"] = text, w.stamp()
	w.touch(o)
	if discussion, ok := o.fields["discussion"].(*Object); ok {
		w.touch(discussion)
	}
}

func (w *World) touch(o *Object) { o.fields["updatedAt"] = w.stamp() }

// Delete removes an object with all below it; a comment that was replied to
// stays as an empty one with its deletedAt.
func (w *World) Delete(o *Object) {
	defer w.change()()
	if o.Type == "DiscussionComment" {
		w.touch(o.fields["discussion"].(*Object))
		if len(o.list("replies").edges) > 0 {
			o.fields["deletedAt"], o.fields["bodyText"], o.fields["author"] = w.stamp(), "", nil
			w.touch(o)
			return
		}
	}
	w.forget(o)
}

func (w *World) forget(o *Object) {
	for _, field := range []string{"repository", "discussion", "replyTo", "issue", "pullRequest", "owner"} {
		if parent, ok := o.fields[field].(*Object); ok {
			for name := range parent.lists {
				parent.remove(name, o)
			}
		}
	}
	if discussion, ok := o.fields["discussion"].(*Object); ok && discussion.fields["answer"] == o {
		discussion.fields["answer"] = nil
	}
	for i, repo := range w.repositories {
		if repo == o {
			w.repositories = append(w.repositories[:i:i], w.repositories[i+1:]...)
			break
		}
	}
	for _, name := range []string{"comments", "replies", "reactions", "discussions", "issues", "issueComments"} {
		if o.lists[name] == nil {
			continue
		}
		for _, e := range append([]*edge(nil), o.lists[name].edges...) {
			w.forget(e.node)
		}
	}
	delete(w.nodes, o.ID)
}

// Traffic sets a repository's views and clones of a day.
func (w *World) Traffic(repo *Object, date time.Time, views, visitors, clones, cloners int64) {
	defer w.change()()
	w.traffic[repo.ID] = append(w.traffic[repo.ID], day{date.UTC().Truncate(24 * time.Hour), views, visitors, clones, cloners})
}
