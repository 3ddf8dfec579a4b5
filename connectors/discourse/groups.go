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
	groupsName       = "groups"
	groupMembersName = "group_members"
	groupsHelp       = "the forum hides its group directory; " + adminHelp
)

func groupsStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     groupsName,
			Help:     "groups that the key may see",
			Mode:     connectors.ModeSnapshot,
			Volatile: []string{"user_count", "is_group_user", "is_group_owner", "is_group_owner_display", "can_see_members", "can_admin_group", "can_edit_group", "mentionable", "messageable", "has_messages", "message_count"},
			Every:    24 * time.Hour,
		},
		read: (*source).readGroups,
	}
}

func groupMembersStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     groupMembersName,
			Help:     "who is in which group, by GROUP:USER; groups that Discourse fills itself (trust levels, staff) are left out",
			Mode:     connectors.ModeSnapshot,
			Personal: []string{"username", "name", "avatar_template", "title", "timezone"},
			Volatile: []string{"last_posted_at", "last_seen_at", "avatar_template", "timezone", "title", "flair_url", "flair_bg_color", "flair_color", "status"},
			Every:    24 * time.Hour,
		},
		read: (*source).readGroupMembers,
	}
}

func (s *source) readGroups(ctx context.Context, _ connectors.Cursor, emit emitFunc) error {
	return s.groups(ctx, groupsName, func(groups []gjson.Result) error {
		var records []connectors.Record
		for _, group := range groups {
			r, err := record(group, "/groups.json", time.Time{})
			if err != nil {
				return err
			}
			records = append(records, r)
		}
		return emit(connectors.Batch{Records: records})
	})
}

// groups walks the group directory, whose page counts from 0, until a page
// brings no group that was not seen: some forums cap the page.
func (s *source) groups(ctx context.Context, stream string, fn func([]gjson.Result) error) error {
	seen := map[int64]bool{}
	for page := 0; ; page++ {
		query := url.Values{}
		if page > 0 {
			query.Set("page", strconv.Itoa(page))
		}
		resp, err := s.get(ctx, stream, "/groups.json", "groups", query)
		if err != nil {
			return closed(stream, groupsHelp, err)
		}
		var fresh []gjson.Result
		err = api.Items(resp.Body, "groups", func(item gjson.Result) error {
			n, err := id(item, "id", "/groups.json")
			if err == nil && !seen[n] {
				seen[n] = true
				fresh = append(fresh, item)
			}
			return err
		})
		if err != nil || len(fresh) == 0 {
			return err
		}
		if err := fn(fresh); err != nil {
			return err
		}
		total := gjson.GetBytes(resp.Body, "total_rows_groups")
		if total.Exists() && int64(len(seen)) >= total.Int() {
			return nil
		}
	}
}

func (s *source) readGroupMembers(ctx context.Context, _ connectors.Cursor, emit emitFunc) error {
	return s.groups(ctx, groupMembersName, func(groups []gjson.Result) error {
		for _, group := range groups {
			hidden := group.Get("can_see_members").Type == gjson.False
			if group.Get("automatic").Bool() || hidden {
				continue
			}
			if err := s.readMembers(ctx, group, emit); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *source) readMembers(ctx context.Context, group gjson.Result, emit emitFunc) error {
	path := fmt.Sprintf("/groups/%s/members.json", url.PathEscape(group.Get("name").String()))
	pager := api.Offset{
		Request: api.Request{Path: path, Stream: groupMembersName, Items: "members"},
		Size:    100,
	}
	err := s.client.Walk(ctx, pager, func(resp *api.Response) error {
		var records []connectors.Record
		err := api.Items(resp.Body, "members", func(item gjson.Result) error {
			n, err := id(item, "id", path)
			key := fmt.Sprintf("%d:%d", group.Get("id").Int(), n)
			records = append(records, connectors.Record{Key: key, Data: api.Raw(item)})
			return err
		})
		if err != nil {
			return err
		}
		return emit(connectors.Batch{Records: records})
	})
	return closed(groupMembersName, groupsHelp, err)
}
