package sql_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/connectortest"
)

// A colleague is one person of the OpenStack list, with addresses and dated
// employers in their order.
type colleague struct {
	ID     int      `json:"person"`
	Emails []string `json:"emails"`
	Jobs   []struct {
		Company string  `json:"company"`
		Until   *string `json:"until"`
	} `json:"companies"`
}

// independent is what the list calls the employer of who has none.
const independent = "*independent"

func colleagues(t *testing.T) []colleague {
	t.Helper()
	text, err := os.ReadFile(connectortest.Shared(t, "data/identity/stackalytics_people.jsonl"))
	require.NoError(t, err)
	var list []colleague
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c colleague
		require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
		list = append(list, c)
	}
	require.NoError(t, lines.Err())
	return list
}

// employers are the companies of the list as a CRM keeps them, each with the
// domains of its people.
func (f *fixture) employers(t *testing.T, people []colleague) {
	t.Helper()
	file, err := os.Open(connectortest.Shared(t, "data/identity/stackalytics_company_domains.csv"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	known := map[string]bool{}
	for _, row := range rows[1:] {
		known[row[0]] = true
		f.org(row[0], line{"domain": row[1]})
	}
	for _, c := range people {
		for _, job := range c.Jobs {
			if !known[job.Company] {
				known[job.Company] = true
				f.org(job.Company)
			}
		}
	}
}

// A job is one employment: from its predecessor's end to its own.
type job struct {
	who, company string
	from, until  *time.Time
}

func (c colleague) jobs(t *testing.T) []job {
	t.Helper()
	var jobs []job
	var from *time.Time
	for _, j := range c.Jobs {
		one := job{who: fmt.Sprint(c.ID), company: j.Company, from: from}
		if j.Until != nil {
			at, err := time.Parse("2006-Jan-02", *j.Until)
			require.NoError(t, err)
			one.until, from = &at, &at
		}
		jobs = append(jobs, one)
	}
	return jobs
}

// covers reports whether the employment lasted on that day.
func (j job) covers(day time.Time) bool {
	return (j.from == nil || !day.Before(*j.from)) && (j.until == nil || day.Before(*j.until))
}

// Each address is a login of nobody known. Its company must be the present
// employer as often as the bare domain says so, and never one that is not in the
// list of companies.
func TestEmployer_ofAnAddressIsTheCompanyOfItsDomain(t *testing.T) {
	people := colleagues(t)
	f := newFixture(t)
	f.employers(t, people)
	present := map[string]string{}
	for _, c := range people {
		for i, email := range c.Emails {
			who := fmt.Sprintf("%d-%d", c.ID, i)
			present[f.login(who)] = c.Jobs[len(c.Jobs)-1].Company
			f.put("identity", line{"identity_id": f.login(who), "email": email})
		}
	}
	s := buildSite(t, f, "", nil)
	require.Zero(t, s.count(t, "select count(*) from marts.core.account where name is null"), "an account that no list has")
	right, found := 0, s.companies(t, `select i.identity_id, a.name from marts.core.identity_account as i
inner join marts.core.account as a on a.account_id = i.account_id where i.valid_to is null`)
	for login, company := range found {
		if company == present[login] {
			right++
		}
	}
	share := float64(right) / float64(len(found))
	t.Logf("employer by domain: %d of %d company addresses, %.3f", right, len(found), share)
	require.Greater(t, len(found), 2700)
	require.GreaterOrEqual(t, share, 0.72)
}

func (s *site) companies(t *testing.T, query string) map[string]string {
	t.Helper()
	rows, err := s.db.SQL().QueryContext(t.Context(), query)
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	found := map[string]string{}
	for rows.Next() {
		var id, name string
		require.NoError(t, rows.Scan(&id, &name))
		found[id] = name
	}
	require.NoError(t, rows.Err())
	return found
}

// A CRM knows a random half of all employments with their dates; the others are
// to be told by addresses, whose dates nobody knows.
func TestEmployer_atADateOfPeopleOfWhomTheCRMKnowsHalf(t *testing.T) {
	people := colleagues(t)
	f := newFixture(t)
	f.employers(t, people)
	dice := rand.New(rand.NewPCG(2026, 7))
	for _, c := range people {
		who := fmt.Sprint(c.ID)
		f.put("identity", line{"identity_id": f.login(who), "email": c.Emails[0]})
		for _, email := range c.Emails[1:] {
			f.put("identity_evidence", line{"identity_id": f.login(who), "id_type": "email", "value": email})
		}
		for _, j := range c.jobs(t) {
			if dice.IntN(2) == 0 {
				continue
			}
			dates := line{}
			if j.from != nil {
				dates["valid_from"] = j.from.Format(time.RFC3339)
			}
			if j.until != nil {
				dates["valid_to"] = j.until.Format(time.RFC3339)
			}
			f.belongs(j.company, []string{who}, dates)
		}
	}
	s := buildSite(t, f, "", nil)
	all, addressed := s.employersAt(t, f, people)
	t.Logf("employer at a date: %d of %d, %.3f; of people with a company's address or association: %d of %d, %.3f",
		all.right, all.asked, all.share(), addressed.right, addressed.asked, addressed.share())
	require.GreaterOrEqual(t, all.share(), 0.83)
	require.GreaterOrEqual(t, addressed.share(), 0.85)
}

type score struct{ right, asked int }

func (s *score) add(isRight bool) {
	s.asked++
	if isRight {
		s.right++
	}
}

func (s score) share() float64 { return float64(s.right) / float64(s.asked) }

// employersAt asks for everybody's employer in the middle of eight years. To say
// none of somebody independent is right.
func (s *site) employersAt(t *testing.T, f *fixture, people []colleague) (all, known score) {
	t.Helper()
	hasAny := s.companies(t, `select p.identity_id, min(a.account_id) from marts.core.person_account as a
inner join marts.core.person_identity as p on p.person_id = a.person_id group by p.identity_id`)
	for year := 2012; year < 2020; year++ {
		day := time.Date(year, 6, 30, 0, 0, 0, 0, time.UTC)
		found := s.companies(t, fmt.Sprintf(`select p.identity_id, c.name from marts.core.person_account as a
inner join marts.core.person_identity as p on p.person_id = a.person_id
inner join marts.core.account as c on c.account_id = a.account_id
where a.is_primary and coalesce(a.valid_from <= '%[1]s', true) and coalesce(a.valid_to > '%[1]s', true)`, day.Format(time.DateOnly)))
		for _, c := range people {
			for _, j := range c.jobs(t) {
				if !j.covers(day) {
					continue
				}
				company := found[f.login(j.who)]
				isRight := company == j.company || company == "" && j.company == independent
				all.add(isRight)
				if hasAny[f.login(j.who)] != "" {
					known.add(isRight)
				}
			}
		}
	}
	return all, known
}
