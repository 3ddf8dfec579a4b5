package transforms

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A slice says how a model is brought up to date without computing it whole:
// output rows of one key depend only on rows of the same key in the inputs
// that it names. Every other input is a dimension: a change there computes the
// model whole, unless only people that are new in this build are concerned.
//
// In the first comment of a model:
//
//	-- slice: thread_id
//	-- slice core.thread_reply: thread_id
//	-- slice core.answer: thread_id, reply_id of core.thread_reply
//	-- slice mart.person: person_id of mart.activity
//
// The first line gives the key of the output, the others that of each input,
// as expressions over one row. `c of t.d` reaches the slices of those rows of
// input t whose d is the c of a changed row; c may be left out of t.d where
// both have one name.
//
//	-- slice: periods of person_id, 1 back, 1 ahead
//
// is for a model of grain and period_start whose inputs are keyed by day: a
// period's rows depend on the days of so many periods before and after it. Of
// inputs that have the column after `of`, a row depends on those of its own
// person only; that part may be left out.
type slice struct {
	key    string // of the output; not of periods
	inputs map[string]*sliceInput

	isPeriods   bool
	of          string // "" where a row depends on everybody's
	back, ahead int
}

// A sliceInput is how rows of one input reach slices of the output.
type sliceInput struct {
	key string // "" where the rows have none themselves
	via []reach
}

// A reach finds slices through another input.
type reach struct{ column, table, tableColumn string }

var (
	sliceLine   = regexp.MustCompile(`^slice(?: ([a-z_]+\.[a-z0-9_]+))?: (.+)$`)
	slicePeriod = regexp.MustCompile(`^periods(?: of ([a-z0-9_]+))?, (\d+) back, (\d+) ahead$`)
	sliceReach  = regexp.MustCompile(`^([a-z0-9_]+) of ([a-z_]+\.[a-z0-9_]+?)(?:\.([a-z0-9_]+))?$`)
)

// readSlice reads the lines of a model's first comment; nil where it has none.
func readSlice(lines [][2]string) (*slice, error) {
	if len(lines) == 0 {
		return nil, nil
	}
	s := &slice{inputs: map[string]*sliceInput{}}
	for _, line := range lines {
		input, text := line[0], line[1]
		if input != "" {
			if s.inputs[input] != nil {
				return nil, fmt.Errorf("slice %s is given twice", input)
			}
			s.inputs[input] = readSliceInput(text)
			continue
		}
		s.key = text
		if period := slicePeriod.FindStringSubmatch(text); period != nil {
			s.isPeriods = true
			s.of = period[1]
			s.back, _ = strconv.Atoi(period[2])
			s.ahead, _ = strconv.Atoi(period[3])
		}
	}
	if s.key == "" {
		return nil, fmt.Errorf("slices of inputs need a line `-- slice: key of the output`")
	}
	return s, s.check()
}

func readSliceInput(text string) *sliceInput {
	input := &sliceInput{}
	for _, part := range splitList(text) {
		if match := sliceReach.FindStringSubmatch(part); match != nil {
			r := reach{column: match[1], table: match[2], tableColumn: match[3]}
			if r.tableColumn == "" {
				r.tableColumn = r.column
			}
			input.via = append(input.via, r)
			continue
		}
		input.key = part
	}
	return input
}

// splitList cuts at the commas outside parentheses.
func splitList(text string) []string {
	var parts []string
	depth, start := 0, 0
	for at, r := range text {
		switch {
		case r == '(':
			depth++
		case r == ')':
			depth--
		case r == ',' && depth == 0:
			parts = append(parts, strings.TrimSpace(text[start:at]))
			start = at + 1
		}
	}
	return append(parts, strings.TrimSpace(text[start:]))
}

// check refuses a way through a table that has no key itself.
func (s *slice) check() error {
	for name, input := range s.inputs {
		for _, r := range input.via {
			if through := s.inputs[r.table]; through == nil || through.key == "" {
				return fmt.Errorf("slice %s goes through %s, which has no key of its own", name, r.table)
			}
		}
	}
	return nil
}
