package suppress

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"
)

const testKey = "0123"

func listOf(t testing.TB, erased map[string]Kind) *List {
	t.Helper()
	hashes := map[string]Kind{}
	for text, kind := range erased {
		hashes[Hash(testKey, kind, text)] = kind
	}
	l, err := NewList(testKey, hashes)
	require.NoError(t, err)
	return l
}

func TestCutText_findsAnAddressHoweverItIsWritten(t *testing.T) {
	l := listOf(t, map[string]Kind{"jane.doe@acme.example": Mailbox, "janedoe@gmail.com": Mailbox, "jürgen@xn--mller-kva.example": Mailbox})
	for text, want := range map[string]string{
		"jane.doe@acme.example":                                    "[erased]",
		"Ask <Jane.Doe@ACME.example>, please":                      "Ask <[erased]>, please",
		"mailto:jane.doe@acme.example?subject=x":                   "mailto:[erased]?subject=x",
		"(jane.doe@acme.example)":                                  "([erased])",
		"write jane.doe@acme.example.Thanks":                       "write [erased].Thanks",
		"to jane.doe@acme.example.":                                "to [erased].",
		"/u?mail=jane.doe%40acme.example&x=1":                      "/u?mail=[erased]&x=1",
		"/u?mail=jane%2Edoe%40acme.example":                        "/u?mail=[erased]",
		"x%2540y jane.doe%2540acme.example":                        "x%2540y [erased]",
		"jane.doe&#64;acme.example &commat;":                       "[erased] &commat;",
		"jane.doe+forum@acme.example":                              "[erased]",
		"'jane.doe@acme.example'":                                  "'[erased]'",
		"J.A.N.E.doe+x@googlemail.com":                             "[erased]",
		"jürgen@müller.example":                                    "[erased]",
		"jane.doe@acme.example,bob@acme.example":                   "[erased],bob@acme.example",
		"a@b.example jane.doe@acme.example jane.doe@acme.example.": "a@b.example [erased] [erased].",
		`"jane.doe"@acme.example`:                                  "[erased]",
	} {
		cut, found := l.CutText(text)
		require.True(t, found, text)
		require.Equal(t, want, cut, text)
	}
	for _, text := range []string{"ajane.doe@acme.example", "jane.doe@acme.examples", "doe@acme.example", "@", "a@", "jane.doe at acme", "100%40", ""} {
		cut, found := l.CutText(text)
		require.False(t, found, text)
		require.Equal(t, text, cut)
	}
}

func TestCutJSON_leavesValidJSONAndAllOtherBytes(t *testing.T) {
	l := listOf(t, map[string]Kind{"jane@acme.example": Mailbox})
	for data, want := range map[string]string{
		`{"a" : "jane@acme.example", "n":1.50}`:          `{"a" : "[erased]", "n":1.50}`,
		`{"jane@acme.example":["x\"jane@acme.example"]}`: `{"[erased]":["x\"[erased]"]}`,
		`["jane\u0040acme.example\n"]`:                   `["[erased]\n"]`,
		`["\u006aane@acme.example"]`:                     `["[erased]"]`,
		`{"body":"{\"from\":\"jane@acme.example\"}"}`:    `{"body":"{\"from\":\"[erased]\"}"}`,
	} {
		cut, found := l.CutJSON([]byte(data))
		require.True(t, found, data)
		require.Equal(t, want, string(cut))
		require.True(t, gjson.ValidBytes(cut))
	}
	cut, found := l.CutJSON([]byte(`{"a":"bob@acme.example"}`))
	require.False(t, found)
	require.Equal(t, `{"a":"bob@acme.example"}`, string(cut))
}

func TestKeep_dropsRecordsAboutThePersonAndCutsOthers(t *testing.T) {
	l := listOf(t, map[string]Kind{"jane@acme.example": Mailbox, "hubspot:crm:contacts:7": Record, "discourse:f:posts:9": Content})
	person := listOf(t, map[string]Kind{"jane@acme.example": Person})
	people := Stream{Personal: []string{"email", "others"}, IsPeople: true}
	posts := Stream{Personal: []string{"username", "raw", "user"}}

	_, kept := l.Keep("hubspot:crm:contacts:7", "7", []byte(`{"id":7}`), people)
	require.False(t, kept)
	_, kept = l.Keep("files:f:contacts:jane@acme.example", "jane@acme.example", []byte(`{}`), people)
	require.False(t, kept)
	_, kept = person.Keep("x", "8", []byte(`{"email":"Jane@acme.example"}`), people)
	require.False(t, kept)
	_, kept = person.Keep("x", "8", []byte(`{"others":["a@b.example","jane@acme.example"]}`), people)
	require.False(t, kept)
	_, kept = l.Keep("x", "8", []byte(`{"email":"jane@acme.example"}`), people)
	require.True(t, kept, "an address that is no one person's is cut alone")

	data, kept := l.Keep("discourse:f:posts:9", "9", []byte(`{"id":9,"username":"jane","raw":"I, Jane","user":{"n":1},"quote":"jane@acme.example"}`), posts)
	require.True(t, kept)
	require.Equal(t, `{"id":9,"username":"","raw":"","user":null,"quote":"[erased]"}`, string(data))
	data, kept = l.Keep("discourse:f:posts:10", "10", []byte(`{"id":10,"username":"bob","raw":"ask jane@acme.example"}`), posts)
	require.True(t, kept)
	require.Equal(t, `{"id":10,"username":"bob","raw":"ask [erased]"}`, string(data))
}

// Nothing but the login tells who made a record that was not there when somebody
// was erased.
func TestKeep_knowsErasedLoginsInLaterRecords(t *testing.T) {
	l := listOf(t, map[string]Kind{"discourse:f:17": Login, "files:f:[address]~1": Login})
	posts := Stream{Personal: []string{"username", "raw", "user"}, Logins: []string{"user_id", "by.id", "likes.#.id"}}
	people := Stream{Personal: []string{"username"}, Logins: []string{RecordKey, "id"}, IsPeople: true}
	const cut = `{"user_id":17,"username":"","raw":"","topic_id":17}`
	for data, want := range map[string]string{
		`{"user_id":17,"username":"jane","raw":"I, Jane","topic_id":17}`:   cut,
		`{"user_id":"17","username":"jane","raw":"x"}`:                     `{"user_id":"17","username":"","raw":""}`,
		`{"user_id":"discourse:f:17","raw":"x"}`:                           `{"user_id":"discourse:f:17","raw":""}`,
		`{"user_id":9,"raw":"thanks","by":{"id":17}}`:                      `{"user_id":9,"raw":"","by":{"id":17}}`,
		`{"user_id":9,"raw":"x","likes":[{"id":1},{"id":17}]}`:             `{"user_id":9,"raw":"","likes":[{"id":1},{"id":17}]}`,
		`{"user_id":9,"raw":"Bob","topic_id":17,"id":17}`:                  `{"user_id":9,"raw":"Bob","topic_id":17,"id":17}`,
		`{"user_id":null,"raw":"Bob","by":[17]}`:                           `{"user_id":null,"raw":"Bob","by":[17]}`,
		`{"user_id":{"a":17},"raw":"Bob","by":{"id":true,"user_id":"17"}}`: `{"user_id":{"a":17},"raw":"Bob","by":{"id":true,"user_id":"17"}}`,
	} {
		kept, isKept := l.Keep("discourse:f:posts:99", "99", []byte(data), posts)
		require.True(t, isKept)
		require.Equal(t, want, string(kept))
	}
	kept, _ := l.Keep("discourse:other:posts:99", "99", []byte(`{"user_id":17,"raw":"Bob"}`), posts)
	require.Equal(t, `{"user_id":17,"raw":"Bob"}`, string(kept), "another forum's user")
	_, isKept := l.Keep("discourse:f:visits:17", "17", []byte(`{"username":"jane"}`), people)
	require.False(t, isKept, "it is about the login and nothing else")
	_, isKept = l.Keep("discourse:f:groups:3:17", "3:17", []byte(`{"id":17}`), people)
	require.False(t, isKept)
	pairs := Stream{Logins: []string{"id", "other"}, IsPeople: true}
	kept, isKept = l.Keep("discourse:f:pairs:9", "9", []byte(`{"id":17,"other":3}`), pairs)
	require.True(t, isKept, "it is about another one as well")
	require.Equal(t, `{"id":17,"other":3}`, string(kept))

	survey := Stream{Personal: []string{"text"}, Logins: []string{"who"}, IDOf: func(id string) string {
		return strings.Replace(id, "ann@home.dev", "[address]~1", 1)
	}}
	kept, _ = l.Keep("files:f:answers:1", "1", []byte(`{"who":"ann@home.dev","text":"I, Ann"}`), survey)
	require.Equal(t, `{"who":"ann@home.dev","text":""}`, string(kept), "of ids that hold an address hashes are known")
}

// Hashes are of ids that name the instance as it was called when somebody was
// erased.
func TestList_followsRenamedInstances(t *testing.T) {
	l := listOf(t, map[string]Kind{"discourse:a:17": Login, "discourse:a:posts:9": Content, "discourse:a:users:17": Record, "files:a:[address]~a": Login})
	l.Renamed("discourse", "a", "b")
	l.Renamed("discourse", "b", "c")
	l.Renamed("files", "a", "c")
	posts := Stream{Personal: []string{"raw"}, Logins: []string{"user_id"}, IDOf: func(id string) string { return strings.Replace(id, "ann@home.dev", "[address]~"+id[6:7], 1) }}
	for _, instance := range []string{"a", "b", "c"} {
		require.True(t, l.Has(Login, "discourse:"+instance+":17"))
		_, isKept := l.Keep("discourse:"+instance+":users:17", "17", nil, Stream{})
		require.False(t, isKept)
		for key, data := range map[string]string{"9": `{"raw":""}`, "99": `{"raw":"","user_id":17}`} {
			kept, _ := l.Keep("discourse:"+instance+":posts:"+key, key, []byte(strings.Replace(data, `""`, `"I"`, 1)), posts)
			require.Equal(t, data, string(kept))
		}
	}
	kept, _ := l.Keep("files:c:answers:1", "1", []byte(`{"raw":"I","user_id":"ann@home.dev"}`), posts)
	require.Equal(t, `{"raw":"","user_id":"ann@home.dev"}`, string(kept))
	require.False(t, l.Has(Login, "github:c:17"))
	require.False(t, l.Has(Login, "discourse:d:17"))
	require.False(t, l.Has(Login, "17"))
}

// What is personal in the records of a connector that was taken out of the
// configuration nobody can say.
func TestKeep_emptiesWhatTheyMadeWhereNobodyKnowsWhatIsPersonal(t *testing.T) {
	l := listOf(t, map[string]Kind{"chat:f:posts:9": Content})
	kept, isKept := l.Keep("chat:f:posts:9", "9", []byte(`{"text":"I, Jane"}`), Stream{IsGone: true})
	require.True(t, isKept)
	require.Equal(t, `{}`, string(kept))
	kept, _ = l.Keep("chat:f:posts:10", "10", []byte(`{"text":"Bob"}`), Stream{IsGone: true})
	require.Equal(t, `{"text":"Bob"}`, string(kept))
}

func TestList_withoutAnythingKeepsEverything(t *testing.T) {
	var l *List
	data, kept := l.Keep("x", "jane@acme.example", []byte(`{"a":"jane@acme.example"}`), Stream{})
	require.True(t, kept)
	require.Equal(t, `{"a":"jane@acme.example"}`, string(data))
	require.False(t, l.Has(Login, "x"))
}

func FuzzCutJSON(f *testing.F) {
	f.Add(`{"a":"jane@acme.example"}`)
	f.Add(`["jane\u0040acme.example"]`)
	f.Fuzz(func(t *testing.T, data string) {
		if !gjson.Valid(data) {
			return
		}
		l := listOf(t, map[string]Kind{"jane@acme.example": Mailbox})
		cut, found := l.CutJSON([]byte(data))
		require.True(t, gjson.ValidBytes(cut))
		if found {
			_, again := l.CutJSON(cut)
			require.False(t, again, "cut once is cut for good: %s", cut)
		}
	})
}

// BenchmarkKeep measures what a sync pays for each record of 700 bytes by how many
// people were erased, each with an address, two log-ins and forty records; a
// record takes 10 to 15 µs in all.
func BenchmarkKeep(b *testing.B) {
	text := strings.Repeat("why the import of contacts stops after some rows ", 13)
	for _, people := range []int{0, 1, 1000} {
		erased := map[string]Kind{}
		for i := range people {
			erased[fmt.Sprintf("jane%d@acme.example", i)] = Mailbox
			for n := range 40 {
				erased[fmt.Sprintf("discourse:f:users:%d", i*40+n)] = []Kind{Record, Content, Login, Person}[min(n, 3)]
			}
		}
		var l *List
		if people > 0 {
			l = listOf(b, erased)
		}
		for name, data := range map[string]string{
			"without an address": `{"id":1,"user_id":7,"username":"member7","raw":"` + text + `"}`,
			"with one":           `{"id":1,"user_id":7,"username":"member7","raw":"` + text + ` carol@acme.example"}`,
			"with an erased one": `{"id":1,"user_id":7,"username":"member7","raw":"` + text + ` jane0@acme.example"}`,
		} {
			b.Run(fmt.Sprintf("%d erased, %s", people, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					l.Keep("discourse:f:posts:1", "1", []byte(data), Stream{Personal: []string{"username", "raw"}, Logins: []string{"user_id"}})
				}
			})
		}
	}
}
