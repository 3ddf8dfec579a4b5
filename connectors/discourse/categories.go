package discourse

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

const (
	categoriesName = "categories"
	categoriesPath = "category_list.categories"
	// Forums with many categories send them in pages of this many.
	categoriesPage = 20
)

func categoriesStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name: categoriesName,
			Help: "categories and subcategories that the key may see",
			Mode: connectors.ModeSnapshot,
			Volatile: []string{
				"topic_count", "post_count", "topics_day", "topics_week", "topics_month", "topics_year", "topics_all_time", "hotness",
				"topics", "featured_topics", "subcategory_list", "notification_level", "can_edit", "permission", "unread_topics", "new_topics",
			},
			Fields: `{
  "id": "BIGINT!",
  "custom_fields": {"enable_accepted_answers": "VARCHAR"}
}`,
			Every: 24 * time.Hour,
		},
		read: (*source).readCategories,
	}
}

// readCategories reads the list of categories, whose subcategories are nested
// in them and become records of their own too.
func (s *source) readCategories(ctx context.Context, _ connectors.Cursor, emit emitFunc) error {
	seen := map[string]bool{}
	for page := 1; ; page++ {
		query := url.Values{"include_subcategories": {"true"}}
		if page > 1 {
			query.Set("page", strconv.Itoa(page))
		}
		resp, err := s.get(ctx, categoriesName, "/categories.json", categoriesPath, query)
		if err != nil {
			return closed(categoriesName, "the forum does not list its categories, or shows them to members only", err)
		}
		records, err := categoryRecords(gjson.GetBytes(resp.Body, categoriesPath), seen)
		if err != nil {
			return err
		}
		if err := emit(connectors.Batch{Records: records}); err != nil {
			return err
		}
		// A forum that does not page sends the same list again: nothing new.
		if len(records) == 0 || gjson.GetBytes(resp.Body, categoriesPath+".#").Int() < categoriesPage {
			return nil
		}
	}
}

func categoryRecords(list gjson.Result, seen map[string]bool) (records []connectors.Record, err error) {
	if !list.IsArray() {
		return nil, nil // a category without subcategories has null
	}
	list.ForEach(func(_, item gjson.Result) bool {
		var r connectors.Record
		if r, err = record(item, "/categories.json", time.Time{}); err != nil {
			return false
		}
		if !seen[r.Key] {
			seen[r.Key] = true
			records = append(records, r)
		}
		var below []connectors.Record
		if below, err = categoryRecords(item.Get("subcategory_list"), seen); err != nil {
			return false
		}
		records = append(records, below...)
		return true
	})
	return records, err
}

const tagsName = "tags"

func tagsStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     tagsName,
			Help:     "tags, those in groups and of categories included",
			Mode:     connectors.ModeSnapshot,
			Volatile: []string{"count", "pm_count", "topic_count", "staff_topic_count", "pm_only"},
			Every:    24 * time.Hour,
		},
		read: (*source).readTags,
	}
}

// readTags reads all tags, which come in one answer: those in no group, then
// those of groups or categories. A tag's id is its name on older forums.
func (s *source) readTags(ctx context.Context, _ connectors.Cursor, emit emitFunc) error {
	resp, err := s.get(ctx, tagsName, "/tags.json", "tags", nil)
	if err != nil {
		return closed(tagsName, "the forum has no tags, or shows them to members only", err)
	}
	seen := map[string]bool{}
	var records []connectors.Record
	var bad error
	add := func(_, tag gjson.Result) bool {
		key := tag.Get("id").String()
		if key == "" {
			bad = wrongType("/tags.json", "the id of a tag", tag.Get("id"))
			return false
		}
		if !seen[key] {
			seen[key] = true
			records = append(records, connectors.Record{Key: key, Data: api.Raw(tag)})
		}
		return true
	}
	body := gjson.ParseBytes(resp.Body)
	body.Get("tags").ForEach(add)
	for _, path := range []string{"extras.tag_groups", "extras.categories"} {
		body.Get(path).ForEach(func(_, group gjson.Result) bool {
			group.Get("tags").ForEach(add)
			return bad == nil
		})
	}
	if bad != nil {
		return bad
	}
	return emit(connectors.Batch{Records: records})
}
