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
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/connectortest"
	"rollcall/connectors/discourse"
	"rollcall/internal/warehouse"
	rollcallsql "rollcall/sql"
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

func TestBuild_equalsARecomputationOfARealForum(t *testing.T) {
	t.Parallel()
	posts := readPosts(t)
	l := newLake(t)
	l.now = posts[len(posts)-1].UpdatedAt.AddDate(0, 0, 1)
	l.load(posts)
	b := l.builderOver(rollcallsql.FS, forum())
	build := l.build(b)
	require.Contains(t, build.NotConfigured, "community_new_members", "posts alone say nothing of registrations")
	_, err := b.Publish(t.Context(), transforms.PublishRequest{})
	require.NoError(t, err)

	want := recompute(posts, l.now)
	require.Greater(t, len(want), 40*len(recomputed()))
	require.Equal(t, want, l.rows(fmt.Sprintf(`select strftime(period_start, '%%Y-%%m'), kpi_id, format('{:.12g}', value)
from kpi.value where grain = 'month' and segment_type = 'all' and kpi_id in ('%s')
order by 1, 2`, strings.Join(recomputed(), "', '"))))
}
