package connectors_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

func TestSpec_validateNamesEveryFault(t *testing.T) {
	for want, change := range map[string]func(*connectors.Spec){
		`type "Discourse"`:                      func(s *connectors.Spec) { s.Type = "Discourse" },
		`type "a__b"`:                           func(s *connectors.Spec) { s.Type = "a__b" },
		`type ""`:                               func(s *connectors.Spec) { s.Type = "" },
		`kind "forum" does not exist`:           func(s *connectors.Spec) { s.Kinds = []connectors.Kind{"forum"} },
		`email trust "some"`:                    func(s *connectors.Spec) { s.EmailTrust = "some" },
		"no streams":                            func(s *connectors.Spec) { s.Streams = nil },
		"stream posts is declared twice":        func(s *connectors.Spec) { s.Streams = append(s.Streams, s.Streams[0]) },
		`stream posts has the unknown mode "x"`: func(s *connectors.Spec) { s.Streams[0].Mode = "x" },
		"stream posts: fields are not a JSON":   func(s *connectors.Spec) { s.Streams[0].Fields = `["id"]` },
		"stream posts has a negative duration":  func(s *connectors.Spec) { s.Streams[0].Every = -time.Second },
		`stream "Posts"`:                        func(s *connectors.Spec) { s.Streams[0].Name = "Posts" },
		"setting url is declared twice":         func(s *connectors.Spec) { s.Settings = append(s.Settings, s.Settings[0]) },
		`setting url has the unknown type "x"`:  func(s *connectors.Spec) { s.Settings[0].Type = "x" },
		"setting nested is a block without":     func(s *connectors.Spec) { s.Settings[1].Block = nil },
		"setting url is a string but declares":  func(s *connectors.Spec) { s.Settings[0].Block = s.Settings[1].Block },
		`setting nested "a b"`:                  func(s *connectors.Spec) { s.Settings[1].Block[0].Name = "a b" },
		"bucket api: limit and per":             func(s *connectors.Spec) { s.Buckets[0].Per = 0 },
		"bucket api is declared twice":          func(s *connectors.Spec) { s.Buckets = append(s.Buckets, s.Buckets[0]) },
	} {
		spec := sample{}.Spec()
		require.NoError(t, spec.Validate())
		change(&spec)
		require.ErrorContains(t, spec.Validate(), want)
	}
}

func TestSpec_validateRefusesTheHostsOwnNames(t *testing.T) {
	for _, name := range []string{"schedule", "stream", "command", "checksum", "kinds", "email_trust", "rate", "moved_from",
		"max_delete_share", "stall_timeout", "memory_limit", "census_every", "enabled"} {
		spec := sample{}.Spec()
		spec.Settings = append(spec.Settings, connectors.Setting{Name: name, Type: connectors.TypeString})
		require.ErrorContains(t, spec.Validate(), name)
		spec = sample{}.Spec() // inside a block of its own a connector may use it
		spec.Settings[1].Block = append(spec.Settings[1].Block, connectors.Setting{Name: name, Type: connectors.TypeString})
		require.NoError(t, spec.Validate())
	}
}

func TestSpec_validateBoundsTheNesting(t *testing.T) {
	block := []connectors.Setting{{Name: "leaf", Type: connectors.TypeInt}}
	for range 6 {
		block = []connectors.Setting{{Name: "nested", Type: connectors.TypeBlockList, Block: block}}
	}
	spec := sample{}.Spec()
	spec.Settings = block
	require.ErrorContains(t, spec.Validate(), "nested more than 4 deep")
}
