package discourse

import (
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// post is a post object with what paging and keys need.
type post struct {
	id, topic int64
	created   time.Time
	record    connectors.Record
}

// parsePost reads a post object in one pass: its text is long, and a look-up
// per member would read it again each time.
func parsePost(item gjson.Result, where string) (post, error) {
	var p post
	var created, updated, deleted, number, topic gjson.Result
	item.ForEach(func(name, value gjson.Result) bool {
		switch name.Str {
		case "id":
			number = value
		case "topic_id":
			topic = value
		case "created_at":
			created = value
		case "updated_at":
			updated = value
		case "deleted_at":
			deleted = value
		}
		return true
	})
	if number.Type != gjson.Number || number.Int() <= 0 {
		return p, wrongType(where, "the id of a post", number)
	}
	if topic.Type != gjson.Number {
		return p, wrongType(where, "the topic_id of a post", topic)
	}
	p.id, p.topic = number.Int(), topic.Int()
	var err error
	if p.created, err = time.Parse(time.RFC3339, created.Str); err != nil {
		return p, wrongType(where, "the created_at of a post", created)
	}
	changed, err := time.Parse(time.RFC3339, updated.Str)
	if err != nil {
		changed = p.created
	}
	p.record = connectors.Record{
		Key:     strconv.FormatInt(p.id, 10),
		Data:    api.Raw(item),
		Deleted: deleted.Type == gjson.String,
		At:      changed,
	}
	return p, nil
}
