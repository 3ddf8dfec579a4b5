package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// A stream that is paged by a cursor in the body, from its client to its
// records.
func ExampleClient_Walk() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("cursor") == "" {
			fmt.Fprint(w, `{"members":[{"id":1},{"id":2}],"next":"b"}`)
			return
		}
		fmt.Fprint(w, `{"members":[{"id":3}],"next":""}`)
	}))
	defer server.Close()

	client, err := api.New(api.Options{
		BaseURL: server.URL,
		Auth:    api.Bearer{Token: "from the settings"},
		Host:    &host{}, // the one given to Connector.Open
		Limited: api.OnStatus(http.StatusTooManyRequests, api.WaitBody("wait_seconds", api.Seconds)),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	pages := api.Token{
		Request: api.Request{Path: "/members", Stream: "members", Items: "members"},
		Path:    "next",
		Param:   "cursor",
	}
	err = client.Walk(context.Background(), pages, func(page *api.Response) error {
		var batch connectors.Batch
		err := page.Items(func(item gjson.Result) error {
			batch.Records = append(batch.Records, connectors.Record{Key: item.Get("id").String(), Data: api.Raw(item)})
			return nil
		})
		fmt.Println(len(batch.Records), "records") // emit(batch)
		return err
	})
	fmt.Println(err)
	// Output:
	// 2 records
	// 1 records
	// <nil>
}
