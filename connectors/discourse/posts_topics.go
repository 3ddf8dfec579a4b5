package discourse

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

const (
	topicPostsPath = "post_stream.posts"
	idsPerRequest  = 50 // keeps the address short
	postsHelp      = "the forum shows its posts to members only, or the key's scope leaves them out: set api_key to one with the global read scope"
)

func topicPath(id int64) string { return fmt.Sprintf("/t/%d.json", id) }

func (r *postsReader) roundDue(now, newest time.Time) bool {
	return now.IsZero() || r.at.Rounded.IsZero() || r.due(r.at.Rounded, now) || r.due(r.at.Newest, newest)
}

// newRound spans from the newest post back, not from today: a forum that
// sleeps keeps its last month. What was young at the last round is read once
// more, however long ago that was.
func (r *postsReader) newRound(now, newest time.Time) *round {
	if newest.IsZero() {
		newest = now
	}
	if newest.IsZero() {
		return nil
	}
	from := newest
	if !r.at.Newest.IsZero() && r.at.Newest.Before(newest) {
		from = r.at.Newest
	}
	return &round{At: now, Newest: newest, From: from.Add(-r.reread)}
}

// rereadTopics reads topics completely: those of the round if there is one,
// else those with activity since the last time. Posts a topic no longer lists
// are gone.
func (r *postsReader) rereadTopics(ctx context.Context) error {
	if r.at.Round == nil {
		return r.rereadMoved(ctx)
	}
	topics, err := r.active(ctx, r.at.Round.From)
	if err != nil {
		return err
	}
	for i, t := range topics {
		if t.active.Before(r.at.Round.Done) {
			continue
		}
		r.at.Round.Done = t.active
		progress := connectors.Progress{Done: int64(i + 1), Total: int64(len(topics))}
		if err := r.readListed(ctx, t, progress); err != nil {
			return err
		}
	}
	return r.endRound(ctx, topics)
}

// endRound looks at the topics that were in the round before and are not
// listed now: most have merely gone quiet, some are gone.
func (r *postsReader) endRound(ctx context.Context, topics []listed) error {
	var ids, kept idSet
	for _, t := range topics {
		ids = append(ids, t.id)
	}
	ids = ids.capped()
	for _, id := range r.at.Topics {
		if ids.has(id) {
			continue
		}
		// Where no topic at all answers, its answer says nothing of this one.
		if err := r.readTopic(ctx, id, r.topicsWalked.has(id) || r.topics == 0, connectors.Progress{}); err != nil {
			return err
		}
		if r.topics == 0 {
			kept = append(kept, id)
		}
	}
	r.at.Rounded, r.at.Newest, r.at.Topics = r.at.Round.At, r.at.Round.Newest, append(ids, kept...).capped()
	r.at.Round = nil
	r.activeUpTo(topics)
	return r.emit(connectors.Batch{Cursor: encode(r.at)})
}

// rereadMoved reads the topics with activity after that of the last read.
func (r *postsReader) rereadMoved(ctx context.Context) error {
	topics, err := r.active(ctx, r.at.Active.Add(1))
	if err != nil {
		return err
	}
	for i, t := range topics {
		if i > 0 { // not this one's: others may bear the same
			r.at.Active = topics[i-1].active
		}
		r.at.Topics = append(r.at.Topics, t.id).capped()
		progress := connectors.Progress{Done: int64(i + 1), Total: int64(len(topics))}
		if err := r.readListed(ctx, t, progress); err != nil {
			return err
		}
	}
	r.activeUpTo(topics)
	return r.emit(connectors.Batch{Cursor: encode(r.at)})
}

func (r *postsReader) activeUpTo(topics []listed) {
	if n := len(topics); n > 0 && topics[n-1].active.After(r.at.Active) {
		r.at.Active = topics[n-1].active
	}
}

// active lists the topics active since a time, the quietest first, so that a
// cursor can say how far a read came.
func (r *postsReader) active(ctx context.Context, since time.Time) ([]listed, error) {
	var topics []listed
	err := r.activeSince(ctx, postsName, func(_, _ time.Time) time.Time { return since }, func(t listed) error {
		t.raw = gjson.Result{} // it would hold the whole page
		topics = append(topics, t)
		return nil
	})
	slices.SortFunc(topics, func(a, b listed) int { return cmp.Or(a.active.Compare(b.active), cmp.Compare(a.id, b.id)) })
	return topics, refused(postsName, postsHelp, err)
}

// readListed reads a topic that lists show, unless it is new and the walk has
// just brought all its posts: after a long pause most are.
func (r *postsReader) readListed(ctx context.Context, t listed, progress connectors.Progress) error {
	if t.posts > 0 && r.fresh[t.id] == t.posts {
		return nil
	}
	return r.readTopic(ctx, t.id, true, progress)
}

// readTopic emits all posts of a topic that this Read has not emitted yet and
// declares the topic complete. A topic that is not there, or no longer public,
// is complete without posts, unless a list of topics or posts has just shown it:
// then it is this route that is closed, or it went this moment, which shows in
// the next round.
func (r *postsReader) readTopic(ctx context.Context, id int64, shown bool, progress connectors.Progress) error {
	resp, err := r.get(ctx, postsName, topicPath(id), topicPostsPath, url.Values{"include_raw": {"true"}}, ofTopic(id))
	if forbidden(err) && r.topics == 0 {
		// No topic could be read: the key may be at fault, and nothing is gone.
		return refused(postsName, postsHelp, err)
	}
	last := connectors.Batch{Scopes: []string{fmt.Sprintf("topic_id=%d", id)}, Cursor: encode(r.at), Progress: progress}
	if gone(err) || forbidden(err) {
		if shown {
			last.Scopes = nil
		}
		return r.emit(last)
	}
	if err != nil {
		return err
	}
	r.topics++
	topic := gjson.ParseBytes(resp.Body)
	if topic.Get("deleted_at").Type == gjson.String || topic.Get("archetype").Str == "private_message" {
		return r.emit(last)
	}
	missing, listsAll, err := r.missing(topic)
	if err != nil {
		return err
	}
	if !listsAll { // a topic of 10,000 posts or more does not list them
		last.Scopes = nil
	}
	return r.emitTopic(ctx, id, resp, missing, last)
}

// ofTopic checks that an answer is about that topic: one about another would
// make this one's posts gone.
func ofTopic(topic int64) func(*api.Response) error {
	return func(resp *api.Response) error {
		if n := gjson.GetBytes(resp.Body, "id"); n.Exists() && n.Int() != topic {
			return &connectors.Transient{Err: fmt.Errorf("topic %d was asked for and %s answered", topic, n.Raw)}
		}
		return api.Items(resp.Body, topicPostsPath, func(item gjson.Result) error {
			p, err := parsePost(item, "a topic")
			if err == nil && p.topic != topic {
				err = &connectors.Transient{Err: fmt.Errorf("topic %d was asked for and a post of topic %d came", topic, p.topic)}
			}
			return err
		})
	}
}

// emitTopic emits the posts of a topic's answer, then the missing ones, and
// last with the end of them.
func (r *postsReader) emitTopic(ctx context.Context, id int64, resp *api.Response, missing map[int64]bool, last connectors.Batch) error {
	for asked := false; ; asked = true {
		records, news, err := r.topicRecords(resp, missing)
		if err != nil {
			return err
		}
		// What does not come when asked for by id has vanished meanwhile.
		if len(missing) == 0 || asked && !news {
			last.Records = records
			return r.emit(last)
		}
		if err := r.emit(connectors.Batch{Records: records}); err != nil {
			return err
		}
		query := url.Values{"include_raw": {"true"}}
		for _, n := range firstOf(missing, idsPerRequest) {
			query.Add("post_ids[]", parameter(n))
		}
		path := fmt.Sprintf("/t/%d/posts.json", id)
		if resp, err = r.get(ctx, postsName, path, topicPostsPath, query, ofTopic(id)); err != nil {
			return err
		}
	}
}

// missing is what a topic lists and this Read has not emitted yet.
func (r *postsReader) missing(topic gjson.Result) (missing map[int64]bool, listsAll bool, err error) {
	stream := topic.Get("post_stream.stream")
	if !stream.IsArray() {
		if topic.Get("post_stream.isMegaTopic").Bool() {
			return nil, false, nil
		}
		return nil, false, wrongType("a topic", "post_stream.stream", stream)
	}
	missing = map[int64]bool{}
	for _, n := range stream.Array() {
		if n.Type != gjson.Number {
			return nil, false, wrongType("a topic", "post_stream.stream", n)
		}
		if !r.walked.has(n.Int()) {
			missing[n.Int()] = true
		}
	}
	return missing, true, nil
}

// topicRecords makes records of the posts that are missing, or may have changed
// since the walk, and takes them off missing; news is whether any was on it.
func (r *postsReader) topicRecords(resp *api.Response, missing map[int64]bool) (records []connectors.Record, news bool, err error) {
	err = api.Items(resp.Body, topicPostsPath, func(item gjson.Result) error {
		p, err := parsePost(item, "a topic")
		if err != nil {
			return err
		}
		news = news || missing[p.id]
		delete(missing, p.id)
		if r.walked.has(p.id) && p.record.At.Before(r.started) {
			return nil
		}
		records = append(records, p.record)
		return nil
	})
	return records, news, err
}

func firstOf(set map[int64]bool, n int) []int64 {
	ids := make([]int64, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids[:min(n, len(ids))]
}
