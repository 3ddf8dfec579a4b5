package sql_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
)

// company is the name of the account to which a login, or its person, belongs
// on a day; "" for none.
func (s *site) company(t *testing.T, table, who, day string) string {
	t.Helper()
	key := map[string]string{"identity_account": "identity_id", "person_account": "person_id"}[table]
	names := s.texts(t, fmt.Sprintf(`select c.name from marts.core.%[1]s as a
inner join marts.core.person_identity as p on p.%[2]s = a.%[2]s and p.identity_id = ?
inner join marts.core.account as c on c.account_id = a.account_id
where coalesce(a.valid_from <= ?::timestamp, true) and coalesce(a.valid_to > ?::timestamp, true)%[3]s`,
		table, key, map[bool]string{true: " and a.is_primary"}[key == "person_id"]), who, day, day)
	require.LessOrEqual(t, len(names), 1, "%s on %s", who, day)
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

func (s *site) texts(t *testing.T, query string, args ...any) []string {
	t.Helper()
	rows, err := s.db.SQL().QueryContext(t.Context(), query, args...)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	var list []string
	for rows.Next() {
		var text string
		require.NoError(t, rows.Scan(&text))
		list = append(list, text)
	}
	require.NoError(t, rows.Err())
	return list
}

// mail is one more address of a login.
func (f *fixture) mail(who, address string, more ...line) {
	f.put("identity_evidence", line{"identity_id": f.login(who), "id_type": "email", "value": address, "trust": "verified"}, more...)
}

// One site in which people change jobs, work for several companies, and write
// from several addresses.
func TestCompanies_followPeopleOverTime(t *testing.T) {
	f := newFixture(t)
	f.org("Alpha", line{"domain": "alpha-tools.com"})
	f.org("Beta", line{"domain": "beta-tools.com"})
	f.org("Gamma", line{"domain": "gamma-tools.com"})
	f.org("Ours", line{"domain": "ours-tools.com", "is_internal": true})
	f.belongs("Alpha", []string{"changed"}, line{"valid_from": f.at("2024-01-01")})
	f.belongs("Beta", []string{"changed"}, line{"valid_from": f.at("2025-07-01")})
	f.mail("changed", "changed@gamma-tools.com")
	f.mail("changed", "changed@alpha-tools.com")
	f.belongs("Alpha", []string{"consultant"}, line{"is_primary": true})
	f.belongs("Beta", []string{"consultant"})
	f.belongs("Gamma", []string{"consultant"}, line{"basis": "helpdesk"})
	f.mail("mailer", "mailer@eu.gamma-tools.com")
	f.mail("private", "private@gmail.com")
	f.mail("colleague", "colleague@ours-tools.com")
	f.belongs("Beta", []string{"moved"}, line{"valid_to": f.at("2025-01-01")})
	f.mail("moved", "moved@beta-tools.com")
	f.joins("1 Jan", "changed", "mailer", "private")
	f.covers("1 Jan", "2 Sep 11:00")
	for _, who := range []string{"changed", "mailer", "private"} {
		f.talk("t-"+who, who, "5 Feb 10:00")
	}
	f.reply("t-private", "mailer", "5 Feb 11:00")
	s := buildSite(t, f, "", nil)
	for _, c := range []struct{ table, who, day, want string }{
		{"person_account", "changed", "2023-06-01", "Gamma"}, // an address that no date contradicts, before the first job known
		{"person_account", "changed", "2024-06-01", "Alpha"},
		{"person_account", "changed", "2025-06-30", "Alpha"},
		{"person_account", "changed", "2025-07-01", "Beta"}, // the later employment ends the earlier
		{"person_account", "consultant", "2026-01-01", "Alpha"},
		{"identity_account", "mailer", "2020-01-01", "Gamma"},
		{"person_account", "private", "2026-01-01", ""},
		{"person_account", "colleague", "2026-01-01", ""}, // ours is nobody's customer
		{"person_account", "moved", "2024-01-01", "Beta"},
		{"person_account", "moved", "2026-01-01", ""}, // the address was kept, the job was not
	} {
		require.Equal(t, c.want, s.company(t, c.table, f.login(c.who), c.day), "%s of %s on %s", c.table, c.who, c.day)
	}
	require.Equal(t, 3, s.count(t, "select count(*) from marts.core.person_account as a inner join marts.core.person_identity as p on p.person_id = a.person_id where p.identity_id = ?", f.login("consultant")))
	require.Equal(t, []string{"Beta 1 1 1 0", "Gamma 1 2 1 1"}, s.texts(t, `select c.name || ' ' || d.people || ' ' || d.acts || ' ' || d.threads || ' ' || d.replies
from marts.mart.account_day as d inner join marts.core.account as c on c.account_id = d.account_id
where d.happened_on = '2026-02-05' order by 1`), "people, acts, threads, replies of the company of that day")
}

// A company keeps its account while its orgs come and go; one that another buys
// becomes its account, and a decision is as good as a merge.
func TestCompanies_keepTheirAccounts(t *testing.T) {
	f := newFixture(t)
	f.listings["merge"] = true
	f.org("Alpha", line{"domain": "alpha-tools.com"})
	f.org("Beta", line{"domain": "beta-tools.com", "parent_org_id": f.id("org", "Alpha")})
	f.belongs("Beta", []string{"ann"})
	others := crowd("gone", 20) // one record gone of many is no accident
	for _, name := range others {
		f.put("merge", line{"object": "org", "merged_id": name, "surviving_id": "nobody"})
	}
	s := buildSite(t, f, "", nil)
	before := s.accounts(t)
	require.Len(t, before, 2, "a parent is no merge")
	require.Equal(t, []string{"Beta of Alpha"}, s.texts(t, "select a.name || ' of ' || p.name from marts.core.account as a inner join marts.core.account as p on p.account_id = a.parent_account_id"))

	changes := s.count(t, "select count(*) from lake.identity.account_source")
	f.put("org", line{"org_id": "billing:b:org:1", "source": "billing", "source_instance": "b", "name": "Alpha Ltd", "domain": "alpha-tools.com"})
	s.sync(t, f, now.Add(time.Hour))
	s.build(t, nil)
	require.Equal(t, before, s.accounts(t), "the biller's customer is the CRM's company")
	require.Equal(t, changes+2, s.count(t, "select count(*) from lake.identity.account_source"), "one came, one is linked by domain now")

	f.put("merge", line{"object": "org", "merged_id": f.id("org", "Beta"), "surviving_id": f.id("org", "Alpha")})
	s.sync(t, f, now.Add(2*time.Hour))
	s.build(t, nil)
	require.Equal(t, map[string]string{"Alpha": before["Alpha"]}, s.accounts(t))
	require.Equal(t, []string{before["Beta"] + " " + before["Alpha"]}, s.texts(t, "select merged_account_id || ' ' || surviving_account_id from lake.identity.account_merge"))
	require.Equal(t, "Alpha", s.company(t, "person_account", f.login("ann"), "2020-01-01"), "also of the time before")

	f.lines["merge"] = f.lines["merge"][:len(others)]
	s.sync(t, f, now.Add(3*time.Hour))
	s.build(t, nil)
	require.Equal(t, before["Alpha"], s.accounts(t)["Alpha"], "the anchor keeps the id")
	require.Len(t, s.accounts(t), 2)
}

// What somebody decided about companies takes effect although no source brought
// anything, and as much is undone with it.
func TestCompanies_followDecisions(t *testing.T) {
	f := newFixture(t)
	f.org("Alpha", line{"domain": "alpha-tools.com"})
	f.org("Beta")
	f.put("org", line{"org_id": "billing:b:org:1", "name": "Alpha", "domain": "alpha-tools.com"})
	s := buildSite(t, f, "", nil)
	before := s.accounts(t)
	require.Len(t, before, 2)
	s.decide(t, "insert into lake.identity.decision values ('1', 'account_same', ?, ?, 'ann', 'bought', ?)", f.id("org", "Alpha"), f.id("org", "Beta"), now)
	s.build(t, nil)
	require.Len(t, s.accounts(t), 1)
	s.decide(t, "delete from lake.identity.decision")
	s.decide(t, "insert into lake.identity.decision values ('2', 'account_not_same', ?, ?, 'ann', 'another one', ?)", f.id("org", "Alpha"), "billing:b:org:1", now)
	s.build(t, nil)
	require.Equal(t, 3, s.count(t, "select count(*) from marts.core.account"))
	require.NotEqual(t, before["Beta"], s.accounts(t)["Beta"], "an id that led elsewhere never returns")
	require.Equal(t, 1, s.count(t, "select count(*) from lake.identity.account_solved"))
}

func (s *site) decide(t *testing.T, statement string, args ...any) {
	t.Helper()
	require.NoError(t, s.db.Lake.Write(t.Context(), func(tx *warehouse.Tx) error { return tx.Exec(t.Context(), statement, args...) }))
}

// accounts are the ids of all accounts by name.
func (s *site) accounts(t *testing.T) map[string]string {
	t.Helper()
	return s.companies(t, "select a.name, a.account_id from marts.core.account as a")
}
