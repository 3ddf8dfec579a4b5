package config

import (
	"fmt"
	"os"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// external marks a value that came from env() or file(), the only places a
// secret may come from.
type external struct{}

// maxSecretBytes bounds what file() reads.
const maxSecretBytes = 64 << 10

func (l *loader) functions() map[string]function.Function {
	return map[string]function.Function{
		"env":  l.textFunction("name", l.env),
		"file": l.textFunction("path", l.file),
	}
}

func (l *loader) textFunction(param string, read func(arg string) (string, error)) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: param, Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			text, err := read(args[0].AsString())
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			l.outside = append(l.outside, text)
			return cty.StringVal(text).Mark(external{}), nil
		},
	})
}

func (l *loader) env(name string) (string, error) {
	if l.opts.Getenv == nil {
		return "", fmt.Errorf("the environment cannot be read here")
	}
	text, ok := l.opts.Getenv(name)
	if !ok {
		return "", fmt.Errorf("the environment variable %s is not set", name)
	}
	if text = strings.TrimSpace(text); text == "" {
		return "", fmt.Errorf("the environment variable %s is empty", name)
	}
	return text, nil
}

func (l *loader) file(path string) (string, error) {
	path = l.absolute(path)
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, reason(err))
	}
	if !info.Mode().IsRegular() || info.Size() > maxSecretBytes {
		return "", fmt.Errorf("%s is no regular file of at most %d KiB", path, maxSecretBytes>>10)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, reason(err))
	}
	if len(strings.TrimSpace(string(text))) == 0 {
		return "", fmt.Errorf("%s is empty", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		l.diags = append(l.diags, &hcl.Diagnostic{Severity: hcl.DiagWarning, Summary: "File open to others",
			Detail: fmt.Sprintf("%s can be read by other users (mode %04o): chmod 600 it if it holds a secret", path, info.Mode().Perm())})
	}
	return strings.TrimSpace(string(text)), nil
}
