package transforms

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/warehouse"
	"rollcall/transforms/kpi"
)

// noRules are tables of schema ref whose content is no rule: time, what
// parameters hold (headers list those they read), and who is excluded.
func noRules() []string {
	return []string{"ref.calendar", "ref.period", "ref.data_start", "ref.param", "ref.setting", "ref.influence", "ref.config_exclusion", "ref.config_parameter"}
}

// readRules gives every entry what its values depend on beside select and
// parameters: the contents of the rule tables below it, the settings of time,
// and the KPIs that a derived one reads. Entries are in order of dependence.
func (b *Builder) readRules(ctx context.Context, tx *warehouse.Tx, entries []kpi.Entry) error {
	digests := map[string]string{}
	for _, s := range b.settings() {
		if s[0] == "time_zone" || s[0] == "fiscal_year_start" {
			digests["setting "+s[0]] = s[1]
		}
	}
	settings := sortedKeys(digests)
	for i := range entries {
		e := &entries[i]
		e.Rules = map[string]string{}
		for _, name := range settings {
			e.Rules[name] = digests[name]
		}
		reads, _ := b.trees[e.ID].references()
		for _, table := range b.rulesReached(reads) {
			if digests[table] == "" {
				digest, err := contentOf(ctx, tx, table)
				if err != nil {
					return fmt.Errorf("read rule table %s: %w", table, err)
				}
				digests[table] = digest
			}
			e.Rules[table] = digests[table]
		}
		for _, id := range e.Depends {
			e.Rules["kpi "+id] = digests["kpi "+id]
		}
		digests["kpi "+e.ID] = e.Digest()
	}
	return nil
}

// contentOf identifies the rows of a small table, in any order.
func contentOf(ctx context.Context, tx *warehouse.Tx, table string) (string, error) {
	rows, err := tx.Query(ctx, "select cast(to_json(t) as varchar) from "+table+" as t order by 1")
	if err != nil {
		return "", err
	}
	lines, err := scanStrings(rows)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:16]), nil
}

// rulesReached are the rule tables below the tables, through all models.
func (b *Builder) rulesReached(reads []reference) []string {
	byName := map[string]*model{}
	for _, m := range b.models {
		byName[m.name()] = m
	}
	seen := map[string]bool{}
	var reached []string
	var follow func(reads []reference)
	follow = func(reads []reference) {
		for _, read := range reads {
			name := read.Schema + "." + read.Table
			if seen[name] {
				continue
			}
			seen[name] = true
			if read.Schema == "ref" {
				if !slices.Contains(noRules(), name) {
					reached = append(reached, name)
				}
			} else if m := byName[name]; m != nil {
				follow(m.reads)
			}
		}
	}
	follow(reads)
	slices.Sort(reached)
	return reached
}
