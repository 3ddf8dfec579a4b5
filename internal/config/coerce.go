package config

import (
	"encoding/json"
	"errors"
	"math/big"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"rollcall/connectors"
)

// coerce turns a value into what its setting's type sends to the connector.
// Types are taken strictly, but a string from env() or file() may stand for a
// number or a truth value. Errors say what is wanted, never what was given.
func coerce(typ connectors.SettingType, value cty.Value) (any, error) {
	outside := value.HasMark(external{})
	value, _ = value.UnmarkDeep()
	switch typ {
	case connectors.TypeString, connectors.TypeStream:
		if value.Type() == cty.String {
			return value.AsString(), nil
		}
		return nil, errors.New("a string in quotes")
	case connectors.TypeInt:
		return coerceInt(value, outside)
	case connectors.TypeFloat:
		return coerceFloat(value, outside)
	case connectors.TypeBool:
		if value.Type() == cty.Bool {
			return value.True(), nil
		}
		if b, err := strconv.ParseBool(plainText(value)); err == nil && outside {
			return b, nil
		}
		return nil, errors.New("true or false")
	case connectors.TypeDuration:
		d, err := ParseDuration(plainText(value))
		if err != nil || d < 0 {
			return nil, errors.New(`a duration: "90s", "12h" or "7d"`)
		}
		return d.String(), nil
	case connectors.TypeStringList:
		return coerceList(value, outside)
	case connectors.TypeStringMap:
		return coerceMap(value)
	}
	return nil, errors.New("of a type rollcall does not know: a bug of the connector")
}

func coerceInt(value cty.Value, outside bool) (int64, error) {
	if value.Type() == cty.Number {
		if n, accuracy := value.AsBigFloat().Int64(); accuracy == big.Exact {
			return n, nil
		}
	}
	if n, err := strconv.ParseInt(plainText(value), 10, 64); err == nil && outside {
		return n, nil
	}
	return 0, errors.New("a whole number")
}

func coerceFloat(value cty.Value, outside bool) (json.Number, error) {
	if value.Type() == cty.Number {
		return json.Number(value.AsBigFloat().Text('g', -1)), nil
	}
	if f, err := strconv.ParseFloat(plainText(value), 64); err == nil && outside {
		return json.Number(strconv.FormatFloat(f, 'g', -1, 64)), nil
	}
	return "", errors.New("a number")
}

// coerceList reads a list of strings; one string stands for a list of one,
// where it came from outside split at commas.
func coerceList(value cty.Value, outside bool) ([]string, error) {
	if value.Type() == cty.String {
		if outside {
			return splitList(value.AsString()), nil
		}
		return []string{value.AsString()}, nil
	}
	wrong := errors.New("a list of strings")
	if value.IsNull() || !value.CanIterateElements() || value.Type().IsObjectType() || value.Type().IsMapType() {
		return nil, wrong
	}
	list := []string{}
	for it := value.ElementIterator(); it.Next(); {
		_, element := it.Element()
		if element.IsNull() || element.Type() != cty.String {
			return nil, wrong
		}
		list = append(list, element.AsString())
	}
	return list, nil
}

func coerceMap(value cty.Value) (map[string]string, error) {
	wrong := errors.New("a map of strings: { name = \"value\" }")
	if value.IsNull() || !(value.Type().IsObjectType() || value.Type().IsMapType()) {
		return nil, wrong
	}
	out := map[string]string{}
	for it := value.ElementIterator(); it.Next(); {
		key, element := it.Element()
		if element.IsNull() || element.Type() != cty.String {
			return nil, wrong
		}
		out[key.AsString()] = element.AsString()
	}
	return out, nil
}

// plainText is the text of a string value, and "" of any other.
func plainText(value cty.Value) string {
	if value.Type() != cty.String || value.IsNull() || !value.IsKnown() || value.IsMarked() {
		return ""
	}
	return value.AsString()
}

func splitList(text string) []string {
	list := []string{}
	for _, part := range strings.Split(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list
}
