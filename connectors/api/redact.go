package api

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// redact takes every secret out of text, in the forms a URL gives it too.
func redact(text string, secrets []string) string {
	for _, secret := range secrets {
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			if form != "" {
				text = strings.ReplaceAll(text, form, "[secret]")
			}
		}
	}
	return text
}

// addedSecrets lists what Auth put into a request: header values, with and
// without their scheme, and query values.
func addedSecrets(before http.Header, target *url.URL, r *http.Request) []string {
	var secrets []string
	for name, values := range r.Header {
		for _, value := range values {
			if slices.Contains(before[name], value) {
				continue
			}
			secrets = append(secrets, value)
			if _, bare, found := strings.Cut(value, " "); found {
				secrets = append(secrets, bare)
			}
		}
	}
	if _, password, ok := r.BasicAuth(); ok {
		secrets = append(secrets, password)
	}
	plain := target.Query()
	for name, values := range r.URL.Query() {
		for _, value := range values {
			if !slices.Contains(plain[name], value) {
				secrets = append(secrets, value)
			}
		}
	}
	return secrets
}

// longestFirst orders secrets so that one that holds another goes as a whole.
func longestFirst(secrets []string) []string {
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	return secrets
}

// withoutURL unwraps the error of net/http that prints the whole URL, whose
// query may hold a key.
func withoutURL(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
