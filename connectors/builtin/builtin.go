// Package builtin lists the connectors that are part of the rollcall binary.
// A bundled connector is its folder and one line here.
package builtin

import (
	"rollcall/connectors"
	"rollcall/connectors/discourse"
	"rollcall/connectors/files"
	"rollcall/connectors/github"
)

// Connectors returns a new value of every bundled connector.
func Connectors() []connectors.Connector {
	return []connectors.Connector{
		discourse.New(),
		files.New(),
		github.New(),
	}
}
