package config

import (
	"encoding/json"
	"slices"

	"rollcall/connectors"
)

// named are the streams that the settings of a connector name, each once; nil
// where its spec has no settings for that.
func (l *loader) named(s section, spec connectors.Spec, settings connectors.Settings) []string {
	var object map[string]any
	if !namesStreams(spec.Settings) || json.Unmarshal(settings, &object) != nil {
		return nil // what was wrong with the settings is reported
	}
	var names []string
	for _, stream := range spec.Streams {
		names = append(names, stream.Name)
	}
	found := []string{}
	for _, name := range streamsIn(spec.Settings, object) {
		switch {
		case !slices.Contains(names, name):
			l.fail(s.start, "Unknown stream", "%s names the stream %q, which %s does not have.%s", upperFirst(s.what), name, spec.Type, known(name, names))
		case !slices.Contains(found, name):
			found = append(found, name)
		}
	}
	return found
}

// namesStreams reports whether any setting names a stream.
func namesStreams(settings []connectors.Setting) bool {
	return slices.ContainsFunc(settings, func(s connectors.Setting) bool {
		return s.Type == connectors.TypeStream || namesStreams(s.Block)
	})
}

// streamsIn are the values of all settings that name a stream.
func streamsIn(settings []connectors.Setting, object map[string]any) []string {
	var names []string
	for _, setting := range settings {
		switch value := object[setting.Name].(type) {
		case string:
			if setting.Type == connectors.TypeStream && value != "" { // the connector says what is missing
				names = append(names, value)
			}
		case []any:
			for _, block := range value {
				names = append(names, streamsInBlock(setting, block)...)
			}
		case map[string]any:
			if setting.Type == connectors.TypeBlock {
				names = append(names, streamsIn(setting.Block, value)...)
				continue
			}
			for _, block := range value {
				names = append(names, streamsInBlock(setting, block)...)
			}
		}
	}
	slices.Sort(names)
	return names
}

func streamsInBlock(setting connectors.Setting, value any) []string {
	block, isBlock := value.(map[string]any)
	if !isBlock {
		return nil
	}
	return streamsIn(setting.Block, block)
}
