package api

import (
	"fmt"
	"unsafe"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

// Items calls fn for each element of the array at path ("" or "@this": the
// body itself) in a body that Do has checked. It stops at fn's first error and
// returns it. Anything but an array at path, nothing and null included, is a
// *connectors.Transient naming path and what was found: taking it for an empty
// page would lose records.
//
// An item's Raw points into the body; see Raw.
func Items(body []byte, path string, fn func(item gjson.Result) error) error {
	list, err := array(body, path)
	if err != nil {
		return &connectors.Transient{Err: err}
	}
	list.ForEach(func(_, item gjson.Result) bool {
		err = fn(item)
		return err == nil
	})
	return err
}

// Raw is an item's JSON as bytes, without copying: the data of a Record. It
// keeps the body it came from in memory and must not be changed.
func Raw(item gjson.Result) []byte {
	return unsafe.Slice(unsafe.StringData(item.Raw), len(item.Raw))
}

func array(body []byte, path string) (gjson.Result, error) {
	found := at(body, path)
	if found.IsArray() {
		return found, nil
	}
	if path == "" || path == "@this" {
		path = "the body"
	}
	return found, fmt.Errorf("%s holds %s where an array was expected", path, kind(found))
}

// at reads a path without copying what it finds; gjson.GetBytes would copy
// the whole page. Bodies are never changed, so the strings stay true.
func at(body []byte, path string) gjson.Result {
	text := unsafe.String(unsafe.SliceData(body), len(body))
	if path == "" || path == "@this" {
		return gjson.Parse(text)
	}
	return gjson.Get(text, path)
}

// count is the number of elements of the array at path; 0 if there is none.
func count(body []byte, path string) int {
	n := 0
	at(body, path).ForEach(func(_, _ gjson.Result) bool { n++; return true })
	return n
}

func kind(v gjson.Result) string {
	switch {
	case !v.Exists():
		return "nothing"
	case v.IsArray():
		return "array"
	case v.IsObject():
		return "object"
	case v.Type == gjson.Null:
		return "null"
	case v.IsBool():
		return "boolean"
	}
	if v.Type == gjson.Number {
		return "number"
	}
	return "string"
}
