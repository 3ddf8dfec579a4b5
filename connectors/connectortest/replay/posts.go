package replay

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const latestPage = 50

// latestPosts is /posts.json: public, visible, regular posts, newest first.
func (f *Forum) latestPosts(w http.ResponseWriter, r *http.Request) {
	now := f.options.Now()
	before := number(r, "before", 0)
	var body bytes.Buffer
	body.WriteString(`{"latest_posts":[`)
	for i, v := range f.window(before, now) {
		if i > 0 {
			body.WriteByte(',')
		}
		v.write(&body, shape{list: true, raw: true}, now)
	}
	body.WriteString(`]}`)
	sendBytes(w, body.Bytes())
}

// window picks the posts of one page in the form the forum has.
func (f *Forum) window(before int64, now time.Time) []*version {
	high, low := before-1, int64(0) // inclusive, exclusive
	if before <= 0 {
		high = f.newest(now)
	}
	if f.options.Window == WindowOld {
		if before > 0 {
			high = before
		}
		low = high - latestPage
	}
	var page []*version
	end, _ := slices.BinarySearch(f.ids, high+1)
	for i := end - 1; i >= 0 && f.ids[i] > low && len(page) < latestPage; i-- {
		if v := f.visible(f.ids[i], now); v != nil && v.postType <= 1 {
			page = append(page, v)
		}
	}
	return page
}

// newest is the highest id there is: the old form counts its first window from
// it, whether the post can be seen or not.
func (f *Forum) newest(now time.Time) int64 {
	for _, id := range slices.Backward(f.ids) {
		if !f.posts[id].versions[0].created.After(now) {
			return id
		}
	}
	return 0
}

// shape says which members an endpoint sends: Discourse adds the topic's title
// and category in /posts.json only, and raw in a topic only when asked.
type shape struct{ list, raw bool }

func (s shape) omits(name string) bool {
	switch name {
	case "topic_title", "topic_html_title", "category_id", "excerpt", "truncated":
		return !s.list
	case "raw":
		return !s.raw
	}
	return false
}

func (v *version) write(body *bytes.Buffer, s shape, now time.Time) {
	body.WriteByte('{')
	first := true
	for _, m := range v.members {
		if s.omits(m.name) {
			continue
		}
		if !first {
			body.WriteByte(',')
		}
		first = false
		body.WriteString(strconv.Quote(m.name))
		body.WriteByte(':')
		body.WriteString(v.drifted(m, now))
		if m.name == "can_wiki" && !s.list {
			body.WriteString(`,"read":true`)
		}
	}
	body.WriteByte('}')
}

// drifted is a member's value at now: readers come every day.
func (v *version) drifted(m member, now time.Time) string {
	days := int64(now.Sub(v.created) / (24 * time.Hour))
	switch m.name {
	case "reads", "readers_count", "incoming_link_count":
		n, _ := strconv.ParseInt(m.value, 10, 64)
		return strconv.FormatInt(n+days, 10)
	case "score":
		score, _ := strconv.ParseFloat(m.value, 64)
		return strconv.FormatFloat(score+0.2*float64(days), 'f', 1, 64)
	}
	return m.value
}

// member is the value of a member as sent; "null" if there is none.
func (v *version) member(name string) string {
	for _, m := range v.members {
		if m.name == name {
			return m.value
		}
	}
	return "null"
}
