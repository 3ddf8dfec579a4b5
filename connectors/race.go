//go:build race

package connectors

// A child built with the race detector takes its options as its host does.
const raceOptions = "GORACE"
