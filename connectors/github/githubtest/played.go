package githubtest

import (
	"fmt"
	"time"
)

// change locks the world for a change.
func (w *World) change() (unlock func()) {
	w.mu.Lock()
	w.changes++
	return w.mu.Unlock
}

// Place sets the world's time, which may move either way, and the databaseId
// of the next object made: a history is played by placing each of its events.
func (w *World) Place(at time.Time, id int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now, w.next = at.UTC().Truncate(time.Second), id-1
}

// Fill sets fields of an object and leaves its change time as it is. A time is
// written as GitHub writes it, to the second.
func (w *World) Fill(o *Object, fields map[string]any) {
	defer w.change()()
	for name, value := range fields {
		if at, ok := value.(time.Time); ok {
			value = at.UTC().Format(time.RFC3339)
		}
		o.fields[name] = value
	}
}

// Numbered gives a thread its number in its repository, and the addresses that
// go with it.
func (w *World) Numbered(thread *Object, number int32) {
	defer w.change()()
	segment := map[string]string{"Discussion": "discussions", "Issue": "issues", "PullRequest": "pull"}[thread.Type]
	path := fmt.Sprintf("/%s/%s/%d", thread.fields["repository"].(*Object).Text("nameWithOwner"), segment, number)
	thread.fields["number"], thread.fields["url"], thread.fields["resourcePath"] = number, "https://github.com"+path, path
}

// File puts a discussion into a category.
func (w *World) File(discussion *Object, id int64, name string, answerable bool) {
	defer w.change()()
	node := fmt.Sprintf("DIC_%d", id)
	discussion.fields["category"] = &Object{Type: "DiscussionCategory", ID: node, number: id,
		fields: map[string]any{"id": node, "name": name, "isAnswerable": answerable}}
	discussion.fields["isAnswered"] = nil
	if answerable {
		discussion.fields["isAnswered"] = false
	}
}

// Unanswer takes the answer of a discussion back.
func (w *World) Unanswer(discussion *Object) {
	defer w.change()()
	if answer, ok := discussion.fields["answer"].(*Object); ok {
		answer.fields["isAnswer"] = false
	}
	discussion.fields["answer"], discussion.fields["answerChosenAt"], discussion.fields["answerChosenBy"] = nil, nil, nil
	discussion.fields["isAnswered"] = false
	w.touch(discussion)
}

// Minimize hides a comment for a reason, as a moderator does.
func (w *World) Minimize(comment *Object, reason string) {
	defer w.change()()
	comment.fields["isMinimized"], comment.fields["minimizedReason"] = true, reason
	w.touch(comment)
	if discussion, ok := comment.fields["discussion"].(*Object); ok {
		w.touch(discussion)
	}
}

// Close closes a discussion or an issue.
func (w *World) Close(thread *Object) {
	defer w.change()()
	reason := "COMPLETED"
	if thread.Type == "Discussion" {
		reason = "RESOLVED"
	}
	thread.fields["closed"], thread.fields["closedAt"], thread.fields["stateReason"] = true, w.stamp(), reason
	w.touch(thread)
}

// Lives says whether an object has not been deleted.
func (w *World) Lives(o *Object) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nodes[o.ID] == o
}
