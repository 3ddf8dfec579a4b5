package github

import (
	"context"
	"time"

	"rollcall/connectors"
)

// A stream is a connectors.Stream with how it is read.
type stream struct {
	connectors.Stream
	read  func(context.Context, *reading) error
	reach time.Duration // how far back the source shows it; 0: all the way
}

const day = 24 * time.Hour

// streams lists them in the order they are read.
func streams() []stream {
	return []stream{
		repositoryStream(), labelStream(), memberStream(),
		discussionStream(), discussionCommentStream(),
		issueStream(), issueCommentStream(),
		reactionStream(), starStream(), trafficStream(),
	}
}

func findStream(name string) (stream, bool) {
	for _, s := range streams() {
		if s.Name == name {
			return s, true
		}
	}
	return stream{}, false
}

// personFields are the members of an actor that staging reads.
const personFields = `{"__typename":"VARCHAR","login":"VARCHAR","databaseId":"BIGINT","name":"VARCHAR","email":"VARCHAR","createdAt":"TIMESTAMPTZ"}`

const whereFields = `{"databaseId":"BIGINT","isPrivate":"BOOLEAN"}`

// personal returns the paths of an actor's personal data below path.
func personal(path string, more ...string) []string {
	return append(more, path+".login", path+".name", path+".email")
}
