package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

// Link pages by the address of the next page, given in the Link header (RFC
// 8288) or in the body. The walk ends when there is none. An address on
// another host is refused.
type Link struct {
	Request Request // the first page; later ones keep all but its path and query
	Rel     string  // default "next"
	Path    string  // gjson path of the address in the body ("links.next"); empty: the Link header
	More    string  // gjson path of a flag that is false on the last page although it has an address
}

// Next implements Pager.
func (p Link) Next(prev *Response) (Request, bool, error) {
	if prev == nil {
		return p.Request, false, nil
	}
	setDefault(&p.Rel, "next")
	address := linkTo(prev.Header, p.Rel)
	if p.Path != "" {
		found := at(prev.Body, p.Path)
		if found.Exists() && found.Type != gjson.String && found.Type != gjson.Null && found.Type != gjson.False {
			return Request{}, true, &connectors.Transient{Err: fmt.Errorf("%s holds %s where an address was expected", p.Path, kind(found))}
		}
		address = found.Str
	}
	if address == "" || p.More != "" && !truthy(at(prev.Body, p.More)) {
		return Request{}, true, nil
	}
	target, err := prev.URL.Parse(address)
	if err != nil {
		return Request{}, true, &connectors.Transient{Err: fmt.Errorf("the address of the page after %s cannot be read", prev.URL.Path)}
	}
	next := p.Request
	next.Path, next.Query = target.String(), url.Values{}
	return next, false, nil
}

// linkTo finds the target of the first link of that relation. A link whose
// syntax is broken is passed over up to the next one.
func linkTo(header http.Header, rel string) string {
	for _, rest := range header.Values("Link") {
		for {
			_, after, found := strings.Cut(rest, "<")
			if !found {
				break
			}
			target, params, found := strings.Cut(after, ">")
			if !found {
				break
			}
			rels, next := relations(params)
			for _, got := range strings.Fields(rels) {
				if strings.EqualFold(got, rel) {
					return target
				}
			}
			rest = next
		}
	}
	return ""
}

// relations reads the parameters of one link up to the comma that ends it,
// and returns its rel and what follows.
func relations(params string) (rel, rest string) {
	for params != "" {
		params = strings.TrimLeft(params, " \t;")
		if strings.HasPrefix(params, ",") {
			return rel, params[1:]
		}
		end := strings.IndexAny(params, "=;,")
		if end < 0 {
			return rel, ""
		}
		name := strings.TrimSpace(params[:end])
		if params[end] != '=' {
			params = params[end:]
			continue
		}
		var value string
		value, params = parameter(strings.TrimLeft(params[end+1:], " \t"))
		if rel == "" && strings.EqualFold(name, "rel") {
			rel = value
		}
	}
	return rel, ""
}

// parameter reads a value, quoted or not, and returns what follows it.
func parameter(text string) (value, rest string) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, ";,")
		if end < 0 {
			end = len(text)
		}
		return strings.TrimSpace(text[:end]), text[end:]
	}
	var quoted strings.Builder
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '"':
			return quoted.String(), text[i+1:]
		case text[i] == '\\' && i+1 < len(text):
			i++
		}
		quoted.WriteByte(text[i])
	}
	return quoted.String(), ""
}
