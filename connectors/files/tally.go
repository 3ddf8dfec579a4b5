package files

import "strings"

// tally counts what was odd about a file's rows, for one line of log.
type tally struct {
	rows, malformed, keyless, oddTimes, oddFlags int64
	first                                        string // fault
}

// note keeps the first fault of the file.
func (f *fileReading) note(place, fault string) {
	if f.tally.first == "" {
		f.tally.first = place + ": " + fault
	}
}

// count notes what was odd about a record.
func (f *fileReading) count(place, fault string, m made) {
	if !m.keyed {
		f.tally.keyless++
		if fault == "" {
			fault = "its key is empty"
		}
		f.note(place, fault)
	}
	if m.oddTime {
		f.tally.oddTimes++
		f.note(place, f.set.Changed+" is no time")
	}
	if m.oddFlag {
		f.tally.oddFlags++
		f.note(place, f.set.Deleted+" is neither a boolean nor a time: the row is taken as live")
	}
}

// report logs what was odd, in one line per file.
func (f *fileReading) report() {
	t := f.tally
	if t.first != "" {
		f.log.Warn("rows with faults", "rows", t.rows, "malformed", t.malformed, "without_key", t.keyless,
			"changed_unreadable", t.oddTimes, "deleted_unreadable", t.oddFlags, "first", t.first)
	}
	text, ok := f.table.(*textTable)
	if !ok {
		return
	}
	if text.notUTF8 > 0 {
		f.log.Warn("rows are not UTF-8 and are rejected where it shows: convert the file (iconv -f WINDOWS-1252 -t UTF-8)", "rows", text.notUTF8)
	}
	if text.json != nil && t.rows > 0 && f.start == 0 {
		if faults := text.json.unseen(f.job.name); len(faults) > 0 {
			f.log.Warn("columns are in no row", "columns", strings.Join(faults, "; "))
		}
	}
}
