package transforms_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
)

// forumAndCRM is the canonical source with two instances: a forum whose addresses are
// verified, and a CRM.
func forumAndCRM(t *testing.T) transforms.Source {
	source := canonical(t)
	source.Instances = []transforms.Instance{
		{Name: "forum", Kinds: []string{"community"}, EmailTrust: "verified"},
		{Name: "crm", Kinds: []string{"crm"}, EmailTrust: "staff"},
	}
	return source
}

func (l *lake) canonicalLogin(instance, user, email string) {
	l.put("canonical", instance, "identity", user, object{"identity_id": "canonical:" + instance + ":" + user, "source": "canonical",
		"source_instance": instance, "source_user_id": user, "email": email}, false)
}

func TestBuild_givesLinkedLoginsOnePerson(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	source := forumAndCRM(t)
	l.canonicalLogin("forum", "1", "ann@acme.com")
	l.canonicalLogin("crm", "7", "Ann@Acme.com")
	l.canonicalLogin("forum", "2", "bob@acme.com")
	people := func() []string {
		return l.rows(`select string_agg(identity_id, ' ' order by identity_id) from core.person_identity group by person_id order by 1`)
	}
	l.build(l.builder(source))
	require.Equal(t, []string{"canonical:crm:7 canonical:forum:1", "canonical:forum:2"}, people())
	ids := l.rows("select identity_id, person_id from core.person_identity order by all")

	l.build(l.builder(source))
	require.Equal(t, ids, l.rows("select identity_id, person_id from core.person_identity order by all"))
	_, err := l.builder(source).Build(t.Context(), transforms.BuildRequest{Full: true})
	require.NoError(t, err)
	require.Equal(t, ids, l.rows("select identity_id, person_id from core.person_identity order by all"))

	l.canonicalLogin("crm", "8", "bob@acme.com")
	l.build(l.builder(source))
	require.Equal(t, []string{"canonical:crm:7 canonical:forum:1", "canonical:crm:8 canonical:forum:2"}, people())

	l.exec("insert into lake.identity.decision values ('d', 'not_same', 'canonical:crm:8', 'canonical:forum:2', 'me', 'two people', now())")
	l.exec("insert into lake.identity.pending values ('canonical:crm:8'), ('canonical:forum:2')")
	l.build(l.builder(source))
	require.Equal(t, []string{"canonical:crm:7 canonical:forum:1", "canonical:crm:8", "canonical:forum:2"}, people(), "a decision makes a build without new records")
	require.Equal(t, []string{"3"}, l.rows("select count(*) from core.person"))
}

func TestBuild_keepsPeopleOfBeforeWhenTheyAreLinked(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	source := forumAndCRM(t)
	l.exec(`insert into lake.identity.person_identity by name select 'canonical:forum:1' as identity_id, '01900000-0000-7000-8000-000000000001' as person_id,
    'canonical' as source, 'forum' as source_instance, '1' as source_user_id, 'own' as match_method, timestamp '2026-01-01' as linked_at
union all select 'canonical:crm:7', '01900000-0000-7000-8000-000000000002', 'canonical', 'crm', '7', 'own', timestamp '2026-01-02'`)
	l.canonicalLogin("forum", "1", "ann@acme.com")
	l.canonicalLogin("crm", "7", "ann@acme.com")
	l.build(l.builder(source))
	require.Equal(t, []string{"01900000-0000-7000-8000-000000000001"}, l.rows("select distinct person_id from core.person_identity"), "the older lives on")
	require.Equal(t, []string{"01900000-0000-7000-8000-000000000002|01900000-0000-7000-8000-000000000001"},
		l.rows("select merged_person_id, surviving_person_id from lake.identity.person_merge"))
}

func TestBuild_forgetsTheEvidenceOfAPurgedInstance(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	source := forumAndCRM(t)
	l.canonicalLogin("forum", "1", "ann@acme.com")
	l.canonicalLogin("crm", "7", "ann@acme.com")
	l.canonicalLogin("crm", "8", "only@crm.com")
	l.build(l.builder(source))
	l.exec("delete from lake.raw.canonical__identity where instance = 'crm'")
	l.build(l.builder(source))
	require.Equal(t, []string{"canonical:forum:1"}, l.rows("select identity_id from core.person_identity"))
	require.Equal(t, []string{"ann@acme.com"}, l.rows("select norm from lake.vault.value"))
}

func TestBuild_linksContactsOfOneCompanyInTwoPlaces(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	source := forumAndCRM(t)
	source.Instances = append(source.Instances, transforms.Instance{Name: "crm2", Kinds: []string{"crm"}, EmailTrust: "staff"})
	for _, crm := range []string{"crm", "crm2"} {
		l.canonicalLogin(crm, "7", "ann@acme.com")
		l.canonicalLogin(crm, "8", "bob@partner.com")
		org := "canonical:" + crm + ":org:1"
		l.put("canonical", crm, "org", "1", object{"org_id": org, "source": "canonical", "source_instance": crm, "source_org_id": "1", "name": "Acme", "domain": "acme.com"}, false)
		other := "canonical:" + crm + ":org:2"
		l.put("canonical", crm, "org", "2", object{"org_id": other, "source": "canonical", "source_instance": crm, "source_org_id": "2", "name": crm, "domain": crm + ".com"}, false)
		l.put("canonical", crm, "org_membership", "7", object{"identity_id": "canonical:" + crm + ":7", "org_id": org}, false)
		l.put("canonical", crm, "org_membership", "8", object{"identity_id": "canonical:" + crm + ":8", "org_id": other}, false)
	}
	l.build(l.builder(source))
	require.Equal(t, []string{"canonical:crm2:7 canonical:crm:7", "canonical:crm2:8", "canonical:crm:8"},
		l.rows(`select string_agg(identity_id, ' ' order by identity_id) from core.person_identity group by person_id order by 1`))
	require.Equal(t, []string{"other_company"}, l.rows("select distinct rule from lake.identity.refusal"))
}
