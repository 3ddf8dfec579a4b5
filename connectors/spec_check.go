package connectors

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// nameForm is what types, streams, settings and buckets are called. Types and
// streams become table names joined by "__", so neither may hold one.
var nameForm = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

const (
	maxNameBytes    = 60
	maxSettingDepth = 4
)

// ReservedSettings are the names of the host's own part of a connector block;
// a connector cannot have a setting of that name.
func ReservedSettings() []string {
	return []string{"schedule", "stream", "command", "checksum", "kinds", "email_trust", "rate", "moved_from",
		"max_delete_share", "stall_timeout", "memory_limit", "census_every", "enabled"}
}

// Validate reports everything in the spec that the host cannot work with. The
// staging names are left to whoever knows the shapes.
func (s Spec) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }

	if !validName(s.Type) {
		fault("type %q: must be lower case letters, digits and single underscores", s.Type)
	}
	for _, kind := range s.Kinds {
		if !slices.Contains(Kinds(), kind) {
			fault("kind %q does not exist; the kinds are %v", kind, Kinds())
		}
	}
	switch s.EmailTrust {
	case "", TrustVerified, TrustStaff, TrustSelf:
	default:
		fault("email trust %q: must be verified, staff, self or empty", s.EmailTrust)
	}
	for _, setting := range s.Settings {
		if slices.Contains(ReservedSettings(), setting.Name) {
			fault("setting %q: the name belongs to the host's own part of the block; choose another", setting.Name)
		}
	}
	checkSettings(s.Settings, "setting", 1, fault)
	checkStreams(s.Streams, fault)
	checkBuckets(s.Buckets, fault)
	return errors.Join(faults...)
}

func validName(name string) bool {
	return len(name) <= maxNameBytes && nameForm.MatchString(name)
}

func checkSettings(settings []Setting, where string, depth int, fault func(string, ...any)) {
	if depth > maxSettingDepth {
		fault("%s: blocks are nested more than %d deep", where, maxSettingDepth)
		return
	}
	seen := map[string]bool{}
	for _, setting := range settings {
		name := where + " " + setting.Name
		if !validName(setting.Name) {
			fault("%s %q: must be lower case letters, digits and single underscores", where, setting.Name)
		}
		if seen[setting.Name] {
			fault("%s is declared twice", name)
		}
		seen[setting.Name] = true
		switch setting.Type {
		case TypeString, TypeInt, TypeFloat, TypeBool, TypeDuration, TypeStringList, TypeStringMap, TypeStream:
			if len(setting.Block) > 0 {
				fault("%s is a %s but declares a block", name, setting.Type)
			}
		case TypeBlock, TypeBlockList, TypeBlockMap:
			if len(setting.Block) == 0 {
				fault("%s is a %s without settings of its own", name, setting.Type)
			}
			checkSettings(setting.Block, name, depth+1, fault)
		default:
			fault("%s has the unknown type %q", name, setting.Type)
		}
	}
}

// plainPath is a path without patterns, queries and modifiers, unless escaped.
var plainPath = regexp.MustCompile(`^([^.\\*?|@!(){}]|\\.)+(\.([^.\\*?|@!(){}]|\\.)+)*$`)

func checkStreams(streams []Stream, fault func(string, ...any)) {
	if len(streams) == 0 {
		fault("no streams: a connector that reads nothing has no use")
	}
	seen := map[string]bool{}
	for _, stream := range streams {
		if !validName(stream.Name) {
			fault("stream %q: must be lower case letters, digits and single underscores", stream.Name)
		}
		if seen[stream.Name] {
			fault("stream %s is declared twice", stream.Name)
		}
		seen[stream.Name] = true
		switch stream.Mode {
		case ModeIncremental, ModeSnapshot, ModeCensus:
		default:
			fault("stream %s has the unknown mode %q; the modes are incremental, snapshot and census", stream.Name, stream.Mode)
		}
		if stream.Lookback < 0 || stream.Every < 0 {
			fault("stream %s has a negative duration", stream.Name)
		}
		for _, path := range stream.Volatile {
			if !plainPath.MatchString(path) {
				fault("stream %s: the volatile path %q must be names joined by dots, with # for every element of an array", stream.Name, path)
			}
		}
		fields := strings.TrimSpace(stream.Fields)
		if fields != "" && (fields[0] != '{' || !json.Valid([]byte(fields))) {
			fault("stream %s: fields are not a JSON object", stream.Name)
		}
	}
}

func checkBuckets(buckets []Bucket, fault func(string, ...any)) {
	seen := map[string]bool{}
	for _, bucket := range buckets {
		if !validName(bucket.Name) {
			fault("bucket %q: must be lower case letters, digits and single underscores", bucket.Name)
		}
		if seen[bucket.Name] {
			fault("bucket %s is declared twice", bucket.Name)
		}
		seen[bucket.Name] = true
		if bucket.Limit <= 0 || bucket.Per <= 0 || bucket.Burst < 0 {
			fault("bucket %s: limit and per must be positive, burst not negative", bucket.Name)
		}
	}
}
