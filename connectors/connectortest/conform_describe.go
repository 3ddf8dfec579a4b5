package connectortest

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"rollcall/connectors"
)

var (
	// fieldType is a leaf of Stream.Fields: DuckDB's types less those that
	// narrow what an API sends (whole numbers are BIGINT, fractions DOUBLE).
	fieldType = regexp.MustCompile(`^(BOOLEAN|BIGINT|UBIGINT|HUGEINT|DOUBLE|VARCHAR|DATE|TIME|TIMESTAMP|TIMESTAMPTZ|UUID|JSON|` +
		`DECIMAL\(\d+, ?\d+\)|MAP\(VARCHAR, ?[A-Z]+\))!?$`)
	recordPath = regexp.MustCompile(`^[^.\s]+(\.[^.\s]+)*$`)
	rawTable   = regexp.MustCompile(`(?i)\braw\."?([a-z0-9_]+)"?`)
)

// describe checks what the connector says of itself.
func (s *suite) describe() {
	spec := s.process.Spec()
	if err := spec.Validate(); err != nil {
		s.Errorf("the description is not valid: %v", err)
	}
	if spec.Title == "" || spec.Version == "" {
		s.Errorf("a title and a version are needed: title %q, version %q", spec.Title, spec.Version)
	}
	for _, stream := range spec.Streams {
		if err := checkFields(stream.Fields); err != nil {
			s.Errorf("stream %s: fields: %v", stream.Name, err)
		}
		for _, path := range stream.Personal {
			if !recordPath.MatchString(path) {
				s.Errorf("stream %s: %q is not a path into a record", stream.Name, path)
			}
		}
		if stream.Help == "" {
			s.Errorf("stream %s has no help", stream.Name)
		}
	}
	for table, sql := range spec.Staging {
		for _, name := range unknownTables(spec, sql) {
			s.Errorf("staging %s reads raw.%s, which no stream of this connector fills", table, name)
		}
	}
}

func checkFields(fields string) error {
	if fields == "" {
		return nil // a stream that no staging reads
	}
	var structure map[string]any
	if err := json.Unmarshal([]byte(fields), &structure); err != nil {
		return fmt.Errorf("not a JSON object: %w", err)
	}
	return checkStructure(structure, "")
}

func checkStructure(v any, path string) error {
	switch v := v.(type) {
	case string:
		if !fieldType.MatchString(v) {
			return fmt.Errorf("%s has type %q; whole numbers are BIGINT, fractions DOUBLE or DECIMAL, times TIMESTAMPTZ, text VARCHAR", path, v)
		}
		return nil
	case []any:
		if len(v) != 1 {
			return fmt.Errorf("%s is a list of %d types where one is needed", path, len(v))
		}
		return checkStructure(v[0], path+"[]")
	case map[string]any:
		if len(v) == 0 {
			return fmt.Errorf("%s is a structure without fields", path)
		}
		var faults []error
		for name, inner := range v {
			faults = append(faults, checkStructure(inner, strings.TrimPrefix(path+"."+name, ".")))
		}
		return errors.Join(faults...)
	}
	return fmt.Errorf("%s is neither a type, a list nor a structure", path)
}

// unknownTables lists the raw tables that sql reads and no stream fills.
func unknownTables(spec connectors.Spec, sql string) []string {
	var unknown []string
	for _, match := range rawTable.FindAllStringSubmatch(sql, -1) {
		typ, stream, _ := strings.Cut(match[1], "__")
		if _, found := spec.Stream(stream); typ != spec.Type || !found {
			unknown = append(unknown, match[1])
		}
	}
	return unknown
}

// settings checks that what cannot be used is named.
func (s *suite) settings() {
	for name, settings := range s.c.Bad {
		_, err := s.process.Open(s.Context(), settings, promptHost{})
		var refused *connectors.ErrConfig
		if !errors.As(err, &refused) {
			s.Errorf("settings with an unusable %s end in %v, not in ErrConfig", name, err)
		} else if refused.Setting != name {
			s.Errorf("settings with an unusable %s are refused for %s", name, refused.Setting)
		}
	}
}

// check checks what Check says, of a source that is well and of one that
// refuses the credentials.
func (s *suite) check() {
	access, err := s.healthy().Check(s.Context())
	if err != nil {
		s.Errorf("Check of a healthy source: %v", err)
	}
	for _, stream := range access.Streams {
		if _, found := s.process.Spec().Stream(stream.Stream); !found {
			s.Errorf("Check names stream %q, which the connector does not have", stream.Stream)
		}
		if !stream.Readable && stream.Reason == "" {
			s.Errorf("Check says that stream %s cannot be read, but not why", stream.Stream)
		}
	}
	if s.c.Server == nil {
		return
	}
	url := s.serve(Faults{Kinds: []Fault{Unauthorized}, Rate: 1}.Wrap(s.c.Server()))
	if _, err := s.open(url, promptHost{}).Check(s.Context()); !errors.Is(err, connectors.ErrUnauthorized) {
		s.Errorf("Check with refused credentials ends in %v, not in ErrUnauthorized", err)
	}
}
