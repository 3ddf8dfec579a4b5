package discourse

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

const (
	postsPath   = "latest_posts"
	postsWindow = 50
	// overlap is how many ids before the last one read are read again: a post
	// may be committed after one with a higher id.
	overlap = 20
	// settle is how old a post must be to be surely in what was read: visitors
	// get pages up to a minute old.
	settle = 2 * time.Minute
)

// begin opens a walk with the page of the newest posts, and a round of topics
// if one is due.
func (r *postsReader) begin(ctx context.Context) error {
	page, err := r.postsPage(ctx, 0)
	if err != nil {
		return err
	}
	w := &walk{Top: page.high, Floor: r.at.Have, Until: page.newest}
	if !page.date.IsZero() {
		w.Until = later(page.date, page.newest).Add(-settle)
	}
	if r.at.Until.IsZero() { // the first read: nothing older can have changed
		r.at.Rounded, r.at.Newest, r.at.Active = page.date, page.newest, page.newest
	} else if r.at.Round == nil && r.roundDue(page.date, page.newest) {
		r.at.Round = r.newRound(page.date, page.newest)
	}
	if r.at.Round != nil {
		w.FloorTime = r.at.Round.From
	}
	r.at.Walk = w
	if len(page.posts) > 0 {
		return r.step(0, page)
	}
	w.Top, err = r.highest(ctx)
	w.Before = w.Top + 1
	return err
}

// walk goes down from where the cursor says to the floor.
func (r *postsReader) walk(ctx context.Context) error {
	for w := r.at.Walk; w.Before > 1; {
		page, err := r.postsPage(ctx, w.Before)
		if err != nil {
			return err
		}
		if err := r.step(w.Before, page); err != nil {
			return err
		}
	}
	return r.finishWalk()
}

// step emits a page of the posts before an id (0: the newest) and says where
// the walk goes on.
func (r *postsReader) step(before int64, page postsPage) error {
	w := r.at.Walk
	w.learn(before, page)
	w.Before = w.next(before, page)
	young := r.at.Newest.Add(-r.reread)
	for _, p := range page.posts {
		if p.id > r.had && !r.walked.has(p.id) {
			r.fresh[p.topic]++
		}
		r.walked.add(p.id)
		r.topicsWalked.add(p.topic)
		if p.created.After(young) && !r.at.Topics.has(p.topic) {
			r.at.Topics = append(r.at.Topics, p.topic).capped()
		}
	}
	batch := connectors.Batch{Records: page.records(), Cursor: encode(r.at)}
	if !page.oldest.IsZero() && page.oldest.Before(w.Until) {
		batch.Covered = []connectors.Interval{{From: page.oldest, Until: w.Until}}
	}
	if w.Floor == 0 { // ids stand for the work: how many of them are posts shows only at the end
		batch.Progress = connectors.Progress{Done: w.Top - max(w.Before, 0), Total: w.Top}
	}
	return r.emit(batch)
}

// learn notes by which rule pages are cut. Newer forums send the 50 posts
// below the id, older ones those among the 50 ids up to it, so that pages are
// short or empty where ids belong to private messages.
func (w *walk) learn(before int64, page postsPage) {
	if len(page.posts) == 0 {
		return
	}
	if before == 0 {
		before = page.high + 1
	} else if page.high >= before {
		w.Inclusive = true
	}
	if page.low <= before-postsWindow-1 {
		w.Deep = true
	}
}

// next is the id for the next page, 1 when the walk is over. Stepping down by
// the window is safe under either rule, but only a page that could reach
// deeper than the window proves by its emptiness that nothing is left.
func (w *walk) next(before int64, page postsPage) int64 {
	if len(page.posts) == 0 && w.Deep && !w.Inclusive {
		return 1
	}
	reached := len(page.posts) > 0 && page.low <= w.Floor-overlap &&
		(w.FloorTime.IsZero() || page.oldest.Before(w.FloorTime))
	switch {
	case reached:
		return 1
	case len(page.posts) == 0 || before > 0 && page.low >= before:
		return max(before-postsWindow, 1)
	}
	return max(page.low, 1)
}

// finishWalk says that everything down to the floor has been read.
func (r *postsReader) finishWalk() error {
	w := r.at.Walk
	from := r.at.Until
	if w.Floor == 0 || from.IsZero() {
		from = time.Unix(0, 0).UTC() // the beginning
	}
	r.at.Walk = nil
	r.at.Have = max(r.at.Have, w.Top) // the newest may have been deleted
	if w.Until.After(r.at.Until) {
		r.at.Until = w.Until
	}
	batch := connectors.Batch{Cursor: encode(r.at)}
	if from.Before(w.Until) {
		batch.Covered = []connectors.Interval{{From: from, Until: w.Until}}
	}
	return r.emit(batch)
}

// highest finds an id to start from on a forum whose newest 50 ids are all
// private: the highest in the topics with the latest activity.
func (r *postsReader) highest(ctx context.Context) (int64, error) {
	var top int64
	err := r.latest(ctx, postsName, "activity", 0, func(_ int, topics []listed, _ *api.Response) error {
		for _, t := range topics[:min(len(topics), 5)] {
			resp, err := r.get(ctx, postsName, topicPath(t.id), topicPostsPath, nil, ofTopic(t.id))
			if gone(err) {
				continue
			}
			if err != nil {
				return err
			}
			gjson.GetBytes(resp.Body, "post_stream.stream").ForEach(func(_, n gjson.Result) bool {
				top = max(top, n.Int())
				return true
			})
		}
		return api.ErrStop
	})
	return top, err
}

// postsPage is one page of posts.
type postsPage struct {
	posts          []post
	low, high      int64     // lowest and highest id
	oldest, newest time.Time // when the one with the lowest id was written, and the latest of all
	date           time.Time // the server's clock
}

func (r *postsReader) postsPage(ctx context.Context, before int64) (postsPage, error) {
	query := url.Values{}
	if before > 0 {
		query.Set("before", parameter(before))
	}
	var page postsPage
	_, err := r.get(ctx, postsName, "/posts.json", postsPath, query, func(resp *api.Response) (err error) {
		page, err = parsePage(resp, before)
		return err
	})
	if r.started.IsZero() {
		r.started = known(time.Time{}, page.newest)
	}
	return page, refused(postsName, postsHelp, err)
}

// parsePage reads a page of posts up to an id (0: any). Posts above it are the
// answer to another question, and stepping on from them would miss some.
func parsePage(resp *api.Response, before int64) (postsPage, error) {
	page := postsPage{date: resp.Date}
	err := api.Items(resp.Body, postsPath, func(item gjson.Result) error {
		p, err := parsePost(item, "/posts.json")
		if err != nil {
			return err
		}
		page.add(p)
		return nil
	})
	if err == nil && before > 0 && page.high > before {
		err = &connectors.Transient{Err: fmt.Errorf("posts before %d hold post %d", before, page.high)}
	}
	return page, err
}

func (page *postsPage) add(p post) {
	if len(page.posts) == 0 || p.id < page.low {
		page.low, page.oldest = p.id, p.created
	}
	page.high = max(page.high, p.id)
	if p.created.After(page.newest) {
		page.newest = p.created
	}
	page.posts = append(page.posts, p)
}

func (page *postsPage) records() []connectors.Record {
	records := make([]connectors.Record, 0, len(page.posts))
	for _, p := range page.posts {
		records = append(records, p.record)
	}
	return records
}
