package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
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
	size := resp.ContentLength
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
		reader, size = unzipped, -1
	default:
		return nil, fmt.Errorf("the body is encoded as %.20q, which was not asked for", encoding)
	}
	body := pieces{size: minPiece}
	if size > 0 && size <= limit {
		body.size = int(size)
	}
	// The limit is on what comes out of the decompression, which stops with
	// it: a small bomb never grows beyond one limit's worth of memory.
	n, err := io.Copy(&body, io.LimitReader(reader, limit+1))
	switch {
	case err != nil:
		return body.joined(), fmt.Errorf("the body is cut: %w", err)
	case n > limit:
		return body.all[0], fmt.Errorf("%w: over %d bytes", errTooLarge, limit)
	}
	return body.joined(), nil
}

// Sizes of the pieces that a body of unknown length is kept in.
const (
	minPiece = 8 << 10
	maxPiece = 1 << 20
)

// pieces is a body being read. It grows without copying what it has, so that
// a body without an end costs its limit and not three times as much, and
// another body twice its size.
type pieces struct {
	all  [][]byte
	size int // of the next piece
}

// Write implements io.Writer.
func (p *pieces) Write(b []byte) (int, error) {
	written := len(b)
	for len(b) > 0 {
		last := len(p.all) - 1
		if last < 0 || len(p.all[last]) == cap(p.all[last]) {
			p.all = append(p.all, make([]byte, 0, p.size))
			p.size = min(2*p.size, maxPiece)
			last++
		}
		n := min(len(b), cap(p.all[last])-len(p.all[last]))
		p.all[last] = append(p.all[last], b[:n]...)
		b = b[n:]
	}
	return written, nil
}

func (p *pieces) joined() []byte {
	if len(p.all) == 1 {
		return p.all[0]
	}
	return slices.Concat(p.all...)
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
