package github

import (
	"context"
	"errors"
	"fmt"

	"rollcall/connectors"
)

// Check asks who the token is and which repositories it sees.
func (s *source) Check(ctx context.Context) (connectors.Access, error) {
	r := &reading{source: s}
	got, err := r.askFixed(ctx, query{document: "viewer"})
	if err != nil {
		return connectors.Access{}, err
	}
	access := connectors.Access{ServerTime: got.date, Account: got.data.Get("viewer.login").String()}
	all, err := r.list(ctx)
	var forbidden *connectors.ErrForbidden
	if err != nil && !errors.As(err, &forbidden) {
		return connectors.Access{}, err
	}
	reason := ""
	if forbidden != nil {
		reason = forbidden.Reason
	}
	access.Notes = notes(all)
	for _, stream := range streams() {
		access.Streams = append(access.Streams, s.access(stream.Name, all, reason))
	}
	return access, nil
}

// notes are what an operator should know of single repositories.
func notes(all listing) []string {
	notes := []string{fmt.Sprintf("%d repositories are visible", len(all.repositories))}
	for _, name := range all.unseen {
		notes = append(notes, name+" is "+notVisible)
	}
	for _, repo := range all.repositories {
		if !repo.raw.Get("hasDiscussionsEnabled").Bool() {
			notes = append(notes, repo.name+" has discussions switched off")
		}
	}
	return notes
}

func (s *source) access(stream string, all listing, refused string) connectors.StreamAccess {
	access := connectors.StreamAccess{Stream: stream, Readable: true}
	switch {
	case stream == memberStreamName:
		if s.settings.Organization == "" {
			access.Readable, access.Reason = false, "needs the setting organization"
		}
	case len(all.repositories) == 0:
		access.Readable, access.Reason = false, "no repository is visible to the token"
		if refused != "" {
			access.Reason = refused
		}
	case stream == trafficStreamName && !anyPush(all.repositories):
		access.Readable, access.Reason = false, "needs push access to a repository"
	}
	return access
}

func anyPush(repositories []repository) bool {
	for _, repo := range repositories {
		switch repo.raw.Get("viewerPermission").String() {
		case "ADMIN", "MAINTAIN", "WRITE":
			return true
		}
	}
	return false
}
