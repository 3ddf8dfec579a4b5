package transforms_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/connectortest"
	"rollcall/connectors/discourse"
	"rollcall/internal/warehouse"
	"rollcall/transforms"
)

// A post is what the recomputation reads of a forum's post, by its own means.
type post struct {
	ID          int64     `json:"id"`
	TopicID     int64     `json:"topic_id"`
	PostNumber  int64     `json:"post_number"`
	PostType    int64     `json:"post_type"`
	UserID      int64     `json:"user_id"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
	Admin       bool      `json:"admin"`
	Moderator   bool      `json:"moderator"`
	Staff       bool      `json:"staff"`
	Hidden      bool      `json:"hidden"`
	UserDeleted bool      `json:"user_deleted"`
	line        string
}

func (p post) removed() bool { return p.Hidden || p.UserDeleted }
func (p post) system() bool  { return p.PostType != 1 || p.UserID < 0 }

func readPosts(t *testing.T) []post {
	t.Helper()
	file, err := os.Open(connectortest.Shared(t, "data/discourse-delving/posts.jsonl.gz"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	unpacked, err := gzip.NewReader(file)
	require.NoError(t, err)
	var posts []post
	scanner := bufio.NewScanner(unpacked)
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		p := post{line: scanner.Text()}
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &p))
		posts = append(posts, p)
	}
	require.NoError(t, scanner.Err())
	slices.SortStableFunc(posts, func(a, b post) int { return a.UpdatedAt.Compare(b.UpdatedAt) })
	return posts
}

// load stores the posts as sync would: one version after the other.
func (l *lake) load(posts []post) {
	l.t.Helper()
	l.createRaw("discourse", "posts")
	versions := map[int64]int64{}
	require.NoError(l.t, l.db.Lake.Write(l.t.Context(), func(tx *warehouse.Tx) error {
		return tx.Append(context.Background(), "raw", "discourse__posts", func(row func(values ...driver.Value) error) error {
			for _, p := range posts {
				versions[p.ID]++
				err := row("forum", strconv.FormatInt(p.ID, 10), p.line, false, versions[p.ID], p.UpdatedAt, l.now, int64(1), uint64(0), uint64(0), uint64(0))
				if err != nil {
					return err
				}
			}
			return nil
		})
	}))
	for _, stream := range []string{"posts", "topics"} {
		l.cover("discourse", "forum", stream)
	}
}

func forum() transforms.Source {
	spec := discourse.New().Spec()
	source := transforms.Source{Type: spec.Type, Version: spec.Version, Staging: spec.Staging,
		Instances: []transforms.Instance{{Name: "forum", Kinds: []string{"community"}}}}
	for _, s := range spec.Streams {
		source.Streams = append(source.Streams, transforms.Stream{Name: s.Name, Fields: s.Fields})
	}
	return source
}

// A month is one line of the recomputation.
type month struct {
	posts, questions, unanswered int
	people                       map[int64]bool
	hours                        []float64
}

// recompute counts the months by loops over the posts.
func recompute(posts []post) map[string]*month {
	latest, staff := map[int64]post{}, map[int64]bool{}
	for _, p := range posts { // in order of change
		latest[p.ID] = p
		staff[p.UserID] = p.Admin || p.Moderator || p.Staff
	}
	openers, replies := map[int64]post{}, map[int64][]post{}
	for _, p := range latest {
		if p.PostNumber == 1 {
			openers[p.TopicID] = p
		} else if !p.removed() && !p.system() {
			replies[p.TopicID] = append(replies[p.TopicID], p)
		}
	}
	isMember := func(p post) bool { return p.UserID >= 0 && !staff[p.UserID] }
	months := map[string]*month{}
	in := func(p post) *month {
		key := p.CreatedAt.UTC().Format("2006-01")
		if months[key] == nil {
			months[key] = &month{people: map[int64]bool{}}
		}
		return months[key]
	}
	for topic, opener := range openers {
		if opener.removed() {
			delete(replies, topic)
			continue
		}
		if isMember(opener) {
			m := in(opener)
			m.posts++
			m.people[opener.UserID] = true
			m.ask(opener, replies[topic])
		}
	}
	for _, list := range replies {
		for _, p := range list {
			if isMember(p) {
				in(p).posts++
				in(p).people[p.UserID] = true
			}
		}
	}
	return months
}

func (m *month) ask(question post, replies []post) {
	m.questions++
	first := -1.0
	for _, r := range replies {
		hours := r.CreatedAt.Sub(question.CreatedAt).Hours()
		if r.UserID != question.UserID && hours > 0 && (first < 0 || hours < first) {
			first = hours
		}
	}
	if first >= 0 {
		m.hours = append(m.hours, first)
	}
	if first < 0 || first > 168 {
		m.unanswered++
	}
}

func (m *month) median() string {
	slices.Sort(m.hours)
	n := len(m.hours)
	switch {
	case n == 0:
		return "<nil>"
	case n%2 == 1:
		return fmt.Sprintf("%.6f", m.hours[n/2])
	}
	return fmt.Sprintf("%.6f", (m.hours[n/2-1]+m.hours[n/2])/2)
}

func TestBuild_equalsARecomputationOfARealForum(t *testing.T) {
	posts := readPosts(t)
	l := newLake(t)
	l.now = posts[len(posts)-1].UpdatedAt.AddDate(0, 0, 1)
	l.load(posts)
	b := l.builder(forum())
	build := l.build(b)
	require.Equal(t, map[string]string{"community_new_members": "no community_member: not synced yet: discourse.forum users; run `rollcall sync`"}, build.NotConfigured)
	_, err := b.Publish(t.Context(), transforms.PublishRequest{})
	require.NoError(t, err)

	months := recompute(posts)
	first := posts[0].CreatedAt
	for _, p := range posts {
		if p.CreatedAt.Before(first) {
			first = p.CreatedAt
		}
	}
	want := []string{}
	for at := time.Date(first.Year(), first.Month(), 1, 0, 0, 0, 0, time.UTC); at.Before(l.now); at = at.AddDate(0, 1, 0) {
		key, m := at.Format("2006-01"), months[at.Format("2006-01")]
		if m == nil {
			m = &month{} // nobody wrote: counted as 0, with nothing to divide by
		}
		rate := "<nil>"
		if m.questions > 0 {
			rate = fmt.Sprintf("%.6f", float64(m.unanswered)/float64(m.questions))
		}
		want = append(want, fmt.Sprintf("%s|%d|%d|%s|%s", key, m.posts, len(m.people), m.median(), rate))
	}
	require.Greater(t, len(want), 40)
	got := l.rows(`select strftime(period_start, '%Y-%m'),
    cast(max(value) filter (where kpi_id = 'community_post_volume') as integer),
    cast(max(value) filter (where kpi_id = 'community_mau') as integer),
    format('{:.6f}', max(value) filter (where kpi_id = 'first_response_time_median_hours')),
    format('{:.6f}', max(value) filter (where kpi_id = 'unanswered_question_rate'))
from kpi.value where grain = 'month' and segment_type = 'all' group by all order by 1`)
	require.Equal(t, want, got)
	for _, line := range got {
		t.Log(line)
	}
}
