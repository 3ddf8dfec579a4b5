package transforms

import (
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity/suppress"
)

// Where a record names logins is read from the select that makes their ids.
func TestLoginPaths_followTheSelectIntoTheRecord(t *testing.T) {
	db, err := warehouse.Open(t.Context(), warehouse.Options{Dir: t.TempDir(), MemoryLimit: "256MB"})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	fields, err := parseFields(`{"canonical": "BOOLEAN", "user.id": "BIGINT!", "author": {"databaseId": "BIGINT", "at": "TIMESTAMPTZ"}, "owner": "VARCHAR",
  "posters": [{"user_id": "BIGINT"}], "likes": [{"by": {"name": "VARCHAR"}}], "score": "DOUBLE"}`)
	require.NoError(t, err)
	target := &shape{model: &model{Table: "community_event"}, columns: []column{{Name: "record"}, {Name: "identity_id"}, {Name: "target_identity_id"}, {Name: "reaction"}}}
	for sql, want := range map[string][]string{
		"'a:' || instance || ':' || j.author.databaseid as identity_id":                                               {"author.databaseId"},
		`'a:' || instance || ':' || j."user.id" as target_identity_id`:                                                {`user\.id`},
		"case when j.canonical then j.owner else 'a:' || instance || ':' || j.owner end as identity_id":               {"owner"},
		"j.posters[1].user_id || '' as identity_id, j.posters[2]['user_id'] || '' as target_identity_id":              {"posters.0.user_id", "posters.1.user_id"},
		"unnest(j.likes).by.name as identity_id":                                                                      {"likes.#.by.name"},
		"'a:' || instance || ':' || split_part(key, ':', 1) as identity_id":                                           {suppress.RecordKey},
		"coalesce(j.owner, j.author.databaseId || '') as identity_id":                                                 {"owner", "author.databaseId"},
		"j.owner as reaction, j.nothing as identity_id, j.author as target_identity_id, j.score || '' as identity_id": nil,
	} {
		parsed, err := parse(t.Context(), db.SQL(), "a/community_event.sql", "select record, "+sql+" from raw.a__acts")
		require.NoError(t, err, sql)
		br := &branch{stream: &stream{fields: fields}}
		require.ElementsMatch(t, want, br.loginPaths(parsed.statements[0], target), sql)
	}
}
