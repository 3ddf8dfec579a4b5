package world

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// exported writes a world's files in steps of so many days and returns them by
// path.
func exported(t *testing.T, w *World, step float64) map[string]string {
	t.Helper()
	dir := t.TempDir()
	for at := w.Start; at < w.End; at += days(step) {
		require.NoError(t, w.Export(dir, at, min(at+days(step), w.End)))
	}
	files := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(text)
		return err
	}))
	return files
}

func TestExport_growsToTheSameBytesInAnySteps(t *testing.T) {
	w := made(t, 6, MinScale)
	whole := exported(t, w, 10_000)
	require.Equal(t, whole, exported(t, w, 17.3))
	require.Equal(t, whole, exported(t, made(t, 6, MinScale), 10_000), "the same seed again")
	require.NotEqual(t, whole, exported(t, made(t, 7, MinScale), 10_000), "another seed")
}

func TestExport_onlyAppends(t *testing.T) {
	w := made(t, 6, MinScale)
	dir, before := t.TempDir(), ""
	for month := range Months {
		from, to := w.Start+days(30*float64(month)), w.Start+days(30*float64(month+1))
		require.NoError(t, w.Export(dir, from, to))
		text, err := os.ReadFile(filepath.Join(dir, "crm_west", "contacts.csv"))
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(string(text), before))
		before = string(text)
	}
}

// table reads a CSV file, the last row of each key, by column.
func table(t *testing.T, text string) map[string]map[string]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	last := map[string]map[string]string{}
	for _, row := range rows[1:] {
		cells := map[string]string{}
		for i, cell := range row {
			cells[rows[0][i]] = cell
		}
		last[row[0]] = cells
	}
	return last
}

func TestExport_endsWithWhatTheCRMHolds(t *testing.T) {
	w := made(t, 6, 0.3)
	files := exported(t, w, 10_000)
	for _, s := range []Source{CRMWest, CRMEast} {
		contacts := table(t, files[s.Instance()+"/contacts.csv"])
		listed := 0
		for i, l := range w.Logins {
			if l.Source != s {
				continue
			}
			listed++
			row := contacts[w.UserID(LoginID(i))]
			require.NotNil(t, row)
			require.Equal(t, w.Name(l.Person), row["name"])
			require.Equal(t, yes(l.Gone != Never), row["is_deleted"])
			if shown := w.AddressesOf(LoginID(i), w.End-1); len(shown) > 0 {
				require.Equal(t, shown[0], row["email"])
			}
		}
		require.Len(t, contacts, listed)
	}
	chain := w.Planted.MergeChain
	contacts := table(t, files["crm_west/contacts.csv"])
	for i, contact := range chain[:2] {
		require.Equal(t, w.UserID(chain[i+1]), contacts[w.UserID(contact)]["merged_into"])
	}
	merges := 0
	for path, text := range files {
		if strings.HasSuffix(path, "company_merges.csv") {
			merges += strings.Count(text, "\n") - 1
		}
	}
	require.Equal(t, 1, merges, "the company that was bought")
}

func TestExport_holdsEveryActOnce(t *testing.T) {
	w := made(t, 6, 0.3)
	files := exported(t, w, 10_000)
	used, answers := 0, 0
	for path, text := range files {
		if strings.HasPrefix(path, "product/events-") {
			used += strings.Count(text, "\n")
		}
	}
	for _, r := range w.Responses {
		for _, score := range r.Scores {
			if score >= 0 {
				answers++
			}
		}
	}
	counts := map[Kind]int{}
	for _, e := range w.Events {
		counts[e.Kind]++
	}
	require.Equal(t, counts[Used], used)
	require.Equal(t, answers, strings.Count(files["surveys/responses.jsonl"], "\n"))
	require.Len(t, table(t, files["surveys/invitations.csv"]), counts[SurveySent])
	require.Equal(t, counts[ConsentSaid], strings.Count(files["programme/consent.csv"], "\n")-1)
	require.Equal(t, len(w.Surveys), strings.Count(files["surveys/surveys.jsonl"], "\n"))
}

func TestConfig_readsEveryFileOrLeavesItForLater(t *testing.T) {
	w := made(t, 6, MinScale)
	config := w.Config(Places{Exports: "exports"})
	later := []string{"billing/subscriptions.csv", "helpdesk/tickets.jsonl"}
	for path := range exported(t, w, 10_000) {
		if strings.HasPrefix(path, "product/events-") {
			path = "product/events-*.jsonl"
		}
		if !slices.Contains(later, path) {
			require.Contains(t, config, `"exports/`+path+`"`)
		}
	}
}
