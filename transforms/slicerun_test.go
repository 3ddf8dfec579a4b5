package transforms_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
)

// Rows whose key nobody knows are a slice as well.
func TestBuild_computesTheSliceOfANullKey(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	files := overlay(t, map[string]string{"mart/contents_of.sql": "-- One row per person who wrote, and one for all that nobody did.\n--\n" +
		"-- person_id: the human\n-- contents: threads and replies\n--\n-- slice: person_id\n-- slice mart.content: person_id\n" +
		"select c.person_id, count(*) as contents from mart.content as c group by c.person_id"})
	read := func() []string {
		return l.rows("select coalesce(person_id, 'nobody'), contents from mart.contents_of order by 1")
	}
	l.thread("nobody's", "", "2026-02-10T10:00:00Z", object{"author": nil})
	l.build(l.builderOver(files, board("main")))
	before := read()
	require.Contains(t, before, "nobody|1")

	l.thread("nobody's too", "", "2026-02-11T10:00:00Z", object{"author": nil})
	l.thread("m1's", "m1", "2026-02-11T10:00:00Z", nil)
	build := l.build(l.builderOver(files, board("main")))
	step := build.Steps[slices.IndexFunc(build.Steps, func(s transforms.Step) bool { return s.Name == "mart.contents_of" })]
	require.Equal(t, transforms.Slice, step.Action, step.Reason)
	after := read()
	require.Contains(t, after, "nobody|2")
	require.Len(t, after, len(before), "no row twice")

	_, err := l.builderOver(files, board("main")).Build(t.Context(), transforms.BuildRequest{Full: true})
	require.NoError(t, err)
	require.Equal(t, read(), after)
}
