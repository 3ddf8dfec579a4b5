package github

import (
	"context"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

const memberStreamName = "members"

func memberStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name: memberStreamName, Mode: connectors.ModeSnapshot, Every: day,
			Help:     "the organisation's own people and their role; needs the setting organization",
			Personal: personal("node"),
			Fields:   `{"role":"VARCHAR","node":` + personFields + `}`,
		},
		read: readMembers,
	}
}

func readMembers(ctx context.Context, r *reading) error {
	login := r.source.settings.Organization
	if login == "" {
		return &connectors.ErrForbidden{Stream: memberStreamName, Reason: "needs the setting organization"}
	}
	err := r.walk(ctx, connection{
		document: "members", path: "organization.membersWithRole", first: pageSize,
		variables: map[string]any{"login": login},
	}, "", func(list gjson.Result, _ string) error {
		var records []connectors.Record
		for _, edge := range given(list, "edges") {
			records = append(records, record(edge.Get("node.id").String(), edge, ""))
		}
		r.progress.Done += int64(len(records))
		return r.part(records, nil)
	})
	if unreadable, ok := asUnreadable(err); ok {
		return &connectors.ErrForbidden{Stream: memberStreamName, Reason: login + ": " + unreadable.reason}
	}
	if err != nil {
		return err
	}
	return r.sayPassedOver()
}
