//go:build race

package main

// buildFlags make the program under test find races too.
func buildFlags() []string { return []string{"-race"} }

// monthsAStep is how far a history moves at once: a replay is slow here.
const monthsAStep = 6
