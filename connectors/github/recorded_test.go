package github

import (
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors/api"
	"rollcall/connectors/connectortest"
)

var headerPair = regexp.MustCompile(`\('([^']+)', '([^']*)'\)`)

// A recorded exchange of PyGithub's replay data: eleven lines each.
type recorded struct {
	path   string
	status string
	header http.Header
	body   []byte
}

func recordings(t *testing.T, name string) []recorded {
	t.Helper()
	text, err := os.ReadFile(connectortest.Shared(t, "vendor/github/pygithub-replay/"+name))
	require.NoError(t, err)
	lines := strings.Split(string(text), "\n")
	var all []recorded
	for i := 0; i+9 < len(lines); i += 11 {
		r := recorded{path: lines[i+4], status: lines[i+7], header: http.Header{}, body: []byte(lines[i+9])}
		for _, pair := range headerPair.FindAllStringSubmatch(lines[i+8], -1) {
			r.header.Set(pair[1], pair[2])
		}
		all = append(all, r)
	}
	require.NotEmpty(t, all)
	return all
}

func TestRecorded_discussionPagesAreWalkedWhole(t *testing.T) {
	seen, after := map[int64]bool{}, ""
	var last time.Time
	for _, r := range recordings(t, "Repository.testGetDiscussions.txt") {
		if r.path != "/graphql" {
			continue
		}
		list := parseAnswer(r.body).data.Get("repository.discussions")
		require.Zero(t, holes(list))
		next, err := nextPage(connection{document: "recorded"}, list, after)
		require.NoError(t, err)
		for _, node := range given(list, "nodes") {
			seen[node.Get("number").Int()] = true
			at, err := time.Parse(time.RFC3339, node.Get("createdAt").String())
			if err == nil {
				last = at
			}
		}
		after = next
		require.Equal(t, list.Get("pageInfo.hasNextPage").Bool(), next != "")
		require.EqualValues(t, 65, list.Get("totalCount").Int())
	}
	require.Len(t, seen, 65)
	require.Empty(t, after)
	require.Zero(t, last.Second()-last.UTC().Second())
}

func TestRecorded_commentsOfADiscussion(t *testing.T) {
	all := recordings(t, "RepositoryDiscussion.testGetComments.txt")
	list := parseAnswer(all[1].body).data.Get("node.comments")
	records := nodes(given(list, "nodes"), "updatedAt")
	require.Equal(t, "DC_kwDOADYVqs4AnxkU", records[0].Key)
	require.Len(t, records, 2)
}

func TestRecorded_trafficByDay(t *testing.T) {
	body := recordings(t, "Traffic.testGetViews.txt")[0].body
	records, err := daily(body, repository{id: 7}, "views")
	require.NoError(t, err)
	require.Equal(t, "7:views:2018-11-27", records[0].Key)
	require.JSONEq(t, `{"timestamp":"2018-11-27T00:00:00Z","count":56,"uniques":4}`, string(records[0].Data))
	require.Equal(t, time.Date(2018, 11, 27, 0, 0, 0, 0, time.UTC), records[0].At.UTC())
}

func TestRecorded_rateLimitOf403(t *testing.T) {
	all := recordings(t, "SpecificExceptions.testRateLimitExceeded.txt")
	refused := all[len(all)-1]
	require.Equal(t, "403", refused.status)
	_, is := limited(http.StatusForbidden, refused.header, refused.body, time.Now())
	require.True(t, is)
	budgeted := recordings(t, "Repository.testGetDiscussions.txt")[0]
	date, err := http.ParseTime(budgeted.header.Get("Date"))
	require.NoError(t, err)
	remaining, reset, ok := budget(budgeted.header, date)
	require.True(t, ok)
	require.Equal(t, 4978, remaining)
	require.EqualValues(t, 1726582607, reset.Unix())
}

func TestRecorded_issuePagesFollowTheirLinks(t *testing.T) {
	text, err := os.ReadFile(connectortest.Shared(t, "vendor/github/octokit-fixtures/paginate-issues.normalized-fixture.json"))
	require.NoError(t, err)
	ids, path := map[string]bool{}, ""
	for i, page := range gjson.ParseBytes(text).Array() {
		header := http.Header{}
		page.Get("headers").ForEach(func(name, value gjson.Result) bool {
			header.Set(name.String(), value.String())
			return true
		})
		if i > 0 {
			require.Equal(t, path, page.Get("path").String())
		}
		address, err := url.Parse("https://api.github.com" + page.Get("path").String())
		require.NoError(t, err)
		resp := &api.Response{Status: 200, Header: header, URL: address, Body: []byte(page.Get("response").Raw)}
		items, last, err := changes(resp)
		require.NoError(t, err)
		require.Positive(t, last)
		for _, item := range items {
			ids[item.Get("number").String()] = true
		}
		next, done, err := api.Link{}.Next(resp)
		require.NoError(t, err)
		require.Equal(t, i == 4, done)
		path = strings.TrimPrefix(next.Path, "https://api.github.com")
	}
	require.Len(t, ids, 13)
}
