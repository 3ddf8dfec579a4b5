package sync

import (
	"cmp"
	"context"
	"crypto/md5"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"rollcall/connectors"
	"rollcall/internal/warehouse"
)

// scopeIndex knows which live keys were stored under each value of a path
// when the run first declared a scope of it. What the run itself stores need
// not join it: those keys are listed, and a listed key is never gone.
type scopeIndex struct{ paths map[string][]scopedKey }

// A scopedKey is 16 bytes per stored record of a stream that uses scopes.
type scopedKey struct{ value, key uint64 }

// candidates returns the stored live keys of a scope ("topic_id=812").
func (s *scopeIndex) candidates(ctx context.Context, db *warehouse.DB, id streamID, known *contents, scope string) ([]uint64, error) {
	path, value, ok := strings.Cut(scope, "=")
	if !ok || path == "" || strings.ContainsAny(path, "#|@*?{}[]()!") {
		return nil, &breach{fmt.Sprintf("the scope %q is not a plain path=value", scope)}
	}
	index, built := s.paths[path]
	if !built {
		var err error
		if index, err = buildScope(ctx, db, id, known, path); err != nil {
			return nil, fmt.Errorf("index the records of %s by %s: %w", id, path, err)
		}
		s.paths[path] = index
	}
	want := valueHash(value)
	first, _ := slices.BinarySearchFunc(index, want, func(k scopedKey, value uint64) int { return cmp.Compare(k.value, value) })
	var keys []uint64
	for _, entry := range index[first:] {
		if entry.value != want {
			break
		}
		keys = append(keys, entry.key)
	}
	return keys, nil
}

// buildScope reads the path's value of every live record. Its hash is one
// that both DuckDB and Go can make.
func buildScope(ctx context.Context, db *warehouse.DB, id streamID, known *contents, path string) ([]scopedKey, error) {
	pointer := ""
	for _, name := range connectors.SplitPath(path) {
		pointer += "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	}
	columns := "key_hash, version, md5_number_lower(json_extract_string(data, " + warehouse.Literal(pointer) + "))"
	var index []scopedKey
	err := scanStored(ctx, db, id, columns, func(row []driver.Value) error {
		key := row[0].(uint64)
		value, ok := row[2].(uint64)
		if v, found := known.get(key); ok && found && v.content != tombstone && v.number == row[1].(int64) {
			index = append(index, scopedKey{value, key})
		}
		return nil
	})
	slices.SortFunc(index, func(a, b scopedKey) int { return cmp.Compare(a.value, b.value) })
	return index, err
}

func valueHash(value string) uint64 {
	sum := md5.Sum([]byte(value))
	return binary.LittleEndian.Uint64(sum[8:])
}
