package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Diagnostics is everything that is wrong with a configuration file.
type Diagnostics struct {
	list   hcl.Diagnostics
	path   string
	masked []byte // the source with every value hidden that might be a secret
}

// A Diagnostic is one finding, for --json.
type Diagnostic struct {
	Severity string `json:"severity"` // "error" or "warning"
	Summary  string `json:"summary"`
	Detail   string `json:"detail"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
}

// Error prints all diagnostics with the lines they are about. Values that may
// be secret are shown as asterisks.
func (d *Diagnostics) Error() string {
	var b bytes.Buffer
	files := map[string]*hcl.File{}
	if d.path != "" {
		files[d.path] = &hcl.File{Bytes: d.masked}
	}
	// Writing to a buffer does not fail.
	_ = hcl.NewDiagnosticTextWriter(&b, files, 0, false).WriteDiagnostics(d.list)
	return strings.TrimRight(b.String(), "\n")
}

// List returns the diagnostics as plain values.
func (d *Diagnostics) List() []Diagnostic {
	list := make([]Diagnostic, 0, len(d.list))
	for _, diag := range d.list {
		item := Diagnostic{Severity: "error", Summary: diag.Summary, Detail: diag.Detail}
		if diag.Severity == hcl.DiagWarning {
			item.Severity = "warning"
		}
		if diag.Subject != nil {
			item.File, item.Line, item.Column = diag.Subject.Filename, diag.Subject.Start.Line, diag.Subject.Start.Column
		}
		list = append(list, item)
	}
	return list
}

func (l *loader) diagnostics() *Diagnostics {
	for _, diag := range l.diags {
		diag.Expression, diag.EvalContext = nil, nil // would print values
		diag.Summary, diag.Detail = l.hideOutside(diag.Summary), l.hideOutside(diag.Detail)
	}
	return &Diagnostics{list: l.diags, path: l.path, masked: mask(l.src, l.path, l.public, l.secret)}
}

// hideOutside takes values that came from env() or file() out of a message:
// they may be secrets put where none belongs. Very short ones would garble it.
func (l *loader) hideOutside(message string) string {
	for _, text := range l.outside {
		if len(text) >= 3 {
			message = strings.ReplaceAll(message, text, "(hidden)")
		}
	}
	return message
}

func (l *loader) fail(at hcl.Range, summary, format string, args ...any) {
	l.diags = append(l.diags, &hcl.Diagnostic{
		Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...), Subject: at.Ptr(),
	})
}

func (l *loader) warn(diag *hcl.Diagnostic) {
	where := ""
	if diag.Subject != nil {
		where = fmt.Sprintf("%s:%d: ", diag.Subject.Filename, diag.Subject.Start.Line)
	}
	l.opts.Warn(where + diag.Detail)
}

// reason strips the path that file errors repeat.
func reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}
