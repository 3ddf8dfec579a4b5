package github

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// trafficDays is how many days back GitHub shows traffic.
const trafficDays = 14

const trafficStreamName = "traffic"

func trafficStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name: trafficStreamName, Mode: connectors.ModeIncremental, Every: day,
			Help:     "views and clones by day, of the last 14 days only; needs push access. The key is repository:kind:day",
			Lookback: trafficDays * day,
			Fields:   `{"timestamp":"TIMESTAMPTZ!","count":"BIGINT!","uniques":"BIGINT!"}`,
		},
		read:  perRepository(readTraffic),
		reach: trafficDays * day,
	}
}

// readTraffic reads all the days there are each time: the last ones still
// grow.
func readTraffic(ctx context.Context, r *reading, repo repository, _ place) error {
	for _, kind := range []string{"views", "clones"} {
		resp, err := r.get(ctx, api.Request{
			Path: "/repos/" + repo.name + "/traffic/" + kind, Query: url.Values{"per": {"day"}}, Items: kind,
		})
		if errors.Is(err, errDisabled) {
			continue
		}
		if err != nil {
			return err
		}
		records, err := daily(resp.Body, repo, kind)
		if err != nil {
			return err
		}
		if err := r.part(records, nil); err != nil {
			return err
		}
	}
	return nil
}

func daily(body []byte, repo repository, kind string) (records []connectors.Record, _ error) {
	err := api.Items(body, kind, func(item gjson.Result) error {
		date := item.Get("timestamp").String()
		if len(date) < len("2006-01-02") {
			return &connectors.Transient{Err: fmt.Errorf("traffic %s: a day without timestamp", kind)}
		}
		key := fmt.Sprintf("%d:%s:%s", repo.id, kind, date[:len("2006-01-02")])
		records = append(records, record(key, item, "timestamp"))
		return nil
	})
	return records, err
}
