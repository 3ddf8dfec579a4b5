package transforms_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/internal/config"
	"rollcall/transforms"
)

func TestNew_reportsEveryFaultWithItsPlace(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	files := overlay(t, map[string]string{
		"core/alpha.sql":      "-- A.\n-- x: x\nselect b.x from core.beta as b",
		"core/beta.sql":       "-- B.\n-- x: x\nselect a.x from core.alpha as a",
		"mart/unknown.sql":    "-- U.\n-- x: x\nselect x\nfrom core.nothing",
		"mart/apart.sql":      "-- A.\n-- x: x\n-- apart: one, two\nwith two as (select ')' as x), one as (select t.x from two as t)\nselect o.x from one as o",
		"mart/missing.sql":    "-- M.\n-- x: x\n-- apart: inner_one\nwith one as (with inner_one as (select 1 as x) select i.x from inner_one as i)\nselect o.x from one as o",
		"mart/bare.sql":       "-- Bare.\n-- x: x\nwith mine as (select 1 as x)\nselect m.x from mine as m, thread as t",
		"mart/make.sql":       "-- M.\ncreate table x as select 1",
		"mart/syntax.sql":     "-- S.\nselect 1 frm x y z",
		"mart/parameter.sql":  "-- P.\n-- x: x\nselect param('unanswerd_window_hours') as x",
		"mart/catalog.sql":    "-- C.\n-- x: x\nselect x from lake.staging.thread",
		"kpi/apart.sql":       "-- A.\n-- x: x\n-- apart: one\nwith one as (select 1 as x)\nselect o.x from one as o",
		"kpi/sliced.sql":      "-- S.\n-- x: x\n-- slice: x\n-- slice mart.person: person_id\nselect p.person_id as x from mart.person as p",
		"kpi/health/none.sql": "select 1",
		"checks/loud.sql":     "-- severity: shout\n-- Loud.\nselect 1 as x",
	})
	_, err := transforms.New(t.Context(), l.options(files))
	require.Error(t, err)
	for _, want := range []string{
		"core/beta.sql:3: cycle: core.alpha -> core.beta -> core.alpha",
		"mart/unknown.sql:4: unknown table core.nothing",
		"mart/apart.sql:1: apart: name the expressions in the order of the file, two is too late",
		"mart/missing.sql:1: apart: the select has no common table expression inner_one",
		"mart/bare.sql:4: table thread has no schema: write schema.table",
		"mart/make.sql: Only SELECT statements can be serialized",
		"mart/syntax.sql:2: syntax error",
		`mart/parameter.sql:3: no parameter "unanswerd_window_hours" in ref/param.sql`,
		"mart/catalog.sql:3: table lake.staging.thread: write schema.table, without a catalog",
		"kpi/sliced.sql:1: a table of schema kpi is made whole",
		"kpi/apart.sql:1: a table of schema kpi is made whole, in one statement: take out the lines `slice` and `apart`",
		`kpi/health/none.sql:1: a KPI file opens with /* kpi "id" { … } */`,
		"checks/loud.sql:1: a check begins with -- severity: fail or -- severity: warn",
	} {
		require.ErrorContains(t, err, want)
	}
	require.NotContains(t, err.Error(), "table mine has no schema")
}

func TestNew_holdsPortableSQL(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	for text, want := range map[string]string{
		"select a.x / 2 as x from core.thread as a":                                                                 "/ is not portable: write safe_div(a, b)",
		"select a.x::int as x from core.thread as a":                                                                "`::` is not portable",
		"select a.x as x from core.thread as a order by a.x":                                                        "order by must say nulls first or nulls last",
		"select row_number() over (order by a.x) as x from core.thread as a":                                        "order by must say nulls first or nulls last",
		"select median(a.x) as x from core.thread as a":                                                             "median is not portable",
		"select quantile_cont(a.x, 0.5) as x from core.thread as a":                                                 "quantile_cont is not portable",
		"select a.x as x from core.thread as a group by all":                                                        "group by all is not portable",
		"select a.x as x from core.thread as a qualify a.x > 1":                                                     "qualify is not portable",
		"select * exclude (x) from core.thread as a":                                                                "exclude and replace are not portable",
		"select date_trunc('month', a.x) as x from core.thread as a":                                                "date_trunc is not portable",
		"select a.x + interval 1 day as x from core.thread as a":                                                    "date ± interval differs",
		"select a.x at time zone 'UTC' as x from core.thread as a":                                                  "timezone is not portable: write local_date",
		`select a.x as x from core.thread as a where a.x like '\d'`:                                                 "a backslash in a literal",
		"select greatest(a.x, a.y) as x from core.thread as a":                                                      "coalesce every argument",
		"select split_part(a.x, ':', 1) as x from core.thread as a":                                                 "nullif(split_part(…), '')",
		"select [a.x] as x from core.thread as a":                                                                   "list_value is not portable",
		"select extract(dow from a.x) as x from core.thread as a":                                                   "extract(dow …) is not portable",
		"select lag(a.x ignore nulls) over (order by a.y nulls last) as x from core.thread as a":                    "ignore nulls is not portable",
		"select distinct on (a.x) a.x from core.thread as a":                                                        "distinct on is not portable",
		"select x.range as x from range(3) as x":                                                                    "table functions are not portable",
		"with recursive r as (select 1 as x union all select r.x + 1 from r) select r.x from r":                     "recursive CTEs are refused",
		"select a.x as x from core.thread as a asof join core.thread as b on a.x >= b.x":                            "asof joins are not portable",
		"select list_transform(a.x, lambda y: y) as x from core.thread as a":                                        "list_transform is not portable",
		"select a.x as x from core.thread as a where a.y in (select split_part(b.y, ':', 1) from core.thread as b)": "nullif(split_part(…), '')",
		"select a.x as x from core.thread as a where exists (select 1 from core.thread as b order by b.x)":          "order by must say nulls first",
		"select percentile_cont(0.5) within group (order by a.x) as x from core.thread as a":                        "order by must say nulls first",
		"select a.x as x from core.thread a":                                                                        "write `as` before the alias a",
		"select a.x y from core.thread as a":                                                                        "write `as` before the alias y",
		"select a.x as y, b.y from core.thread as a, core.thread b":                                                 "write `as` before the alias b",
		"select q.x as x from (select a.x as x from core.thread as a) q":                                            "write `as` before the alias q",
		`select a.x "x y" from core.thread as a`:                                                                    "write `as` before the alias x y",
		`select a.x "x", a.y as x from core.thread as a where a.z = ' as x '`:                                       "write `as` before the alias x",
		"select now() as x from core.thread as a":                                                                   "now is not portable: write setting('today')",
		"select current_date as x from core.thread as a":                                                            "current_date is not portable: write setting('today')",
		"select strftime(a.x, '%Y') as x from core.thread as a":                                                     "strftime is not portable",
		"select isodow(a.x) as x from core.thread as a":                                                             "isodow is not portable: write ref.calendar",
		"select first(a.x) as x from core.thread as a":                                                              "first is not portable: write min_by",
		"select mode(a.x) as x from core.thread as a":                                                               "mode is not portable",
		"select last(a.x order by a.y nulls last) as x from core.thread as a":                                       "last is not portable: write max_by",
	} {
		_, err := transforms.New(t.Context(), l.options(overlay(t, map[string]string{"mart/wrong.sql": "-- W.\n-- x: x\n" + text})))
		require.ErrorContains(t, err, "mart/wrong.sql:3: ", text)
		require.ErrorContains(t, err, want, text)
	}
	_, err := transforms.New(t.Context(), l.options(overlay(t, map[string]string{"mart/right.sql": `-- R, with 'a::b' and x / y in words.
-- x: x
select
    percentile_cont(0.5) within group (order by cast(t.thread_id as double) nulls last) as "x" -- a::b
from core.thread as t
where t.thread_id like 'a::b' and coalesce(t.category, 'x') <> nullif(split_part(t.tags, ',', 1), '')`})))
	require.NoError(t, err)
}

func TestNew_checksStagingAgainstItsShape(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	for name, c := range map[string]struct{ shape, text, want string }{
		"type":      {"thread", "select record, first_seen_at, deleted_at, j.chars as thread_id from raw.board__replies", "board/thread.sql: thread_id is BIGINT, shape says VARCHAR"},
		"unknown":   {"thread", "select record, first_seen_at, deleted_at, key as thread_id, key as headline from raw.board__threads", "board/thread.sql: headline is no column of the shape"},
		"missing":   {"thread", "select first_seen_at, deleted_at, key as thread_id from raw.board__threads", "board/thread.sql: record is missing"},
		"key":       {"thread", "select record, first_seen_at, deleted_at from raw.board__threads", "board/thread.sql: thread_id is missing"},
		"shape":     {"topic", "select record from raw.board__threads", "board/topic.sql: no shape topic"},
		"stream":    {"thread", "select record, first_seen_at, deleted_at, key as thread_id from raw.board__posts", "board/thread.sql:1: unknown stream raw.board__posts"},
		"join":      {"thread", "select t.record, t.first_seen_at, t.deleted_at, t.key as thread_id from raw.board__threads as t inner join raw.board__users as u on true", "reads one stream"},
		"cast":      {"thread", "select record, first_seen_at, deleted_at, cast(key as varchar) as thread_id from raw.board__threads", "a staging branch casts nothing"},
		"aggregate": {"thread", "select record, first_seen_at, deleted_at, max(key) as thread_id from raw.board__threads group by all", "a staging branch does not group"},
		"window":    {"thread", "select record, first_seen_at, deleted_at, lag(key) over () as thread_id from raw.board__threads", "no window functions"},
		"distinct":  {"thread", "select distinct record, first_seen_at, deleted_at, key as thread_id from raw.board__threads", "a staging branch has no distinct"},
		"union":     {"thread", "select record, first_seen_at, deleted_at, key as thread_id from raw.board__threads union all select record, first_seen_at, deleted_at, key from raw.board__threads", "separate branches by ;"},
		"second":    {"thread", "select record, first_seen_at, deleted_at, key as thread_id from raw.board__threads\n;\nselect record, first_seen_at, deleted_at, j.chars as thread_id from raw.board__replies", "board/thread.sql: thread_id is BIGINT"},
		"column":    {"thread", "select record, first_seen_at, deleted_at,\n    j.nothing as thread_id from raw.board__threads", "board/thread.sql:1: "},
	} {
		source := board("main")
		source.Staging[c.shape] = c.text
		_, err := transforms.New(t.Context(), l.options(overlay(t, nil), source))
		require.ErrorContains(t, err, c.want, name)
	}
}

func TestNew_checksKPIHeaders(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	text := readSQL(t, "kpi/health/community_mau.sql")
	for old, c := range map[string]struct{ new, want string }{
		`"distinct"`:                        {`"guess"`, `kpi/health/community_mau.sql: measure is "guess", must be one of count, distinct, ratio, distinct_ratio, sum`},
		`direction   = "up"`:                {`direction = "sideways"`, `direction is "sideways"`},
		`week = "r30"`:                      {`week = "30"`, `window "30" of grain week is not cal, rN`},
		`quarter = "mean:month"`:            {`quarter = "mean:day"`, "window mean:day of grain quarter needs the smaller grain day with window cal"},
		`maturity    = "0d"`:                {`maturity = "soon"`, `maturity: "soon" is not a number of days like 35d`},
		`owner       = "community_manager"`: {``, `Missing required argument; The argument "owner" is required`},
		`"community_manager"`:               {`"boss"`, `owner is "boss", must be one of community_manager`},
		`kpi "community_mau"`:               {`kpi "mau"`, "the file is named community_mau, its kpi mau"},
		`mart.person_day_community`:         {`mart.person_day`, "unknown table mart.person_day"},
		`needs       = ["thread",`:          {`needs = ["product_user",`, "needs shape product_user, which its select never reaches"},
	} {
		require.Contains(t, text, old)
		_, err := transforms.New(t.Context(), l.options(overlay(t, map[string]string{"kpi/health/community_mau.sql": replaceOnce(text, old, c.new)})))
		require.ErrorContains(t, err, c.want)
	}
}

func TestBuild_namesTheFileAndLineOfAModelThatFails(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	l.thread("TX", "m1", "2026-02-02T10:00:00Z", object{"tags": "soon"})
	l.put("board", "main", "replies", "big", object{"id": "big", "thread": "T1", "author": "m2", "created_at": "2026-02-02T12:00:00Z", "chars": 4000000000000000000}, false)
	for file, c := range map[string]struct{ text, want string }{
		"mart/bad.sql":     {"-- B.\n-- x: x\nselect\n    t.headline as x\nfrom core.thread as t", "mart/bad.sql:4: Binder Error"},
		"mart/huge.sql":    {"-- H.\n-- x: x\nselect sum(r.char_len) as x from core.thread_reply as r", "mart/huge.sql: column x is HUGEINT, which no published file may hold: write cast(… as bigint)"},
		"mart/silent.sql":  {"-- S.\nselect t.thread_id from core.thread as t", "mart/silent.sql: column thread_id has no line `-- thread_id: what it is` in the first comment"},
		"mart/chatty.sql":  {"-- C.\n-- thread_id: t\n-- z: nothing\nselect t.thread_id from core.thread as t", "mart/chatty.sql: the first comment describes z, which is no column"},
		"mart/number.sql":  {"-- N.\n-- x: x\nselect\n    cast(t.tags as integer) as x\nfrom core.thread as t", "mart/number.sql:4: Conversion Error: Could not convert string 'soon' to INT32 when casting from source column tags; records with that value: board:main:threads:TX (tags)"},
		"mart/double.sql":  {"-- D.\n-- x: x\nselect\n    r.char_len * 4 as x\nfrom core.thread_reply as r", "mart/double.sql:4: Out of Range Error: Overflow in multiplication of INT64 (4000000000000000000 * 4)!; records with that value: board:main:replies:big (char_len)"},
		"mart/either.sql":  {"-- E.\n-- x: x\nselect r.char_len * 4\n    + r.char_len * 3 as x\nfrom core.thread_reply as r", "mart/either.sql:3: Out of Range Error: Overflow in multiplication of INT64"},
		"mart/several.sql": {"-- S.\n-- x: x\nselect\n    (select t.tags from core.thread as t) as x\nfrom core.thread as t", "mart/several.sql:4: Invalid Input Error: More than one row"},
		"checks/wrong.sql": {"-- severity: fail\n-- W.\nselect t.headline from core.thread as t", "checks/wrong.sql:3: Binder Error"},
	} {
		_, err := l.builderOver(overlay(t, map[string]string{file: c.text}), board("main")).Build(t.Context(), transforms.BuildRequest{})
		require.ErrorContains(t, err, c.want)
	}
}

// What people answer needs ten of them, be it known by the sources, by the
// measure or by what the select reads.
func TestNew_refusesToShowAnswersOfFewerThanTen(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	satisfaction := readSQL(t, "kpi/engagement_quality/member_satisfaction_share.sql")
	open := strings.Replace(satisfaction, "privacy_k   = 10", "privacy_k   = 9", 1)
	for name, c := range map[string]struct{ text, want string }{
		"sources":   {strings.Replace(readSQL(t, "kpi/engagement_quality/research_participation_rate.sql"), "privacy_k    = 10", "", 1), "research_participation_rate.sql: privacy_k is 5: answers to surveys need privacy_k = 10, the whole included, since it counts a survey among its sources"},
		"reads":     {strings.Replace(open, `["survey"]`, `["community"]`, 1), "privacy_k is 9: answers to surveys need privacy_k = 10, the whole included, since it reads mart.survey_score"},
		"threshold": {open, "privacy_k is 9"},
	} {
		require.NotEqual(t, satisfaction, c.text, name)
		_, err := transforms.New(t.Context(), l.options(overlay(t, map[string]string{"kpi/engagement_quality/" + idOf(c.text) + ".sql": c.text})))
		require.ErrorContains(t, err, c.want, name)
	}
	_, err := transforms.New(t.Context(), l.options(overlay(t, map[string]string{"kpi/engagement_quality/member_satisfaction_share.sql": satisfaction})))
	require.NoError(t, err)
}

// idOf is the id in a KPI file's header.
func idOf(text string) string { return strings.Split(text, `"`)[1] }

func TestBuild_saysWhichKPIsArePrimaryAndWhoseTheyAre(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	l.cfg.Community = config.Community{Purpose: "Help.", Primary: []string{"unanswered_question_rate", "community_mau"},
		Owners: map[string]string{"community_manager": "Ana"}}
	b := l.builder(board("main"))
	l.build(b)
	require.Equal(t, []string{"community_mau|true|Ana", "community_new_members|false|Ana", "community_post_volume|false|Ana", "first_response_time_median_hours|false|Ana", "unanswered_question_rate|true|Ana"},
		l.rows("select kpi_id, is_primary, owner_person from kpi.dictionary order by 1"))
	require.Equal(t, []string{"Help."}, l.rows("select value from ref.setting where name = 'purpose'"))
	primary, err := b.PrimaryKPIs(t.Context())
	require.NoError(t, err)
	require.Len(t, primary, 2)
	require.Equal(t, "unanswered_question_rate", primary[0].ID, "in the order of the configuration")

	l.cfg.Community = config.Community{}
	l.build(l.builder(board("main")))
	require.Equal(t, []string{"0|0|0"}, l.rows("select count(*) filter (where is_primary), count(owner_person), count(*) - count(distinct kpi_id) from kpi.dictionary"),
		"who answers for a KPI is no new definition of it")
}
