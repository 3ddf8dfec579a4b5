//go:build race

package connectortest

// raceFactor is how many times the memory a child built with the race detector
// takes.
const raceFactor = 12
