package connectors

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

const redacted = "[redacted]"

// minSecretLine is the shortest line of a secret of several lines that is
// looked for on its own.
const minSecretLine = 8

// A redactor takes secrets out of texts, in the forms in which they get there.
type redactor struct{ replacer *strings.Replacer }

func newRedactor(secrets []string) *redactor {
	var forms []string
	add := func(form string) {
		if form != "" && !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	for _, secret := range secrets {
		secret = strings.TrimSpace(secret)
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret), escapedJSON(secret)} {
			add(form)
		}
		if len(secret) >= minSecretLine {
			add(base64.StdEncoding.EncodeToString([]byte(secret)))
		}
		for line := range strings.Lines(secret) {
			if line = strings.TrimSpace(line); len(line) >= minSecretLine {
				add(line)
			}
		}
	}
	// The longest first: the replacer takes the first that fits.
	slices.SortStableFunc(forms, func(a, b string) int { return len(b) - len(a) })
	pairs := make([]string, 0, 2*len(forms))
	for _, form := range forms {
		pairs = append(pairs, form, redacted)
	}
	return &redactor{strings.NewReplacer(pairs...)}
}

func escapedJSON(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil || len(quoted) < 2 {
		return ""
	}
	return string(quoted[1 : len(quoted)-1])
}

func (r *redactor) text(s string) string { return r.replacer.Replace(s) }
