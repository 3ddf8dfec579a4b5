package connectors

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
)

// An entry is a log line as slog writes it, or as Python's and hclog's JSON
// writers do.
type entry struct {
	level   slog.Level
	message string
	rest    map[string]json.RawMessage
}

func parseEntry(line []byte) (entry, bool) {
	var e entry
	if len(line) == 0 || line[0] != '{' || json.Unmarshal(line, &e.rest) != nil {
		return e, false
	}
	found := false
	for _, name := range []string{"msg", "message", "@message"} {
		if raw, ok := e.rest[name]; ok && !found && json.Unmarshal(raw, &e.message) == nil {
			delete(e.rest, name)
			found = true
		}
	}
	for _, name := range []string{"level", "@level", "levelname"} {
		var level string
		if raw, ok := e.rest[name]; ok && json.Unmarshal(raw, &level) == nil {
			delete(e.rest, name)
			e.level = levelOf(level)
		}
	}
	for _, name := range []string{"time", "@timestamp", "timestamp"} {
		delete(e.rest, name)
	}
	return e, found
}

func levelOf(name string) slog.Level {
	switch strings.ToLower(name) {
	case "trace", "debug":
		return slog.LevelDebug
	case "warn", "warning":
		return slog.LevelWarn
	case "error", "critical", "fatal":
		return slog.LevelError
	}
	return slog.LevelInfo
}

// attrs are the entry's other members, in order of their names.
func (e entry) attrs(redact *redactor) []slog.Attr {
	names := make([]string, 0, len(e.rest))
	for name := range e.rest {
		names = append(names, name)
	}
	slices.Sort(names)
	attrs := make([]slog.Attr, 0, len(names))
	for _, name := range names {
		value := string(e.rest[name])
		var text string
		if json.Unmarshal(e.rest[name], &text) == nil {
			value = text
		}
		attrs = append(attrs, slog.String(redact.text(name), shorten(redact.text(value), maxShownBytes)))
	}
	return attrs
}
