package discourse

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

const solutionsName = "solutions"

func solutionsStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     solutionsName,
			Help:     "posts accepted as the answer of their topic (plugin solved); Discourse does not say when",
			Mode:     connectors.ModeIncremental,
			Personal: []string{"username", "name", "display_username", "raw", "cooked", "topic_slug", "post_url", "reply_to_user", "avatar_template", "user_title"},
			Volatile: postsVolatile(),
			Fields: `{
  "id": "BIGINT!",
  "topic_id": "BIGINT!"
}`,
			Lookback: 30 * 24 * time.Hour,
		},
		read: (*source).readSolutions,
	}
}

// solutionsCursor is how far topics have been looked at, in the order of their
// activity.
type solutionsCursor struct {
	V      int       `json:"v"`
	Active time.Time `json:"active,omitzero"` // topics up to this activity are done
	Looked time.Time `json:"looked,omitzero"` // server's time at the last look at the re-read span
	Newest time.Time `json:"newest,omitzero"` // the newest activity then
}

const solutionsVersion = 1

// readSolutions reads the topics that lists mark as solved, and says of all
// others that they have no solution. Accepting one is no activity, so every
// RereadEvery the whole re-read span is looked at.
func (s *source) readSolutions(ctx context.Context, cursor connectors.Cursor, emit emitFunc) error {
	at := solutionsCursor{V: solutionsVersion}
	since, isSince := connectors.Since(cursor)
	if len(cursor) > 0 && !isSince {
		if err := decode(cursor, &at, &at.V, solutionsVersion); err != nil {
			return err
		}
	}
	looked, newest := at.Looked, at.Newest
	topics, err := s.solvable(ctx, func(now, active time.Time) time.Time {
		switch {
		case isSince:
			return since
		case at.Active.IsZero() || s.due(at.Looked, now) || s.due(at.Newest, active):
			looked, newest = now, active
			return before(at.Active, s.reread)
		}
		return at.Active.Add(1)
	})
	if err != nil {
		return refused(solutionsName, postsHelp, err)
	}
	for i, t := range topics {
		if i > 0 { // not this one's: others may bear the same
			at.Active = later(at.Active, topics[i-1].active)
		}
		progress := connectors.Progress{Done: int64(i + 1), Total: int64(len(topics))}
		if err := s.readSolution(ctx, t, at, progress, emit); err != nil {
			return err
		}
	}
	if n := len(topics); n > 0 {
		at.Active = later(at.Active, topics[n-1].active)
	}
	at.Looked, at.Newest = looked, newest
	return emit(connectors.Batch{Cursor: encode(at)})
}

// before is t less d; zero stays zero.
func before(t time.Time, d time.Duration) time.Time {
	if t.IsZero() {
		return t
	}
	return t.Add(-d)
}

// solvedTopic is a topic with whether it has an accepted answer.
type solvedTopic struct {
	id     int64
	active time.Time
	solved bool
}

// solvable lists topics active since a time, the quietest first.
func (s *source) solvable(ctx context.Context, since func(now, newest time.Time) time.Time) ([]solvedTopic, error) {
	var topics []solvedTopic
	err := s.activeSince(ctx, solutionsName, since, func(t listed) error {
		topics = append(topics, solvedTopic{t.id, t.active, t.raw.Get("has_accepted_answer").Bool()})
		return nil
	})
	slices.SortFunc(topics, func(a, b solvedTopic) int { return cmp.Or(a.active.Compare(b.active), cmp.Compare(a.id, b.id)) })
	return topics, err
}

func (s *source) readSolution(ctx context.Context, t solvedTopic, at solutionsCursor, progress connectors.Progress, emit emitFunc) error {
	batch := connectors.Batch{
		Scopes:   []string{fmt.Sprintf("topic_id=%d", t.id)},
		Cursor:   encode(at),
		Progress: progress,
	}
	if t.solved {
		posts, err := s.solutions(ctx, t.id)
		if err != nil {
			return err
		}
		batch.Records = posts
	}
	return emit(batch)
}

// solutions are the accepted posts of a topic: those in its first chunk, and
// those it names by number beyond. There may be several.
func (s *source) solutions(ctx context.Context, topic int64) ([]connectors.Record, error) {
	resp, err := s.get(ctx, solutionsName, topicPath(topic), topicPostsPath, url.Values{"include_raw": {"true"}}, ofTopic(topic))
	if gone(err) || forbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	body := gjson.ParseBytes(resp.Body)
	numbers := map[int64]bool{}
	for _, path := range []string{"accepted_answer.post_number", "accepted_answers.#.post_number"} {
		for _, n := range body.Get(path).Array() {
			numbers[n.Int()] = true
		}
	}
	var records []connectors.Record
	for _, item := range body.Get(topicPostsPath).Array() {
		number := item.Get("post_number").Int()
		if !numbers[number] && !item.Get("accepted_answer").Bool() {
			continue
		}
		delete(numbers, number)
		p, err := parsePost(item, "a topic")
		if err != nil {
			return nil, err
		}
		records = append(records, p.record)
	}
	for _, number := range slices.Sorted(maps.Keys(numbers)) {
		more, err := s.postByNumber(ctx, topic, number)
		if err != nil {
			return nil, err
		}
		records = append(records, more...)
	}
	return records, nil
}

func (s *source) postByNumber(ctx context.Context, topic, number int64) ([]connectors.Record, error) {
	path := fmt.Sprintf("/posts/by_number/%d/%d.json", topic, number)
	resp, err := s.get(ctx, solutionsName, path, "", nil)
	if gone(err) || forbidden(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	p, err := parsePost(gjson.ParseBytes(resp.Body), path)
	return []connectors.Record{p.record}, err
}
