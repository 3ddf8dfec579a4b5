//go:build race

package main

// buildFlags make the program under test find races too.
func buildFlags() []string { return []string{"-race"} }
