package sync

import (
	"fmt"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

// split takes a page of objects apart without copying them.
func split(body []byte) (records []connectors.Record, err error) {
	list := gjson.ParseBytes(body)
	if !list.IsArray() {
		return nil, fmt.Errorf("the page is a %s", list.Type)
	}
	at := 0
	list.ForEach(func(_, object gjson.Result) bool {
		at = object.Index
		records = append(records, connectors.Record{Key: object.Get("id").Raw, Data: body[at : at+len(object.Raw)]})
		return true
	})
	return records, nil
}
