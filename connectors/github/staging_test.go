package github

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/github/githubtest"
	"rollcall/internal/warehouse"
)

// stagedColumns are the types the shapes of sql/staging ask for.
func stagedType(column string) string {
	switch {
	case strings.HasSuffix(column, "_at"):
		return "TIMESTAMP"
	case strings.HasPrefix(column, "is_"):
		return "BOOLEAN"
	case column == "char_len":
		return "BIGINT"
	}
	return "VARCHAR"
}

func TestStaging_fillsTheShapes(t *testing.T) {
	b := newBench(t, githubtest.Generate(50, githubtest.Small(), today))
	db, err := warehouse.Open(context.Background(), warehouse.Options{Dir: t.TempDir()})
	require.NoError(t, err)
	defer db.Close()
	conn, err := db.SQL().Conn(context.Background())
	require.NoError(t, err)
	defer conn.Close()
	exec(t, conn, "attach ':memory:' as scratch; use scratch; create schema raw")
	for _, s := range streams() {
		b.load(conn, s)
	}
	rows := map[string]int{}
	for table, text := range staging() {
		for _, branch := range strings.Split(text, ";") {
			rows[table] += describe(t, conn, table, branch)
		}
	}
	discussions, issues := len(keys(b.world, "Discussion")), len(keys(b.world, "Issue"))
	require.Equal(t, discussions+issues, rows["thread"])
	comments := 0
	for _, o := range b.world.All("IssueComment") {
		if strings.Contains(o.Text("url"), "/issues/") {
			comments++
		}
	}
	require.Equal(t, len(keys(b.world, "DiscussionComment"))+comments, rows["thread_reply"])
	require.Positive(t, rows["identity"])
	require.Equal(t, "github:acme:"+fmt.Sprint(b.world.All("Repository")[0].Number()),
		one(t, conn, branchOf("thread", 0), "min(community_id)"))
	require.Equal(t, "true", one(t, conn, branchOf("identity", 0), "cast(bool_or(is_bot) as varchar)"))
	require.Equal(t, "bug", one(t, conn, branchOf("thread", 1), "max(tags)"))
	require.Equal(t, "0", one(t, conn, branchOf("identity", 0), "cast(count(*) filter (where email = '') as varchar)"))
}

// load makes the table that staging reads of a stream.
func (b *bench) load(conn *sql.Conn, s stream) {
	l := newLake()
	b.census(l, s.Name)
	exec(b.t, conn, "create or replace temp table incoming (key varchar, data varchar)")
	for key, data := range l.live {
		_, err := conn.ExecContext(context.Background(), "insert into incoming values (?, ?)", key, string(data))
		require.NoError(b.t, err)
	}
	fields := strings.ReplaceAll(s.Fields, "!", "")
	exec(b.t, conn, fmt.Sprintf(`create table raw.github__%s as select 'github:acme:%s:' || key as record, 'acme' as instance, key,
		from_json(data, '%s') as j, data, timestamp '2026-03-10' as synced_at, timestamp '2026-03-01' as first_seen_at,
		cast(null as timestamp) as deleted_at from incoming`, s.Name, s.Name, fields))
}

func describe(t *testing.T, conn *sql.Conn, table, branch string) (rows int) {
	t.Helper()
	described, err := conn.QueryContext(context.Background(), "select column_name, column_type from (describe "+branch+")")
	require.NoError(t, err, table)
	defer described.Close()
	for described.Next() {
		var column, typ string
		require.NoError(t, described.Scan(&column, &typ))
		require.Equal(t, stagedType(column), typ, "%s.%s", table, column)
	}
	require.NoError(t, described.Err())
	require.NoError(t, conn.QueryRowContext(context.Background(), "select count(*) from ("+branch+")").Scan(&rows))
	return rows
}

func branchOf(table string, n int) string { return strings.Split(staging()[table], ";")[n] }

func one(t *testing.T, conn *sql.Conn, branch, what string) (value string) {
	t.Helper()
	require.NoError(t, conn.QueryRowContext(context.Background(), "select "+what+" from ("+branch+")").Scan(&value))
	return value
}

func exec(t *testing.T, conn *sql.Conn, statement string) {
	t.Helper()
	_, err := conn.ExecContext(context.Background(), statement)
	require.NoError(t, err, statement)
}
