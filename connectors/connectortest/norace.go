//go:build !race

package connectortest

const raceFactor = 1
