package suggest

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// among puts records into a crowd, so that values have a frequency.
func among(records ...Record) []Record {
	return append(newWorld(2000, 9).records, records...)
}

func find(t *testing.T, suggestions []Suggestion, a, b string) Suggestion {
	t.Helper()
	for _, s := range suggestions {
		if s.A == a && s.B == b {
			return s
		}
	}
	require.Fail(t, "no suggestion", "%s and %s", a, b)
	return Suggestion{}
}

func requireNone(t *testing.T, suggestions []Suggestion, a, b string) {
	t.Helper()
	for _, s := range suggestions {
		require.False(t, s.A == a && s.B == b, "%+v", s)
	}
}

func TestPairs_showsEvidenceSideBySide(t *testing.T) {
	found := Pairs(among(
		Record{Key: "x1", Names: []string{"Xavier Quillfeather"}, Locals: []string{"xq77"}, Companies: []string{"acme.com"}},
		Record{Key: "x2", Names: []string{"Quillfeather, Xavier"}, Companies: []string{"acme.com"}, Attributes: map[string]string{"city": "Oslo"}},
	), Options{})
	s := find(t, found, "x1", "x2")
	require.Greater(t, s.Probability, 0.95)
	require.Equal(t, []string{"name", "company"}, []string{s.Evidence[0].Field, s.Evidence[1].Field})
	require.Equal(t, "xavier quillfeather", s.Evidence[0].A)
	require.Equal(t, "quillfeather xavier", s.Evidence[0].B)
	require.Equal(t, "same name", s.Evidence[0].Agreement)
	require.Greater(t, s.Evidence[0].Weight, 10.0)
}

func TestPairs_weighsRareNamesAboveCommonOnes(t *testing.T) {
	var records []Record
	for i := range 300 { // John and Smith are common, each with others
		records = append(records, Record{Key: "j" + strconv.Itoa(i), Names: []string{"John Family" + strconv.Itoa(i)}},
			Record{Key: "s" + strconv.Itoa(i), Names: []string{"Given" + strconv.Itoa(i) + " Smith"}})
	}
	found := Pairs(among(append(records,
		Record{Key: "x1", Names: []string{"John Smith"}}, Record{Key: "x2", Names: []string{"John Smith"}},
		Record{Key: "x3", Names: []string{"Xavier Quillfeather"}}, Record{Key: "x4", Names: []string{"Xavier Quillfeather"}})...),
		Options{MinProbability: 1e-6})
	require.Greater(t, find(t, found, "x3", "x4").Odds, find(t, found, "x1", "x2").Odds+6)
	require.Less(t, find(t, found, "x1", "x2").Probability, 0.1)
}

func TestPairs_takesNoGivenNameAloneAsEvidence(t *testing.T) {
	found := Pairs(among(
		Record{Key: "x1", Locals: []string{"andrew"}, Companies: []string{"acme.com"}},
		Record{Key: "x2", Locals: []string{"andrew"}, Companies: []string{"other.com"}},
		Record{Key: "x3", Names: []string{"Andrew"}, Companies: []string{"third.com"}},
		Record{Key: "x4", Names: []string{"Andrew"}, Usernames: []string{"andrew7"}},
	), Options{MinProbability: 0.001})
	for _, s := range found {
		require.False(t, s.A[0] == 'x' && s.B[0] == 'x', "%+v", s)
	}
}

func TestPairs_takesNoRoleWordAsEvidence(t *testing.T) {
	found := Pairs(among(Record{Key: "x1", Usernames: []string{"webmaster"}}, Record{Key: "x2", Usernames: []string{"Webmaster"}}), Options{MinProbability: 1e-4})
	requireNone(t, found, "x1", "x2")
}

func TestPairs_keepsAFamilyApart(t *testing.T) {
	found := Pairs(among(
		Record{Key: "x1", Names: []string{"Vera Quillfeather"}, Locals: []string{"vquillfeather"}, Companies: []string{"quillfeather.com"}},
		Record{Key: "x2", Names: []string{"Otto Quillfeather"}, Locals: []string{"oquillfeather"}, Companies: []string{"quillfeather.com"}},
	), Options{})
	requireNone(t, found, "x1", "x2")
}

// A name of the one and a user name of the other are evidence too.
func TestPairs_readsUserNamesOfNames(t *testing.T) {
	found := Pairs(among(
		Record{Key: "x1", Names: []string{"Xavier Quillfeather"}},
		Record{Key: "x2", Usernames: []string{"xquillfeather"}},
	), Options{})
	s := find(t, found, "x1", "x2")
	require.Equal(t, "user name is initial and name", s.Evidence[0].Agreement)
}

func TestPairs_comparesLinkedRecordsAsOnePerson(t *testing.T) {
	records := among(
		Record{Key: "x1", Person: "p", Names: []string{"Xavier Quillfeather"}},
		Record{Key: "x2", Person: "p", Usernames: []string{"dragonfly99"}},
		Record{Key: "x3", Usernames: []string{"dragonfly99"}},
		Record{Key: "x4", Names: []string{"Xavier Quillfeather"}},
	)
	found := Pairs(records, Options{MinProbability: 0.001})
	requireNone(t, found, "x1", "x2")
	find(t, found, "x1", "x3")
	find(t, found, "x1", "x4")
}

func TestPairs_givesTheSameListInAnyOrder(t *testing.T) {
	records := newWorld(3000, 7).records
	want := Pairs(records, Options{})
	require.NotEmpty(t, want)
	shuffled := append([]Record(nil), records...)
	rand.New(rand.NewPCG(3, 4)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	require.Equal(t, want, Pairs(shuffled, Options{}))
	require.Equal(t, want[:5], Pairs(records, Options{Limit: 5}))
}

// In a crowd of namesakes what is called likely must be: with names, without,
// and half of each.
func TestPairs_staysPreciseAmongNamesakes(t *testing.T) {
	for _, named := range []int{9, 5, 0} {
		w := newWorld(20_000, named)
		var likely, right int
		var expected float64
		for _, s := range Pairs(w.records, Options{MinProbability: 0.8}) {
			likely++
			expected += s.Probability
			if w.truth[s.A] == w.truth[s.B] {
				right++
			}
		}
		t.Logf("named %d of 10: %d pairs at 0.8 and more, %d right, %.0f promised", named, likely, right, expected)
		require.Greater(t, likely, 50)
		require.Greater(t, float64(right), 0.9*expected)
	}
}

func TestPairs_saysNothingOfTooFew(t *testing.T) {
	require.Empty(t, Pairs(nil, Options{}))
	require.Empty(t, Pairs([]Record{{Key: "a", Names: []string{"Ann Lee"}}}, Options{}))
	require.Empty(t, Pairs([]Record{{Key: "a"}, {Key: "b"}}, Options{}))
}

// BenchmarkPairs compares a crowd of ROLLCALL_BENCH_PEOPLE, by default 50,000.
func BenchmarkPairs(b *testing.B) {
	people := 50_000
	if text := os.Getenv("ROLLCALL_BENCH_PEOPLE"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(b, err)
		people = n
	}
	records := newWorld(people, 7).records
	for b.Loop() {
		b.ReportMetric(float64(len(Pairs(records, Options{MinProbability: 0.5}))), "suggestions")
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/float64(len(records))*1e6, "us/record")
}
