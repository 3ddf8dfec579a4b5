package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agext/levenshtein"
)

// ParseDuration reads Go's durations and whole days: "90s", "12h", "7d".
func ParseDuration(s string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 31)
		if err != nil || n > math.MaxInt64/uint64(24*time.Hour) {
			return 0, fmt.Errorf("%q is no number of days", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	return time.ParseDuration(s)
}

// sizeUnits are those DuckDB understands too, longest suffix first.
func sizeUnits() []struct {
	suffix string
	bytes  int64
} {
	return []struct {
		suffix string
		bytes  int64
	}{
		{"KIB", 1 << 10}, {"MIB", 1 << 20}, {"GIB", 1 << 30}, {"TIB", 1 << 40},
		{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
	}
}

// ParseSize reads "512MiB" or "2GB" into bytes.
func ParseSize(s string) (int64, error) {
	upper := strings.ToUpper(strings.TrimSpace(s))
	for _, unit := range sizeUnits() {
		number, ok := strings.CutSuffix(upper, unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 32)
		if err != nil || int64(n) > math.MaxInt64/unit.bytes {
			return 0, fmt.Errorf("%q is no size", s)
		}
		return int64(n) * unit.bytes, nil
	}
	return 0, errors.New("a size needs a unit: MiB, GiB, MB, GB")
}

// FormatSize writes bytes for a person: "512 MiB".
func FormatSize(n int64) string {
	const unit = 1024
	if n < unit {
		return fmt.Sprintf("%d B", n)
	}
	value, suffix := float64(n), ""
	for _, suffix = range []string{"KiB", "MiB", "GiB", "TiB"} {
		if value /= unit; value < unit {
			break
		}
	}
	if value < 10 && value != math.Trunc(value) {
		return fmt.Sprintf("%.1f %s", value, suffix)
	}
	return fmt.Sprintf("%.0f %s", value, suffix)
}

// Nearest sorts names by how close they are to word, the closest first.
func Nearest(word string, names []string) []string {
	if len(word) > 100 {
		return names
	}
	distance := func(name string) int {
		return levenshtein.Distance(strings.ToLower(word), strings.ToLower(name), nil)
	}
	return slices.SortedStableFunc(slices.Values(names), func(a, b string) int { return distance(a) - distance(b) })
}

// NearMiss returns the name closest to word by edit distance, if one is close
// enough to be what was meant.
func NearMiss(word string, names []string) (string, bool) {
	if len(word) > 100 {
		return "", false
	}
	allowed := max(2, len(word)/3) // two letters swapped are two edits
	if len(word) < 4 {
		allowed = 1
	}
	best, distance := "", allowed+1
	for _, name := range names {
		if d := levenshtein.Distance(strings.ToLower(word), strings.ToLower(name), nil); d < distance {
			best, distance = name, d
		}
	}
	return best, best != "" && best != word
}
