//go:build !race

package connectors

const raceOptions = ""
