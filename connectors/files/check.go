package files

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cespare/xxhash/v2"

	"rollcall/connectors"
)

// Check lists the files each set finds and opens the newest one, so that a
// wrong path, a closed file or a missing column shows before a sync. It is
// silent about streams that no file block fills.
func (s *source) Check(ctx context.Context) (connectors.Access, error) {
	access := connectors.Access{}
	var found []string
	for _, name := range shapeNames() {
		if !s.fills(name) {
			continue
		}
		stream := connectors.StreamAccess{Stream: name, Readable: true}
		var faults []string
		for _, set := range s.sets {
			if set.Stream != name {
				continue
			}
			if err := ctx.Err(); err != nil {
				return access, err
			}
			what, notes, err := set.survey()
			found = append(found, what)
			access.Notes = append(access.Notes, notes...)
			if err != nil {
				faults = append(faults, err.Error())
			}
		}
		if len(faults) > 0 {
			stream.Readable, stream.Reason = false, strings.Join(faults, "; ")
		}
		access.Streams = append(access.Streams, stream)
	}
	access.Account = "local files: " + strings.Join(found, ", ")
	return access, nil
}

// survey says what the set finds, what it passes over, and what stands in the
// way of reading it.
func (f *fileSet) survey() (what string, notes []string, err error) {
	found, skipped, err := f.list()
	if err != nil {
		return f.name + " (none)", nil, err
	}
	for _, note := range skipped {
		notes = append(notes, f.name+": "+note)
	}
	if len(found) == 0 {
		return f.name + " (none)", notes, fmt.Errorf("file set %s: no file matches %s", f.name, f.Path)
	}
	newest := found[len(found)-1]
	what = fmt.Sprintf("%s (%d, newest %s)", f.name, len(found), newest.name)
	var failed *fileError
	if err := f.try(newest); errors.As(err, &failed) {
		return what, notes, failed.err
	}
	return what, notes, nil
}

// try opens a file and reads its header or schema.
func (f *fileSet) try(m match) error {
	opened, err := os.Open(m.path)
	if err != nil {
		return f.fileFault(m.name, err)
	}
	defer opened.Close()
	style, err := f.styleOf(m.name, opened)
	if err != nil {
		return f.fileFault(m.name, err)
	}
	if m.size == 0 {
		return nil
	}
	table, err := f.open(m, opened, style, position{}, xxhash.New())
	if errors.Is(err, errNoHeader) {
		return nil
	}
	if err != nil {
		return f.fileFault(m.name, err)
	}
	table.close()
	return nil
}
