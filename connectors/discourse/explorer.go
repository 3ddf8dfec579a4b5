package discourse

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// explored is a row of a Data Explorer query as an object: the answer holds
// the columns' names once and the rows as arrays.
type explored struct {
	id     int64
	object []byte
}

// explore runs the configured query with its parameter after.
func (s *source) explore(ctx context.Context, after int64) ([]explored, error) {
	form := url.Values{"params": {fmt.Sprintf(`{"after":"%d"}`, after)}, "limit": {strconv.Itoa(explorerRows)}}
	resp, err := s.client.Do(ctx, api.Request{
		Method: http.MethodPost,
		Path:   fmt.Sprintf("/admin/plugins/explorer/queries/%d/run", s.set.BookmarksQuery),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}},
		Body:   []byte(form.Encode()),
		Bucket: bucketExplorer,
		Stream: bookmarksName,
		Items:  "rows",
	})
	if err != nil {
		return nil, closed(bookmarksName, explorerHelp, err)
	}
	columns := gjson.GetBytes(resp.Body, "columns").Array()
	key := -1
	for i, column := range columns {
		if column.Str == "id" {
			key = i
		}
	}
	if key < 0 {
		return nil, &connectors.ErrConfig{Setting: "bookmarks_query", Reason: "the query must give a column id"}
	}
	var rows []explored
	err = api.Items(resp.Body, "rows", func(item gjson.Result) error {
		row, err := asObject(columns, item.Array(), key)
		rows = append(rows, row)
		return err
	})
	return rows, err
}

// asObject writes a row as an object of the answer's own values.
func asObject(columns, values []gjson.Result, key int) (explored, error) {
	if len(values) != len(columns) {
		return explored{}, &connectors.Transient{Err: fmt.Errorf("data explorer gave a row of %d values for %d columns", len(values), len(columns))}
	}
	var object bytes.Buffer
	for i, column := range columns {
		object.WriteByte("{,"[min(i, 1)])
		object.WriteString(column.Raw)
		object.WriteByte(':')
		object.WriteString(values[i].Raw)
	}
	object.WriteByte('}')
	return explored{id: values[key].Int(), object: object.Bytes()}, nil
}
