package kpi

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Version is one version of a KPI's definition, as the lake's history keeps
// it.
type Version struct {
	ID         string
	Number     int
	Header     int    // the version that the file's header states
	Hash       string // of all that the value depends on, see Entry.hashes
	SelectHash string // of the select and the measure's fields alone
	ValidFrom  time.Time
	Retired    bool
}

// A Break says how a KPI's series is cut.
type Break int

// The kinds of break: none; one that the header announces with a higher
// version; and one that it does not, so that the version is raised here.
const (
	Unbroken Break = iota
	Announced
	Unannounced
)

// version gives the definition its number beside what the history keeps of its
// id. A changed hash is another definition whatever the header says: comparing
// its values with the earlier ones would compare two measures.
func (e *Entry) version(history []Version, now time.Time) {
	e.Hash, e.SelectHash = e.hashes()
	e.Number, e.ValidFrom, e.Break = e.Version, now, Unbroken
	last := -1
	for i, v := range history {
		if v.ID == e.ID && (last < 0 || v.Number > history[last].Number) {
			last = i
		}
	}
	if last < 0 {
		return
	}
	before := history[last]
	switch {
	case e.Version > before.Header:
		e.Number, e.Break = max(before.Number+1, e.Version), Announced
	case e.Hash != before.Hash:
		e.Number, e.Break = before.Number+1, Unannounced
	default:
		e.Number, e.ValidFrom = before.Number, before.ValidFrom
	}
	if e.Break != Unbroken {
		e.IsRule = e.SelectHash == before.SelectHash
	}
}

// Digest identifies the computation, as kpi.dictionary's sql_hash.
func (e *Entry) Digest() string {
	all, _ := e.hashes()
	return all
}

// hashes identify the computation: the select without differences of white
// space, the measure's fields, the values of its parameters, and the contents
// of the rule tables and settings that it reads through its marts.
func (e *Entry) hashes() (all, selected string) {
	parts := append([]string{strings.Join(strings.Fields(e.SQL), " ")}, e.measureFields()...)
	selected = digest(parts)
	for _, name := range e.Definition.Parameters {
		parts = append(parts, name+"="+e.Parameters[name])
	}
	rules := make([]string, 0, len(e.Rules))
	for name, content := range e.Rules {
		rules = append(rules, name+"="+content)
	}
	slices.Sort(rules)
	return digest(append(parts, rules...)), selected
}

func digest(parts []string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:16])
}

// measureFields are the fields of the header that change a value. What it says
// about itself, its name or its owner, does not, nor does another grain or
// segment beside the ones there are.
func (d *Definition) measureFields() []string {
	return []string{
		d.Measure, d.Of, d.Per, d.Split, d.SplitDefault, d.Sampled, d.Once, d.All,
		fmt.Sprint(d.Windows), fmt.Sprint(d.NumeratorOnly),
	}
}
