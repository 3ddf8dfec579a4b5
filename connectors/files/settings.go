package files

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"

	"rollcall/connectors"
)

// settings are what an operator writes in the connector's block.
type settings struct {
	KeySecret string                  `json:"key_secret"`
	Files     map[string]fileSettings `json:"file"`
}

// fileSettings are one file block: a set of files of one kind.
type fileSettings struct {
	Path       string            `json:"path"`
	Stream     string            `json:"stream"`
	Format     string            `json:"format"`
	Key        []string          `json:"key"`
	Changed    string            `json:"changed"`
	Deleted    string            `json:"deleted"`
	Mapping    map[string]string `json:"mapping"`
	Canonical  bool              `json:"canonical"`
	Snapshot   bool              `json:"snapshot"`
	Order      string            `json:"order"`
	TimeZone   string            `json:"time_zone"`
	TimeFormat string            `json:"time_format"`
	Settle     string            `json:"settle"`
	Delimiter  string            `json:"delimiter"`
	Quote      *string           `json:"quote"`
	Header     *bool             `json:"header"`
	Columns    []string          `json:"columns"`
	Null       []string          `json:"null"`
	Trim       bool              `json:"trim"`
}

// A fileSet is a checked file block.
type fileSet struct {
	fileSettings
	name   string
	shape  shape
	zone   *time.Location
	settle time.Duration
	layout timeLayout
	csv    csvStyle
	// constants are the columns that a mapping gives one text for all rows.
	constants map[string]string
	ownKey    bool   // the operator named the key
	secret    []byte // hashes keys that hold personal data; nil: keys stay as they are
	digest    string // of all that decides what a row becomes: another one reads the set again
}

var setName = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// fileSets checks the settings and returns the sets in order of their names.
func fileSets(raw connectors.Settings) ([]*fileSet, error) {
	var s settings
	if err := raw.Decode(&s); err != nil {
		return nil, &connectors.ErrConfig{Setting: "file", Reason: err.Error()}
	}
	if len(s.Files) == 0 {
		return nil, &connectors.ErrConfig{Setting: "file", Reason: `there is no file block: add one, file "contacts" { … }`}
	}
	names := make([]string, 0, len(s.Files))
	for name := range s.Files {
		names = append(names, name)
	}
	sort.Strings(names)
	var sets []*fileSet
	for _, name := range names {
		set := &fileSet{fileSettings: s.Files[name], name: name}
		if err := set.check(s.KeySecret); err != nil {
			return nil, err
		}
		sets = append(sets, set)
	}
	return sets, nil
}

// fault is a setting of this set that cannot be used.
func (f *fileSet) fault(setting, format string, args ...any) error {
	name := fmt.Sprintf("file %q", f.name)
	if setting != "" {
		name += " " + setting
	}
	return &connectors.ErrConfig{Setting: name, Reason: fmt.Sprintf(format, args...)}
}

func (f *fileSet) check(keySecret string) error {
	if !setName.MatchString(f.name) {
		return f.fault("", "a name is made of letters, digits, _ and -")
	}
	for _, step := range []func() error{f.checkPath, f.checkShape, f.checkMapping, f.checkTimes, f.checkCSV} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := f.checkKey(keySecret); err != nil {
		return err
	}
	return f.makeDigest()
}

func (f *fileSet) checkPath() error {
	if f.Path == "" {
		return f.fault("path", "is missing: name a file or a glob")
	}
	if _, err := filepath.Match(f.Path, "x"); err != nil {
		return f.fault("path", "%q is no glob: %v", f.Path, err)
	}
	abs, err := filepath.Abs(f.Path)
	if err != nil {
		return f.fault("path", "%v", err)
	}
	f.Path = abs
	if f.Order == "" {
		f.Order = "modified"
	}
	if f.Order != "modified" && f.Order != "name" {
		return f.fault("order", `%q is neither "modified" nor "name"`, f.Order)
	}
	if f.Format != "" && !slices.Contains(formats(), f.Format) {
		return f.fault("format", "%q is not one of %s", f.Format, strings.Join(formats(), ", "))
	}
	return nil
}

func (f *fileSet) checkShape() error {
	var ok bool
	if f.shape, ok = shapeNamed(f.Stream); !ok {
		return f.fault("stream", "%q is not one of %s%s", f.Stream, strings.Join(shapeNames(), ", "), hint(f.Stream, shapeNames()))
	}
	if f.Canonical && len(f.Mapping) > 0 {
		return f.fault("mapping", "a canonical file needs none: remove mapping, or canonical")
	}
	if !f.Canonical && len(f.Mapping) == 0 {
		return f.fault("mapping", "is missing: say which columns fill %s, or set canonical = true", strings.Join(f.shape.targets(), ", "))
	}
	return nil
}

func (f *fileSet) checkTimes() (err error) {
	if f.zone, err = time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "Local" {
		return f.fault("time_zone", "%q is no zone: write it like \"Europe/Berlin\"", f.TimeZone)
	}
	if f.layout, err = parseLayout(f.TimeFormat); err != nil {
		return f.fault("time_format", "%v", err)
	}
	f.settle = 5 * time.Second
	if f.Settle != "" {
		if f.settle, err = time.ParseDuration(f.Settle); err != nil || f.settle < 0 || f.settle > time.Minute {
			return f.fault("settle", "%q is no duration from \"0s\" to \"1m\"", f.Settle)
		}
	}
	return nil
}

func (f *fileSet) checkCSV() error {
	f.csv = csvStyle{quote: '"', trim: f.Trim, null: f.Null}
	if f.Quote != nil {
		if len(*f.Quote) > 1 {
			return f.fault("quote", "%q is not one character", *f.Quote)
		}
		f.csv.quote = 0
		if *f.Quote != "" {
			f.csv.quote = (*f.Quote)[0]
		}
	}
	if f.Delimiter != "" {
		if len(f.Delimiter) != 1 || strings.Contains("\r\n", f.Delimiter) || f.Delimiter[0] == f.csv.quote {
			return f.fault("delimiter", "%q is not one ASCII character other than the quote", f.Delimiter)
		}
		f.csv.delimiter = f.Delimiter[0]
	}
	hasHeader := f.Header == nil || *f.Header
	if hasHeader && len(f.Columns) > 0 {
		return f.fault("columns", "the header names the columns: remove columns, or set header = false")
	}
	if !hasHeader && len(f.Columns) == 0 {
		return f.fault("columns", "is missing: header = false needs the columns' names")
	}
	return nil
}

// makeDigest covers the settings that decide what a row becomes, so that a
// changed mapping reads the files again.
func (f *fileSet) makeDigest() error {
	// settle, order and path decide when a file is read, not what its rows are.
	what := f.fileSettings
	what.Settle, what.Order, what.Path = "", "", ""
	h := hmac.New(sha256.New, f.secret)
	enc := json.NewEncoder(h)
	for _, part := range []any{what, f.shape.fields(), f.constants} {
		if err := enc.Encode(part); err != nil {
			return fmt.Errorf("digest of file set %s: %w", f.name, err)
		}
	}
	f.digest = hex.EncodeToString(h.Sum(nil)[:8])
	return nil
}

// hint names the closest of the candidates, if one is close.
func hint(word string, candidates []string) string {
	best, distance := "", max(2, len(word)/3)+1
	for _, c := range candidates {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(c)); d < distance {
			best, distance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}
