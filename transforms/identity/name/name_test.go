package name

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestTokens_readsNamesAsWritten(t *testing.T) {
	for text, want := range map[string][]string{
		"Müller, Jörg":          {"muller", "jorg"},
		"Dr. Seán O'Neil (IBM)": {"sean", "oneil"},
		"Łukasz Groß":           {"lukasz", "gross"},
		"Jean-Luc Picard":       {"jean", "luc", "picard"},
		"山田 太郎":                 {"山田", "太郎"},
		"が":                     {"が"},
		"john@acme.com":         nil,
		"Unknown":               nil,
		"n/a":                   nil,
		"":                      nil,
		"J. R. Smith":           {"j", "r", "smith"},
	} {
		require.Equal(t, want, Tokens(text), text)
	}
	require.Equal(t, Key(Tokens("Smith, Ann")), Key(Tokens("ann smith")))
}

func TestCompare_tellsHowNamesAgree(t *testing.T) {
	for _, row := range []struct {
		a, b string
		kind Kind
	}{
		{"John Smith", "Smith, John", Exact},
		{"John R. Smith", "John Smith", Exact},
		{"Robert Allen", "Rob Alen", Near},
		{"Robert Allen", "Robert Alln", Near},
		{"Robert Allen", "Robret Allen", Near},
		{"J. Smith", "John Smith", ByInitial},
		{"John Smith", "J Smith", ByInitial},
		{"Smith", "John Smith", Single},
		{"John Smith", "John Doe", Partial},
		{"Mary Smith", "John Smith", Partial},
		{"John Smith", "Ann Lee", Conflict},
		{"Ann Li", "Ann Lu", Partial},
		{"", "Ann Lee", None},
	} {
		require.Equal(t, row.kind, Compare(Tokens(row.a), Tokens(row.b)).Kind, "%s / %s", row.a, row.b)
		require.Equal(t, row.kind, Compare(Tokens(row.b), Tokens(row.a)).Kind, "%s / %s", row.b, row.a)
	}
	require.Equal(t, []string{"smith"}, Compare([]string{"mary", "smith"}, []string{"john", "smith"}).Shared)
	require.Equal(t, []string{"john"}, Compare([]string{"john", "smith"}, []string{"j", "smith"}).Initial)
}

func TestCompatible_keepsTwoPeopleApart(t *testing.T) {
	for _, pair := range [][2]string{{"J. Smith", "John Smith"}, {"jsmith", "John Smith"}, {"", "Ann"}, {"Jörg Groß", "Jorg Gross"}, {"Smith", "John Smith"}} {
		require.True(t, Compatible(pair[0], pair[1]), pair)
		require.True(t, Compatible(pair[1], pair[0]), pair)
	}
	for _, pair := range [][2]string{{"Mary Smith", "John Smith"}, {"Ann Lee", "Bob Ray"}, {"ann", "bob"}, {"K. Smith", "John Smith"}} {
		require.False(t, Compatible(pair[0], pair[1]), pair)
	}
}

func TestSpells_readsHandles(t *testing.T) {
	tokens := Tokens("John Smith")
	for text, want := range map[string]Spelling{
		"john.smith": WholeName, "SmithJohn84": WholeName, "jsmith": InitialAndName, "smith-j": InitialAndName, "johns": InitialAndName,
		"smith": OneName, "john2": OneName, "js": SpellsNothing, "dragon": SpellsNothing, "": SpellsNothing,
	} {
		got, _, _ := Spells(Handle(text), tokens)
		require.Equal(t, want, got, text)
	}
}

func TestSpells_namesTheTokens(t *testing.T) {
	_, whole, initial := Spells("jsmith", []string{"john", "smith"})
	require.Equal(t, []string{"smith"}, whole)
	require.Equal(t, "john", initial)
}

func TestIsGiven_knowsCommonNames(t *testing.T) {
	require.True(t, IsGiven("andrew"))
	require.False(t, IsGiven("smith"))
}

func FuzzCompare(f *testing.F) {
	f.Add("John Smith", "j. smith")
	f.Add("Ⅷ ǅ", "\u0345")
	f.Fuzz(func(t *testing.T, a, b string) {
		left, right := Tokens(a), Tokens(b)
		require.Equal(t, Compare(left, right).Kind, Compare(right, left).Kind)
		require.True(t, Compatible(a, a))
		if utf8.ValidString(a) {
			require.Equal(t, Fold(a), Fold(Fold(a)))
		}
		Spells(Handle(a), right)
	})
}

func TestAgree_tellsOneHumanFromASharedMailbox(t *testing.T) {
	each := func(names ...string) [][]string {
		var bearers [][]string
		for _, name := range names {
			bearers = append(bearers, []string{name})
		}
		return bearers
	}
	require.True(t, Agree(each("Elizabeth Wright", "Elzizabeth Writhg", "Elizabeth Wright", "E. Wright")))
	require.True(t, Agree(each("Ofug Cifob", "ofug", "Jo Ofug Cifob", "dragon77")))
	require.True(t, Agree(append(each("Maryam Jsneo", "Maryam Jones"), nil, nil)))
	require.False(t, Agree(each("Ann Lee", "Bob Ray", "Cy Dow", "Dan Fox")))
	require.False(t, Agree(each("Mary Smith", "John Smith", "Peter Smith", "Susan Smith")))
	require.False(t, Agree(append(each("Ann Lee"), nil, nil, nil)))
	require.False(t, Agree(nil))
}
