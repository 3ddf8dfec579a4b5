package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/tidwall/gjson"
)

// maxErrorBody bounds the body of an error status, of which only the
// beginning is looked at.
const maxErrorBody = 1 << 20

var errTooLarge = errors.New("the body is larger than allowed")

// readBody reads and decompresses a body within the limits. It returns what
// it got together with the reason when that is not everything.
func (c *Client) readBody(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	limit := c.options.MaxBody
	if resp.StatusCode >= 300 {
		limit = min(limit, maxErrorBody)
	}
	var reader io.Reader = resp.Body
	switch encoding := strings.ToLower(resp.Header.Get("Content-Encoding")); encoding {
	case "", "identity":
	case "gzip", "x-gzip":
		if resp.ContentLength == 0 || resp.Request.Method == http.MethodHead {
			return nil, nil
		}
		unzipped, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, fmt.Errorf("the gzip body cannot be read: %w", err)
		}
		reader = unzipped
	default:
		return nil, fmt.Errorf("the body is encoded as %.20q, which was not asked for", encoding)
	}
	var body bytes.Buffer
	if size := resp.ContentLength; size > 0 && size <= limit {
		body.Grow(int(size) + bytes.MinRead)
	}
	// The limit is on what comes out of the decompression, which stops with
	// it: a small bomb never grows beyond one limit's worth of memory.
	n, err := body.ReadFrom(io.LimitReader(reader, limit+1))
	if err != nil {
		return body.Bytes(), fmt.Errorf("the body is cut: %w", err)
	}
	if n > limit {
		return body.Bytes()[:limit], fmt.Errorf("%w: over %d bytes", errTooLarge, limit)
	}
	return body.Bytes(), nil
}

// checkJSON checks the syntax of a whole body, once; all later reading trusts
// it.
func checkJSON(body []byte, maxDepth int) error {
	trimmed := bytes.TrimSpace(body)
	switch {
	case len(trimmed) == 0:
		return errors.New("the body is empty where JSON was expected")
	case tooDeep(body, maxDepth):
		return fmt.Errorf("the body nests deeper than %d", maxDepth)
	case !gjson.ValidBytes(body):
		return errors.New("the body is not complete JSON")
	case trimmed[0] != '{' && trimmed[0] != '[':
		return fmt.Errorf("the body is a %s where an object or array was expected", kind(gjson.ParseBytes(trimmed[:min(len(trimmed), 64)])))
	}
	return nil
}

// tooDeep reports whether arrays and objects nest deeper than limit. It comes
// before the syntax check, which recurses and would exhaust the stack.
func tooDeep(body []byte, limit int) bool {
	depth := 0
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{', '[':
			if depth++; depth > limit {
				return true
			}
		case '}', ']':
			depth--
		case '"':
			i = stringEnd(body, i)
		}
	}
	return false
}

// stringEnd returns the index of the quote that ends the string starting at
// i, or the last index if none does.
func stringEnd(body []byte, i int) int {
	for i++; i < len(body); i++ {
		quote := bytes.IndexByte(body[i:], '"')
		if quote < 0 {
			break
		}
		i += quote
		slashes := 0
		for body[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
	}
	return len(body) - 1
}
