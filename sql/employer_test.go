package sql_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/connectortest"
	"rollcall/transforms/identity/address"
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
	known := map[string]bool{}
	for _, row := range domainRows(t) {
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

// domainRows are the rows of the list of domains: company and domain.
func domainRows(t *testing.T) [][]string {
	t.Helper()
	file, err := os.Open(connectortest.Shared(t, "data/identity/stackalytics_company_domains.csv"))
	require.NoError(t, err)
	defer func() { require.NoError(t, file.Close()) }()
	rows, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	return rows[1:]
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

// halves is over how many random halves of the employments employers are asked.
const halves = 3

// A CRM knows a random half of all employments with their dates; the others are
// to be told by addresses, whose dates nobody knows. One site holds everybody once
// for each half.
func TestEmployer_atADateOfPeopleOfWhomTheCRMKnowsHalf(t *testing.T) {
	people := colleagues(t)
	f := newFixture(t)
	f.employers(t, people)
	for half := range halves {
		dice := rand.New(rand.NewPCG(2026, uint64(7+half)))
		for _, c := range people {
			who := c.in(half)
			f.put("identity", line{"identity_id": f.login(who), "email": addressIn(half, c.Emails[0])})
			for _, email := range c.Emails[1:] {
				f.put("identity_evidence", line{"identity_id": f.login(who), "id_type": "email", "value": addressIn(half, email)})
			}
			f.employ(who, c.jobs(t), dice)
		}
	}
	s := buildSite(t, f, "", nil)
	require.Equal(t, halves*len(people), s.count(t, "select count(distinct p.person_id) from marts.core.person_identity as p"), "nobody is linked over halves")
	for half, e := range s.employersAt(t, f, people) {
		t.Logf("employer at a date, half %d: of company addresses %s; of people with a company's address or association %s; of everybody %s", half+1, e.addresses, e.known, e.all)
		require.Greater(t, e.addresses.asked, 8*2500)
		require.GreaterOrEqual(t, e.addresses.share(), 0.85)
		require.GreaterOrEqual(t, e.known.share(), 0.85)
		require.GreaterOrEqual(t, e.all.share(), 0.83)
	}
}

// in names somebody as one of the halves knows him.
func (c colleague) in(half int) string { return fmt.Sprintf("%d-%d", half, c.ID) }

// addressIn is an address that reaches nobody of another half: under a tag, where
// tags count, so that it is of the same class and domain.
func addressIn(half int, email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return email
	}
	tagged := fmt.Sprintf("%s+half%d%s", email[:at], half, email[at:])
	if a, found := address.Parse(tagged); found && a.Untagged != "" {
		return tagged
	}
	return fmt.Sprintf("half%d%s", half, email)
}

// employ has the CRM know about half of somebody's jobs.
func (f *fixture) employ(who string, jobs []job, dice *rand.Rand) {
	for _, j := range jobs {
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

type score struct{ right, asked int }

func (s *score) add(times int, isRight bool) {
	s.asked += times
	if isRight {
		s.right += times
	}
}

func (s score) share() float64 { return float64(s.right) / float64(s.asked) }

func (s score) String() string { return fmt.Sprintf("%d of %d, %.3f", s.right, s.asked, s.share()) }

// employed counts the right answers to who employed somebody on a day.
type employed struct {
	addresses score // asked once for each address at a company's domain
	known     score // once for each person of whom anything is known
	all       score // once for each person
}

// employersAt asks for everybody's employer in the middle of eight years. To say
// none of somebody independent is right.
func (s *site) employersAt(t *testing.T, f *fixture, people []colleague) (counts [halves]employed) {
	t.Helper()
	isOfACompany := companyDomains(t)
	hasAny := s.companies(t, `select p.identity_id, min(a.account_id) from marts.core.person_account as a
inner join marts.core.person_identity as p on p.person_id = a.person_id group by p.identity_id`)
	for year := 2012; year < 2020; year++ {
		day := time.Date(year, 6, 30, 0, 0, 0, 0, time.UTC)
		found := s.companies(t, fmt.Sprintf(`select p.identity_id, c.name from marts.core.person_account as a
inner join marts.core.person_identity as p on p.person_id = a.person_id
inner join marts.core.account as c on c.account_id = a.account_id
where a.is_primary and coalesce(a.valid_from <= '%[1]s', true) and coalesce(a.valid_to > '%[1]s', true)`, day.Format(time.DateOnly)))
		for _, c := range people {
			company, isEmployed := c.employerAt(t, day)
			if !isEmployed {
				continue
			}
			for half := range counts {
				login, e := f.login(c.in(half)), &counts[half]
				isRight := found[login] == company || found[login] == "" && company == independent
				e.all.add(1, isRight)
				if hasAny[login] != "" {
					e.known.add(1, isRight)
				}
				e.addresses.add(countOf(c.Emails, isOfACompany), isRight)
			}
		}
	}
	return counts
}

// employerAt is who employed somebody on a day, by the list.
func (c colleague) employerAt(t *testing.T, day time.Time) (company string, found bool) {
	t.Helper()
	for _, j := range c.jobs(t) {
		if j.covers(day) {
			return j.company, true
		}
	}
	return "", false
}

// companyDomains tells addresses at domains of the list, or below one.
func companyDomains(t *testing.T) func(email string) bool {
	t.Helper()
	listed := map[string]bool{}
	for _, row := range domainRows(t) {
		listed[row[1]] = true
	}
	return func(email string) bool {
		a, found := address.Parse(email)
		for domain := a.Domain; found && domain != ""; _, domain, _ = strings.Cut(domain, ".") {
			if listed[domain] {
				return true
			}
		}
		return false
	}
}

func countOf(list []string, is func(string) bool) (n int) {
	for _, item := range list {
		if is(item) {
			n++
		}
	}
	return n
}
