package identity_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// One mailbox has many spellings, of which one alone may look like a function's
// or a filler. Who is who must not depend on the one that was read first.
func TestResolve_readsAMailboxAlikeWhicheverSpellingComesFirst(t *testing.T) {
	spellings := [][2]string{
		{"support@gmail.com", "sup.port@gmail.com"},
		{"sales.support@gmail.com", "salessupport+eu@gmail.com"},
		{"test@outlook.com", "test+1@outlook.com"},
		{"no.reply@gmail.com", "noreply@googlemail.com"},
		{"ann.lee@googlemail.com", "annlee+x@gmail.com"},
		{"ann@gmail.com", "ann+\u0434@gmail.com"},
	}
	resolved := func(orders ...[]int) (kept [2][]string) {
		l := newLake(t, 2)
		for _, sides := range orders {
			for i, pair := range spellings {
				for _, side := range sides {
					l.login(fmt.Sprintf("%s:main:%d", []string{"forum", "crm"}[side], i), pair[side], "")
				}
			}
			l.build()
		}
		return [2][]string{l.people(), l.rows("select v.norm, v.domain, v.company_domain, v.class, v.reason from lake.vault.value as v order by v.norm")}
	}
	atOnce := resolved([]int{0, 1})
	require.Equal(t, atOnce, resolved([]int{1, 0}))
	require.Equal(t, atOnce, resolved([]int{0}, []int{1}))
	require.Equal(t, atOnce, resolved([]int{1}, []int{0}))
	require.Equal(t, []string{"crm:0", "crm:1", "crm:2", "crm:3", "crm:4 forum:4", "crm:5 forum:5", "forum:0", "forum:1", "forum:2", "forum:3"}, atOnce[0])
	require.Len(t, atOnce[1], len(spellings))
}

// A source has one human four times, three times under a tag: the names say so,
// whatever the tags.
func TestResolve_takesDuplicatesUnderTagsForOneHuman(t *testing.T) {
	l := newLake(t, 2)
	others := []string{"Bob Ray", "Cyd Fox", "Eve Sun", "Dan Orr"}
	for i, tag := range []string{"", "+one", "+two", "+three"} {
		l.login(fmt.Sprint("crm:main:", i), "ann"+tag+"@acme.com", "Ann Lee")
		l.login(fmt.Sprint("crm:main:1", i), "desk"+tag+"@acme.com", others[i])
	}
	l.build()
	require.Equal(t, []string{"crm:0 crm:1 crm:2 crm:3", "crm:10", "crm:11", "crm:12", "crm:13"}, l.people())
}

// The same human 256 times under 64 spellings is one of many, not none.
func TestResolve_countsManyDuplicatesUnderTags(t *testing.T) {
	l := newLake(t, 2)
	for i := range 256 {
		tag := ""
		if i >= 4 {
			tag = fmt.Sprint("+", i/4)
		}
		l.login(fmt.Sprint("crm:main:", i), "ann"+tag+"@acme.com", "Ann Lee")
	}
	l.build()
	require.Empty(t, l.rows("select v.norm from lake.vault.value as v where v.class = 'generic'"), "the names say that they are one")
}
