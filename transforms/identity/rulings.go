package identity

import (
	"context"
	"errors"
	"slices"
	"strings"

	"rollcall/internal/warehouse"
)

// rulings are what was decided and not undone, the earliest first.
type rulings struct {
	rows  []Decision
	ties  map[string][]int // login or org -> rows that say it is one with another
	apart map[string][]int // rows that say it is not
}

func readRulings(ctx context.Context, tx *warehouse.Tx) (*rulings, error) {
	rows, err := tx.Query(ctx, `select d.decision_id, d.verb, d.identity_id, d.other_identity_id, d.actor, d.reason, d.decided_at
from lake.identity.decision as d
order by d.decided_at, d.decision_id, d.identity_id, d.other_identity_id`)
	if err != nil {
		return nil, err
	}
	s := &rulings{ties: map[string][]int{}, apart: map[string][]int{}}
	for rows.Next() {
		var d Decision
		if err := rows.Scan(&d.ID, &d.Verb, &d.A, &d.B, &d.Actor, &d.Reason, &d.Decided); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		s.add(d)
	}
	return s, errors.Join(rows.Err(), rows.Close())
}

func (s *rulings) add(d Decision) {
	into := s.ties
	if strings.HasSuffix(d.Verb, "not_same") {
		into = s.apart
	}
	into[d.A], into[d.B] = append(into[d.A], len(s.rows)), append(into[d.B], len(s.rows))
	s.rows = append(s.rows, d)
}

// across is the other end of a row.
func (s *rulings) across(row int, from string) string {
	if s.rows[row].A == from {
		return s.rows[row].B
	}
	return s.rows[row].A
}

// already finds the one decision that says of all these pairs what a new one
// would; nil: there is none.
func (s *rulings) already(verb string, as, bs []string) *Decision {
	for _, i := range slices.Concat(s.ties[as[0]], s.apart[as[0]]) {
		if s.rows[i].Verb == verb && s.covers(s.rows[i].ID, as, bs) {
			return &s.rows[i]
		}
	}
	return nil
}

// covers reports whether a decision names all these pairs.
func (s *rulings) covers(id string, as, bs []string) bool {
	for _, a := range as {
		for _, b := range bs {
			if !slices.ContainsFunc(slices.Concat(s.ties[a], s.apart[a]), func(i int) bool { return s.rows[i].ID == id && s.across(i, a) == b }) {
				return false
			}
		}
	}
	return true
}

// against finds a decision that a new one would contradict: that two are one, one
// that keeps apart what decisions tie to each; that they are not, one with which
// a way of decisions from the first to the second begins.
func (s *rulings) against(verb, a, b string) *Decision {
	if strings.HasSuffix(verb, "not_same") {
		for _, i := range s.ties[a] {
			if s.tied(s.across(i, a), a)[b] {
				return &s.rows[i]
			}
		}
		return nil
	}
	first, others := len(s.rows), s.tied(b, "")
	for member := range s.tied(a, "") {
		for _, i := range s.apart[member] {
			if others[s.across(i, member)] {
				first = min(first, i)
			}
		}
	}
	if first == len(s.rows) {
		return nil
	}
	return &s.rows[first]
}

// tied are those whom decisions make one with somebody, over any number of steps
// that do not pass one.
func (s *rulings) tied(from, passing string) map[string]bool {
	found := map[string]bool{from: true}
	for reached := []string{from}; len(reached) > 0; reached = reached[1:] {
		for _, i := range s.ties[reached[0]] {
			next := s.across(i, reached[0])
			if next != passing && !found[next] {
				found[next] = true
				reached = append(reached, next)
			}
		}
	}
	return found
}
