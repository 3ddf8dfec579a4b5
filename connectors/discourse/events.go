package discourse

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

const (
	eventsName        = "events"
	eventInviteesName = "event_invitees"
	eventsPage        = 200
	eventsHelp        = "the forum has no events: the plugin discourse-calendar (post events) is not there, switched off, or closed to this key"
)

func eventsStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     eventsName,
			Help:     "events of posts, past ones included (plugin discourse-calendar)",
			Mode:     connectors.ModeSnapshot,
			Personal: []string{"creator", "sample_invitees", "watching_invitee", "raw_invitees", "name", "description", "description_html", "post.topic.title"},
			Volatile: []string{"is_expired", "is_ongoing", "can_act_on_discourse_post_event", "can_update_attendance", "watching_invitee", "sample_invitees", "occurrences", "creator.avatar_template"},
			Fields: `{
  "id": "BIGINT!",
  "name": "VARCHAR",
  "starts_at": "TIMESTAMPTZ",
  "ends_at": "TIMESTAMPTZ",
  "max_attendees": "BIGINT",
  "post": {"topic": {"title": "VARCHAR"}}
}`,
			Every: 24 * time.Hour,
		},
		read: (*source).readEvents,
	}
}

func eventInviteesStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     eventInviteesName,
			Help:     "who answered an invitation to an event, and how, by EVENT:INVITEE",
			Mode:     connectors.ModeSnapshot,
			Personal: []string{"user"},
			Volatile: []string{"user.avatar_template", "user.status"},
			Fields: `{
  "id": "BIGINT!",
  "status": "VARCHAR",
  "user": {"id": "BIGINT!"}
}`,
			Every: 24 * time.Hour,
		},
		read: (*source).readEventInvitees,
	}
}

func (s *source) readEvents(ctx context.Context, _ connectors.Cursor, emit emitFunc) error {
	return s.events(ctx, eventsName, func(events []gjson.Result) error {
		var records []connectors.Record
		for _, event := range events {
			r, err := record(event, "the event list", time.Time{})
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		return emit(connectors.Batch{Records: records})
	})
}

// events walks all events by their start, which is the only thing to page by.
// Events that start at the instant a page ends at are asked for again with the
// next.
func (s *source) events(ctx context.Context, stream string, fn func([]gjson.Result) error) error {
	seen := map[int64]bool{}
	for after := time.Unix(0, 0).UTC(); ; {
		query := url.Values{"include_details": {"true"}, "order": {"asc"}, "limit": {strconv.Itoa(eventsPage)}, "after": {after.Format(time.RFC3339)}}
		resp, err := s.get(ctx, stream, "/discourse-post-event/events.json", "events", query)
		if err != nil {
			return closed(stream, eventsHelp, err)
		}
		var fresh []gjson.Result
		count, last := 0, after
		err = api.Items(resp.Body, "events", func(item gjson.Result) error {
			n, err := id(item, "id", "the event list")
			count++
			last = later(last, instant(item, "starts_at"))
			if err == nil && !seen[n] {
				seen[n] = true
				fresh = append(fresh, item)
			}
			return err
		})
		if err != nil {
			return err
		}
		if err := fn(fresh); err != nil {
			return err
		}
		if count < eventsPage || len(fresh) == 0 {
			return nil
		}
		after = last.Add(-time.Second)
	}
}

func (s *source) readEventInvitees(ctx context.Context, _ connectors.Cursor, emit emitFunc) error {
	asked, answered := 0, 0
	err := s.events(ctx, eventInviteesName, func(events []gjson.Result) error {
		for _, event := range events {
			found, err := s.invitees(ctx, event.Get("id").Int(), emit)
			if err != nil {
				return err
			}
			asked++
			if found {
				answered++
			}
		}
		return nil
	})
	if err == nil && asked > 0 && answered == 0 {
		return &connectors.ErrForbidden{Stream: eventInviteesName, Reason: "the forum has events but gives no lists of their invitees: its calendar plugin may be too old"}
	}
	return err
}

// invitees reads each kind of answer by itself: a list without a kind is cut
// short. found is whether there is a list: an event may have vanished since.
func (s *source) invitees(ctx context.Context, event int64, emit emitFunc) (found bool, err error) {
	path := fmt.Sprintf("/discourse-post-event/events/%d/invitees.json", event)
	for _, kind := range []string{"going", "interested", "not_going"} {
		resp, err := s.get(ctx, eventInviteesName, path, "invitees", url.Values{"type": {kind}})
		if gone(err) {
			return found, nil
		}
		if err != nil {
			return found, refused(eventInviteesName, eventsHelp, err)
		}
		found = true
		var records []connectors.Record
		err = api.Items(resp.Body, "invitees", func(item gjson.Result) error {
			n, err := id(item, "id", path)
			records = append(records, connectors.Record{Key: fmt.Sprintf("%d:%d", event, n), Data: api.Raw(item)})
			return err
		})
		if err != nil {
			return found, err
		}
		if err := emit(connectors.Batch{Records: records}); err != nil {
			return found, err
		}
	}
	return found, nil
}
