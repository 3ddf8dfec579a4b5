package api

import (
	"fmt"
	"strings"
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
	return each(list, fn)
}

// Items calls fn for each element of the array at Request.Items, like the
// function Items but without looking for it again.
func (r *Response) Items(fn func(item gjson.Result) error) error {
	if !r.list.Exists() {
		return Items(r.Body, r.Request.Items, fn)
	}
	return each(r.list, fn)
}

func each(list gjson.Result, fn func(item gjson.Result) error) (err error) {
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

// page is the array at Request.Items, or a Result that holds nothing.
func (r *Response) page() gjson.Result {
	if r.list.Exists() {
		return r.list
	}
	return at(r.Body, r.Request.Items)
}

// count is the number of elements of an array.
func count(list gjson.Result) int {
	n := 0
	list.ForEach(func(_, _ gjson.Result) bool { n++; return true })
	return n
}

// isEmpty reports whether a value is no array or an array without elements,
// without reading through it.
func isEmpty(list gjson.Result) bool {
	rest := strings.TrimLeft(strings.TrimPrefix(list.Raw, "["), " \t\r\n")
	return !list.IsArray() || rest == "" || rest[0] == ']'
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
