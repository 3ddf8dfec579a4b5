package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"rollcall/connectors"
)

// settings decodes a connector's own part of its block into the JSON object
// the contract names, and returns the secret values in it.
func (l *loader) settings(s section, settings []connectors.Setting) (connectors.Settings, []string) {
	l.checkNames(s.body, s.what, s.start, settings)
	value, _, diags := hcldec.PartialDecode(s.body, decoder(settings), l.ctx)
	l.diags = append(l.diags, diags...)
	if diags.HasErrors() {
		return nil, nil
	}
	object, secrets := plainObject(settings, value)
	raw, err := json.Marshal(object)
	if err != nil {
		l.fail(s.start, "Unusable settings", "%v", err)
	}
	return connectors.Settings(raw), secrets
}

// checkNames reports missing blocks, and unknown names inside nested ones; the
// connector's own block is checked together with the host's names.
func (l *loader) checkNames(body *hclsyntax.Body, what string, start hcl.Range, settings []connectors.Setting) {
	for _, setting := range settings {
		present := slices.ContainsFunc(body.Blocks, func(b *hclsyntax.Block) bool { return b.Type == setting.Name })
		if setting.Required && isBlock(setting.Type) && !present {
			l.fail(start, "Missing "+setting.Name, "%s needs a block %s: %s.%s", upperFirst(what), setting.Name, setting.Help, existing(settings))
		}
	}
	for _, block := range body.Blocks {
		i := slices.IndexFunc(settings, func(s connectors.Setting) bool { return s.Name == block.Type && isBlock(s.Type) })
		if i < 0 {
			continue
		}
		inner := fmt.Sprintf("block %s of %s", block.Type, what)
		l.unknownNames(block.Body, inner, settingNames(settings[i].Block, false), settingNames(settings[i].Block, true))
		l.checkNames(block.Body, inner, block.DefRange(), settings[i].Block)
	}
}

func isBlock(t connectors.SettingType) bool {
	return t == connectors.TypeBlock || t == connectors.TypeBlockList || t == connectors.TypeBlockMap
}

// settingNames lists the attributes, or the blocks, among settings.
func settingNames(settings []connectors.Setting, blocks bool) []string {
	var names []string
	for _, setting := range settings {
		if isBlock(setting.Type) == blocks {
			names = append(names, setting.Name)
		}
	}
	return names
}

// decoder builds the HCL decoder of a connector's settings.
func decoder(settings []connectors.Setting) hcldec.ObjectSpec {
	spec := hcldec.ObjectSpec{}
	for _, setting := range settings {
		switch setting.Type {
		case connectors.TypeBlock:
			spec[setting.Name] = &hcldec.BlockSpec{TypeName: setting.Name, Nested: decoder(setting.Block)}
		case connectors.TypeBlockList:
			spec[setting.Name] = &hcldec.BlockTupleSpec{TypeName: setting.Name, Nested: decoder(setting.Block)}
		case connectors.TypeBlockMap:
			spec[setting.Name] = &hcldec.BlockObjectSpec{TypeName: setting.Name, LabelNames: []string{"name"}, Nested: decoder(setting.Block)}
		default:
			spec[setting.Name] = &hcldec.ValidateSpec{
				Wrapped: &hcldec.DefaultSpec{
					Primary: &hcldec.AttrSpec{Name: setting.Name, Type: cty.DynamicPseudoType},
					Default: &hcldec.LiteralSpec{Value: defaultValue(setting)},
				},
				Func: func(value cty.Value) hcl.Diagnostics { return validate(setting, value, existing(settings)) },
			}
		}
	}
	return spec
}

// defaultValue reads Setting.Default, written as in HCL; a string or duration
// may omit its quotes.
func defaultValue(setting connectors.Setting) cty.Value {
	if setting.Default == "" {
		return cty.NullVal(cty.DynamicPseudoType)
	}
	expr, diags := hclsyntax.ParseExpression([]byte(setting.Default), "default", hcl.InitialPos)
	if !diags.HasErrors() {
		if value, diags := expr.Value(nil); !diags.HasErrors() {
			return value
		}
	}
	return cty.StringVal(setting.Default)
}

// existing lists the settings there are.
func existing(settings []connectors.Setting) string {
	return " Its settings are: " + strings.Join(slices.Concat(settingNames(settings, false), settingNames(settings, true)), ", ") + "."
}

func validate(setting connectors.Setting, value cty.Value, existing string) hcl.Diagnostics {
	fail := func(summary, format string, args ...any) hcl.Diagnostics {
		return hcl.Diagnostics{{Severity: hcl.DiagError, Summary: summary, Detail: fmt.Sprintf(format, args...)}}
	}
	if value.IsNull() {
		if setting.Required {
			return fail("Missing "+setting.Name, "%s is required: %s.%s", setting.Name, setting.Help, existing)
		}
		return nil
	}
	if setting.Secret && !wholly(value) {
		return fail("Secret written into the file", "%s is a secret: read it from outside, %s = env(\"NAME\") or %s = file(\"/path\"). Take the literal value out of this file and replace it at the source if the file was shared.",
			setting.Name, setting.Name, setting.Name)
	}
	if _, err := coerce(setting.Type, value); err != nil {
		return fail("Wrong type", "%s must be %v.%s", setting.Name, err, existing)
	}
	return nil
}

// wholly reports whether a value, or every element of it, came from env() or
// file().
func wholly(value cty.Value) bool {
	if value.HasMark(external{}) {
		return true
	}
	if value.IsNull() || !value.CanIterateElements() || value.LengthInt() == 0 {
		return false
	}
	for it := value.ElementIterator(); it.Next(); {
		if _, element := it.Element(); !wholly(element) {
			return false
		}
	}
	return true
}

// plainObject turns a decoded body into what is sent to the connector. Unset
// settings are absent.
func plainObject(settings []connectors.Setting, value cty.Value) (map[string]any, []string) {
	object := map[string]any{}
	var secrets []string
	for _, setting := range settings {
		member := value.GetAttr(setting.Name)
		if member.IsNull() {
			continue
		}
		switch setting.Type {
		case connectors.TypeBlock:
			inner, more := plainObject(setting.Block, member)
			object[setting.Name], secrets = inner, append(secrets, more...)
		case connectors.TypeBlockList, connectors.TypeBlockMap:
			inner, more := plainBlocks(setting, member)
			if inner != nil {
				object[setting.Name], secrets = inner, append(secrets, more...)
			}
		default:
			plain, err := coerce(setting.Type, member)
			if err != nil {
				continue // reported by validate
			}
			object[setting.Name] = plain
			if setting.Secret {
				secrets = append(secrets, texts(plain)...)
			}
		}
	}
	return object, secrets
}

// plainBlocks turns repeated blocks into a list, or labelled ones into a map;
// nil if there are none.
func plainBlocks(setting connectors.Setting, value cty.Value) (any, []string) {
	var (
		list    []any
		byLabel = map[string]any{}
		secrets []string
	)
	for it := value.ElementIterator(); it.Next(); {
		key, element := it.Element()
		inner, more := plainObject(setting.Block, element)
		secrets = append(secrets, more...)
		list = append(list, inner)
		if setting.Type == connectors.TypeBlockMap {
			byLabel[key.AsString()] = inner
		}
	}
	if len(list) == 0 {
		return nil, nil
	}
	if setting.Type == connectors.TypeBlockMap {
		return byLabel, secrets
	}
	return list, secrets
}

// texts are the strings in a plain value.
func texts(plain any) []string {
	switch v := plain.(type) {
	case string:
		return []string{v}
	case []string:
		return v
	case map[string]string:
		var list []string
		for _, text := range v {
			list = append(list, text)
		}
		return list
	default:
		return []string{fmt.Sprint(v)}
	}
}
