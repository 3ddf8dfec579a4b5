package discourse

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors/api"
)

// listed is a topic as /latest.json lists it.
type listed struct {
	id     int64
	bumped time.Time // what the order by activity goes by
	active time.Time // the later of bumped and its last post
	posts  int       // as the list counts them
	pinned bool      // floats to the top whatever its date
	raw    gjson.Result
}

const (
	topicsPath = "topic_list.topics"
	topicsPage = 30 // topics on a page whose list does not say
)

// latestPager ends where a list has no link to the next page. On a server that
// sends no links at all, a page that is not full is the last.
type latestPager struct {
	api.Page
	linked bool
}

// Next implements api.Pager.
func (p *latestPager) Next(prev *api.Response) (api.Request, bool, error) {
	if prev != nil {
		link := gjson.GetBytes(prev.Body, "topic_list.more_topics_url").Str != ""
		p.linked = p.linked || link
		size := int64(topicsPage)
		if n := gjson.GetBytes(prev.Body, "topic_list.per_page").Int(); n > 0 {
			size = n
		}
		full := gjson.GetBytes(prev.Body, topicsPath+".#").Int() == size
		if !link && (p.linked || !full) {
			return api.Request{}, true, nil
		}
	}
	return p.Page.Next(prev)
}

// latest walks /latest.json from page first on. It ends after the last page,
// at an empty one, or when fn returns api.ErrStop.
func (s *source) latest(ctx context.Context, stream, order string, first int, fn func(page int, topics []listed, resp *api.Response) error) error {
	pager := &latestPager{Page: api.Page{
		Request: api.Request{Path: "/latest.json", Query: url.Values{"order": {order}}, Stream: stream, Items: topicsPath},
		First:   first,
	}}
	page := first
	return s.client.Walk(ctx, pager, func(resp *api.Response) error {
		topics, err := listedTopics(resp)
		if err != nil {
			return err
		}
		if len(topics) == 0 {
			return api.ErrStop
		}
		err = fn(page, topics, resp)
		page++
		return err
	})
}

func listedTopics(resp *api.Response) ([]listed, error) {
	var topics []listed
	err := api.Items(resp.Body, topicsPath, func(item gjson.Result) error {
		n, err := id(item, "id", "/latest.json")
		if err != nil {
			return err
		}
		t := listed{id: n, raw: item, bumped: instant(item, "bumped_at"), active: instant(item, "last_posted_at")}
		t.posts = int(item.Get("posts_count").Int())
		t.pinned = item.Get("pinned").Bool() || item.Get("pinned_globally").Bool()
		if t.bumped.IsZero() {
			t.bumped = t.active
		}
		if t.bumped.IsZero() {
			t.bumped = instant(item, "created_at")
		}
		if t.active.Before(t.bumped) {
			t.active = t.bumped
		}
		topics = append(topics, t)
		return nil
	})
	return topics, err
}

// newestOf is the latest activity in a list of topics.
func newestOf(topics []listed) time.Time {
	var newest time.Time
	for _, t := range topics {
		newest = later(newest, t.active)
	}
	return newest
}

// activeSince lists the topics that were active at a time or later, once each.
// The time may follow from the server's clock and the newest activity. It stops
// at the first page that holds an older topic, pinned ones aside.
func (s *source) activeSince(ctx context.Context, stream string, from func(now, newest time.Time) time.Time, fn func(listed) error) error {
	seen := map[int64]bool{}
	var since time.Time
	return s.latest(ctx, stream, "activity", 0, func(page int, topics []listed, resp *api.Response) error {
		if page == 0 {
			since = from(resp.Date, newestOf(topics))
		}
		older := false
		for _, t := range topics {
			older = older || !t.pinned && t.bumped.Before(since)
			if seen[t.id] || t.active.Before(since) {
				continue
			}
			seen[t.id] = true
			if err := fn(t); err != nil {
				return err
			}
		}
		if older {
			return api.ErrStop
		}
		return nil
	})
}

// parameter writes a number as a query parameter.
func parameter(n int64) string { return strconv.FormatInt(n, 10) }
