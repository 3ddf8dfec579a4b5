package identity

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"rollcall/internal/warehouse"
)

// sheetColumns are those of a review in a spreadsheet. The first is for the
// answer: same, not_same, or nothing.
func sheetColumns() []string {
	return []string{"decision", "strength", "probability", "rule", "identity_id", "other_identity_id", "names", "other_names",
		"addresses", "other_addresses", "shared", "evidence", "reason"}
}

// WriteSheet writes suggestions as CSV for a spreadsheet, the evidence of both
// sides next to each other. Cells that a spreadsheet would compute begin with
// an apostrophe.
func WriteSheet(w io.Writer, list []Candidate) error {
	out := csv.NewWriter(w)
	if err := out.Write(sheetColumns()); err != nil {
		return err
	}
	for _, c := range list {
		row := []string{"", strconv.FormatFloat(c.Strength, 'f', 2, 64), strconv.FormatFloat(c.Probability, 'f', 4, 64), c.Rule, c.A, c.B,
			c.Left.Names, c.Right.Names, c.Left.Addresses, c.Right.Addresses, c.Value, c.Evidence, ""}
		for i := 3; i < len(row); i++ {
			row[i] = defuse(row[i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// formulas begin what a spreadsheet computes.
const formulas = "=+-@\t\r"

func defuse(cell string) string {
	if cell != "" && strings.ContainsRune(formulas, rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func rearm(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune(formulas, rune(cell[1])) {
		return cell[1:]
	}
	return cell
}

// An Answer is one decided row of a sheet.
type Answer struct {
	Line   int
	Verb   string // same, not_same
	A, B   string
	Reason string
	Fault  string // why the row is none; [Answered] names it with what else is wrong
}

// A SheetError names every bad row of a sheet. Nothing was changed.
type SheetError struct{ Rows []string }

func (e *SheetError) Error() string {
	rows := "rows"
	if len(e.Rows) == 1 {
		rows = "row"
	}
	return fmt.Sprintf("nothing was changed: %d bad %s\n%s", len(e.Rows), rows, strings.Join(e.Rows, "\n"))
}

// ReadSheet reads the answers of a sheet as a spreadsheet wrote it: commas or
// semicolons, with a byte order mark or without. Rows without an answer are
// left out; what is wrong with a row by itself stands in it. A sheet whose columns
// cannot be told is a [*SheetError].
func ReadSheet(text []byte) ([]Answer, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	head, _, _ := bytes.Cut(text, []byte("\n"))
	in := csv.NewReader(bytes.NewReader(text))
	if bytes.Count(head, []byte(";")) > bytes.Count(head, []byte(",")) {
		in.Comma = ';'
	}
	in.FieldsPerRecord = -1
	columns, err := in.Read()
	if err != nil {
		return nil, &SheetError{[]string{"line 1: no line of column names"}}
	}
	at := map[string]int{}
	for i, name := range columns {
		at[strings.TrimSpace(name)] = i
	}
	for _, name := range []string{"decision", "identity_id", "other_identity_id"} {
		if _, found := at[name]; !found {
			return nil, &SheetError{[]string{fmt.Sprintf("line 1: no column %s; it needs decision, identity_id and other_identity_id", name)}}
		}
	}
	return readAnswers(in, at), nil
}

func readAnswers(in *csv.Reader, at map[string]int) []Answer {
	var answers []Answer
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return answers
		}
		var syntax *csv.ParseError
		if errors.As(err, &syntax) {
			return append(answers, Answer{Line: syntax.StartLine, Fault: syntax.Err.Error()}) // what follows an open quote is no row
		}
		line, _ := in.FieldPos(0)
		cell := func(name string) string {
			if i, found := at[name]; found && i < len(record) {
				return rearm(strings.TrimSpace(record[i]))
			}
			return ""
		}
		a := Answer{Line: line, Verb: strings.ToLower(cell("decision")), A: cell("identity_id"), B: cell("other_identity_id"), Reason: cell("reason")}
		switch {
		case a.Verb == "":
			continue
		case a.Verb != "same" && a.Verb != "not_same":
			a.Fault = fmt.Sprintf("decision is %q, must be same, not_same or empty", a.Verb)
		case a.A == "" || a.B == "" || a.A == a.B:
			a.Fault = "identity_id and other_identity_id must name two log-ins"
		}
		answers = append(answers, a)
	}
}

// Answered decides all answers of a sheet, or none, and returns the decisions
// that are new. A row that is faulty, names an unknown login, or is against an
// earlier decision or row, is a [*SheetError], which names every one.
func Answered(ctx context.Context, tx *warehouse.Tx, answers []Answer, by Deciding) ([]Decision, error) {
	earlier, err := readRulings(ctx, tx)
	if err != nil {
		return nil, err
	}
	known, err := knownLogins(ctx, tx, answers)
	if err != nil {
		return nil, err
	}
	bad := &SheetError{}
	var decided []Decision
	lines := map[string]int{} // of decisions of this sheet
	for _, a := range answers {
		rows, err := a.decide(earlier, known, by)
		var against *AgainstError
		switch {
		case errors.As(err, &against) && lines[against.Earlier.ID] > 0:
			bad.Rows = append(bad.Rows, fmt.Sprintf("line %d: it is against line %d", a.Line, lines[against.Earlier.ID]))
		case err != nil:
			bad.Rows = append(bad.Rows, fmt.Sprintf("line %d: %v", a.Line, err))
		}
		for _, d := range rows {
			decided = append(decided, d)
			lines[d.ID] = a.Line
		}
	}
	if len(bad.Rows) > 0 {
		return nil, bad
	}
	if len(decided) == 0 {
		return nil, nil
	}
	return decided, writeDecisions(ctx, tx, decided)
}

// knownLogins are those that answers name and that there are.
func knownLogins(ctx context.Context, tx *warehouse.Tx, answers []Answer) (map[string]bool, error) {
	var named []string
	for _, a := range answers {
		named = append(named, a.A, a.B)
	}
	there, err := texts(ctx, txReader{tx}, `select distinct p.identity_id from lake.identity.person_identity as p
where p.unlinked_at is null and p.identity_id in (select unnest(?::varchar[]))`, named)
	known := map[string]bool{}
	for _, id := range there {
		known[id] = true
	}
	return known, err
}

func (a Answer) decide(earlier *rulings, known map[string]bool, by Deciding) ([]Decision, error) {
	if a.Fault != "" {
		return nil, errors.New(a.Fault)
	}
	for _, id := range []string{a.A, a.B} {
		if !known[id] {
			return nil, errors.New(id + " is no log-in that is known")
		}
	}
	by.Reason = cmp.Or(a.Reason, by.Reason)
	_, rows, err := by.rule(earlier, a.Verb, []string{a.A}, []string{a.B})
	return rows, err
}
