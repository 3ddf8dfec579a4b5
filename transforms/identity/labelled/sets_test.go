package labelled

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"

	"rollcall/transforms/identity"
	"rollcall/transforms/identity/address"
	"rollcall/transforms/identity/suggest"
)

// A set is labelled data: identities of whom a person wrote down who is who.
type set struct {
	name  string
	trust identity.Trust // of its e-mail addresses
	rows  []row
}

// A row is one identity. Truth names its person; people of two sets are two.
type row struct {
	suggest.Record
	emails []address.Address
	truth  string
}

// openData opens a labelled file; they are not the project's to ship.
func openData(t *testing.T, name string) *os.File {
	t.Helper()
	path := filepath.Join("..", "..", "..", "..", "shared", "data", "identity", name)
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no labelled identities: %s is not there", path)
	}
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	return file
}

// add appends an identity, with what its address says.
func (s *set) add(truth, email string, r suggest.Record) {
	r.Key = s.name + ":" + strconv.Itoa(len(s.rows))
	added := row{truth: s.name + ":" + truth}
	if a, ok := address.Parse(email); ok {
		added.emails = append(added.emails, a)
		if a.Class == address.Unique {
			r.Locals = append(r.Locals, a.Mailbox[:strings.LastIndexByte(a.Mailbox, '@')])
		}
		if a.GitHubLogin != "" {
			r.Usernames = append(r.Usernames, a.GitHubLogin)
		}
		if a.Company != "" {
			r.Companies = append(r.Companies, a.Company)
		}
	}
	added.Record = r
	s.rows = append(s.rows, added)
}

// readMailmap reads person, name and address: one identity per row, without a
// name where the row has none.
func readMailmap(t *testing.T, name, file string) set {
	s := set{name: name, trust: identity.Staff}
	lines := bufio.NewScanner(openData(t, file))
	for first := true; lines.Scan(); first = false {
		fields := strings.Split(lines.Text(), "\t")
		if first {
			continue
		}
		require.Len(t, fields, 3, lines.Text())
		s.add(fields[0], fields[2], suggest.Record{Names: nonEmpty(fields[1])})
	}
	require.NoError(t, lines.Err())
	return s
}

func nonEmpty(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	return []string{text}
}

type openStackPerson struct {
	Person    int
	Name      string
	Usernames map[string]string
	Emails    []string
	Companies []struct {
		Company string
		Until   *string
	}
}

func readOpenStackPeople(t *testing.T) []openStackPerson {
	var people []openStackPerson
	lines := bufio.NewScanner(openData(t, "stackalytics_people.jsonl"))
	for lines.Scan() {
		var p openStackPerson
		require.NoError(t, json.Unmarshal(lines.Bytes(), &p))
		people = append(people, p)
	}
	require.NoError(t, lines.Err())
	return people
}

// readOpenStack makes an identity of each address and of each user name. The
// file gives one name per person: named puts it on every address, which tells
// the scorer more than a real source would, and without it addresses stand for
// themselves.
func readOpenStack(t *testing.T, named bool) set {
	s := set{name: "OpenStack", trust: identity.Staff}
	if !named {
		s.name = "OpenStack, nameless"
	}
	for _, p := range readOpenStackPeople(t) {
		truth := strconv.Itoa(p.Person)
		for _, email := range p.Emails {
			r := suggest.Record{}
			if named {
				r.Names = nonEmpty(p.Name)
			}
			s.add(truth, email, r)
		}
		for _, platform := range []string{"github", "launchpad"} {
			if login := p.Usernames[platform]; login != "" {
				s.add(truth, "", suggest.Record{Usernames: []string{login}})
			}
		}
	}
	return s
}

func readCSV(t *testing.T, file string) []map[string]string {
	reader := csv.NewReader(openData(t, file))
	reader.TrimLeadingSpace = true
	rows, err := reader.ReadAll()
	require.NoError(t, err)
	var records []map[string]string
	for _, fields := range rows[1:] {
		record := map[string]string{}
		for i, column := range rows[0] {
			record[strings.TrimSpace(column)] = strings.TrimSpace(fields[i])
		}
		records = append(records, record)
	}
	return records
}

func readFake1000(t *testing.T) set {
	s := set{name: "fake_1000", trust: identity.Staff}
	for _, r := range readCSV(t, "fake_1000.csv") {
		s.add(r["cluster"], r["email"], suggest.Record{
			Names:      nonEmpty(r["first_name"] + " " + r["surname"]),
			Attributes: map[string]string{"date of birth": r["dob"], "city": r["city"]},
		})
	}
	return s
}

// readFEBRL reads one or more files of one population.
func readFEBRL(t *testing.T, name string, files ...string) set {
	s := set{name: name, trust: identity.Self}
	for _, file := range files {
		for _, r := range readCSV(t, file) {
			person := strings.Split(r["rec_id"], "-")[1]
			s.add(person, "", suggest.Record{
				Names: nonEmpty(r["given_name"] + " " + r["surname"]),
				Attributes: map[string]string{
					"date of birth": r["date_of_birth"], "suburb": r["suburb"], "street": r["address_1"], "number": r["soc_sec_id"],
				},
			})
		}
	}
	return s
}

type historicalRow struct {
	Cluster    string `parquet:"cluster,optional"`
	FullName   string `parquet:"full_name,optional"`
	Born       string `parquet:"dob,optional"`
	Place      string `parquet:"birth_place,optional"`
	Postcode   string `parquet:"postcode_fake,optional"`
	Occupation string `parquet:"occupation,optional"`
}

func readHistorical(t *testing.T) set {
	s := set{name: "historical_50k", trust: identity.Self}
	file := openData(t, "historical_50k.parquet")
	rows, err := parquet.ReadFile[historicalRow](file.Name())
	require.NoError(t, err)
	for _, r := range rows {
		s.add(r.Cluster, "", suggest.Record{
			Names:      nonEmpty(r.FullName),
			Attributes: map[string]string{"date of birth": r.Born, "place": r.Place, "postcode": r.Postcode, "occupation": r.Occupation},
		})
	}
	return s
}

// mix puts sets together. Their people are different people unless an address
// is equal.
func mix(sets ...set) set {
	mixed := set{name: "all mixed", trust: identity.Staff}
	owner := map[string]string{}
	same := map[string]string{}
	for _, s := range sets {
		for _, r := range s.rows {
			for _, a := range r.emails {
				if first, seen := owner[a.Mailbox]; seen && a.Class == address.Unique && !strings.HasPrefix(r.truth, first[:strings.IndexByte(first, ':')+1]) {
					same[r.truth] = first
				} else if !seen {
					owner[a.Mailbox] = r.truth
				}
			}
		}
	}
	for _, s := range sets {
		for _, r := range s.rows {
			for same[r.truth] != "" {
				r.truth = same[r.truth]
			}
			mixed.rows = append(mixed.rows, r)
		}
	}
	return mixed
}
