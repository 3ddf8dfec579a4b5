package discourse

import (
	"context"
	"math"
	"time"

	"rollcall/connectors"
)

const postsName = "posts"

func postsStream() stream {
	return stream{
		Stream: connectors.Stream{
			Name:     postsName,
			Help:     "posts: openings, replies, moderators' actions, with their edits, like counts and deletions",
			Mode:     connectors.ModeIncremental,
			Personal: []string{"username", "name", "display_username", "raw", "cooked", "excerpt", "topic_title", "topic_html_title", "topic_slug", "post_url", "reply_to_user", "avatar_template", "user_title", "edit_reason"},
			Volatile: postsVolatile(),
			Fields:   postsFields,
			Lookback: 30 * 24 * time.Hour,
		},
		read: (*source).readPosts,
	}
}

// postsVolatile lists what differs between two looks at a post that nobody
// changed: how often it was read, what this reader may do, how its author is
// adorned, and what only one of the two endpoints sends. Likes and reactions
// are content: that is how they are noticed.
func postsVolatile() []string {
	return []string{
		"reads", "readers_count", "score", "incoming_link_count", "avg_time", "posts_count",
		"yours", "bookmarked", "can_edit", "can_delete", "can_recover", "can_see_hidden_post", "can_wiki", "can_view_edit_history",
		"can_accept_answer", "can_unaccept_answer", "can_vote", "current_user_reaction", "current_user_used_main_reaction",
		"avatar_template", "reply_to_user.avatar_template", "user_title", "primary_group_name", "flair_url", "badges_granted", "user_status",
		// only in /posts.json
		"topic_title", "topic_html_title", "category_id", "excerpt", "truncated", "post_url",
		// only in a topic
		"read", "link_counts", "mentioned_users", "reviewable_id", "reviewable_score_count", "reviewable_score_pending_count",
	}
}

const postsFields = `{
  "id": "BIGINT!",
  "topic_id": "BIGINT!",
  "post_number": "BIGINT!",
  "post_type": "BIGINT",
  "user_id": "BIGINT",
  "username": "VARCHAR",
  "name": "VARCHAR",
  "created_at": "TIMESTAMPTZ!",
  "updated_at": "TIMESTAMPTZ",
  "topic_title": "VARCHAR",
  "topic_slug": "VARCHAR",
  "category_id": "BIGINT",
  "raw": "VARCHAR",
  "cooked": "VARCHAR",
  "hidden": "BOOLEAN",
  "user_deleted": "BOOLEAN",
  "admin": "BOOLEAN",
  "moderator": "BOOLEAN",
  "staff": "BOOLEAN"
}`

// readPosts reads new posts downwards from the newest, then the topics whose
// posts may have changed or vanished.
//
// A first read walks down to the first post and needs no topics: what it lists
// is the present. Its cursor tells how far it came; a read that resumes one
// finishes it, then reads what happened meanwhile.
func (s *source) readPosts(ctx context.Context, cursor connectors.Cursor, emit emitFunc) error {
	r := &postsReader{source: s, emit: emit, walked: bits{}, topicsWalked: bits{}, fresh: map[int64]int{}}
	if since, ok := connectors.Since(cursor); ok {
		return r.readSince(ctx, since)
	}
	if len(cursor) > 0 {
		if err := decode(cursor, &r.at, &r.at.V, postsVersion); err != nil {
			return err
		}
	}
	r.at.V, r.had = postsVersion, r.at.Have
	if r.at.Walk != nil {
		if err := r.walk(ctx); err != nil {
			return err
		}
	}
	if err := r.begin(ctx); err != nil {
		return err
	}
	if err := r.walk(ctx); err != nil {
		return err
	}
	return r.rereadTopics(ctx)
}

// readSince reads posts written since a time and, completely, the topics
// active since then. Its cursors are not kept.
func (r *postsReader) readSince(ctx context.Context, since time.Time) error {
	r.had = math.MaxInt64
	r.at = postsCursor{V: postsVersion, Have: r.had, Active: since, Until: since, Round: &round{From: since}}
	if err := r.begin(ctx); err != nil {
		return err
	}
	r.at.Round = nil
	if err := r.walk(ctx); err != nil {
		return err
	}
	return r.rereadMoved(ctx)
}

// postsReader is one Read of posts.
type postsReader struct {
	*source
	emit    emitFunc
	at      postsCursor
	started time.Time // what changed before this was read as it is by the walk
	walked  bits      // posts that a walk of this Read emitted
	// topicsWalked are those posts' topics.
	topicsWalked bits
	had          int64         // posts up to this id were read before this Read
	fresh        map[int64]int // topic: posts above had that a walk of this Read emitted
	topics       int           // topics read completely in this Read
}

const postsVersion = 1

// postsCursor is how far the stream has been read.
type postsCursor struct {
	V     int       `json:"v"`
	Have  int64     `json:"have,omitempty"`  // every post up to this id has been read
	Until time.Time `json:"until,omitzero"`  // every post written before this has been read
	Walk  *walk     `json:"walk,omitempty"`  // the walk under way
	Round *round    `json:"round,omitempty"` // the round of topics under way
	// Active is up to which activity topics have been read again.
	Active time.Time `json:"active,omitzero"`
	// Rounded is the server's time at the last round or at the beginning of
	// the first walk, Newest the newest post then. Topics are those with young
	// posts: if lists no longer have one, it may be gone.
	Rounded time.Time `json:"rounded,omitzero"`
	Newest  time.Time `json:"newest,omitzero"`
	Topics  idSet     `json:"topics,omitempty"`
}

// A walk goes down /posts.json from Top to Floor.
type walk struct {
	Top       int64     `json:"top"`                 // the newest id at its start
	Before    int64     `json:"before"`              // the next page is below or at this id
	Floor     int64     `json:"floor,omitempty"`     // ids up to here have been read before
	FloorTime time.Time `json:"floor_at,omitzero"`   // but it goes on to posts written at this time
	Until     time.Time `json:"until"`               // posts written from here on may be missing
	Inclusive bool      `json:"inclusive,omitempty"` // pages include the id they are asked for
	Deep      bool      `json:"deep,omitempty"`      // pages reach deeper than 50 ids
}

// A round reads young posts and all topics within the re-read span again, the
// topics in order of their activity.
type round struct {
	At     time.Time `json:"at"`            // server's time at its start
	Newest time.Time `json:"newest"`        // the newest post then
	From   time.Time `json:"from"`          // topics active at or after this are in it
	Done   time.Time `json:"done,omitzero"` // topics active before this are done
}
