//go:build !race

package main

func buildFlags() []string { return nil }

// monthsAStep is how far a history moves at once.
const monthsAStep = 1
