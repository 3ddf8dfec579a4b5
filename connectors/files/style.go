package files

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// A style is how a file is written.
type style struct {
	format  string // csv, jsonl, parquet
	packing string // gzip, zstd, or empty
	ending  string // ".tsv"
}

func formats() []string { return []string{"csv", "jsonl", "parquet"} }

// plain reports whether the file can be read on from a byte. Only files that
// are not plain show whether they are whole: a cut gzip, zstd or Parquet file
// cannot be read to its end.
func (s style) plain() bool { return s.packing == "" && s.format != "parquet" }

// styleOf tells a file's style from the settings, its name and its first
// bytes, which decide over the name whether it is packed.
func (f *fileSet) styleOf(name string, file *os.File) (style, error) {
	head := make([]byte, 4)
	n, err := file.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return style{}, err
	}
	base := strings.ToLower(filepath.Base(name))
	s := style{packing: packing(base, string(head[:n]))}
	base = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(base, ".gz"), ".gzip"), ".zst")
	s.ending = filepath.Ext(base)
	switch s.format = f.Format; {
	case s.format != "":
	case s.ending == ".csv", s.ending == ".tsv", s.ending == ".tab", s.ending == ".txt":
		s.format = "csv"
	case s.ending == ".jsonl", s.ending == ".ndjson", s.ending == ".json":
		s.format = "jsonl"
	case s.ending == ".parquet", s.ending == ".pq":
		s.format = "parquet"
	default:
		return s, f.fault("format", "cannot be told from the name %s: set it to one of %s", name, strings.Join(formats(), ", "))
	}
	if s.format == "parquet" && s.packing != "" {
		return s, f.fault("path", "%s: a packed Parquet file is not read: unpack it, Parquet is compressed inside", name)
	}
	return s, nil
}

func packing(base, head string) string {
	switch {
	case strings.HasPrefix(head, "\x1f\x8b"):
		return "gzip"
	case head == "\x28\xb5\x2f\xfd":
		return "zstd"
	case len(head) > 1: // long enough to show what it is
		return ""
	case strings.HasSuffix(base, ".gz"), strings.HasSuffix(base, ".gzip"):
		return "gzip"
	case strings.HasSuffix(base, ".zst"):
		return "zstd"
	}
	return ""
}

// errCut is a file that ends too early or is damaged.
var errCut = errors.New("the file is cut or damaged")

// unpack returns the text of a packed file, and what closes it. Errors of the
// packing wrap errCut.
func unpack(r io.Reader, packing string) (io.Reader, func(), error) {
	buffered := bufio.NewReaderSize(r, 128<<10)
	switch packing {
	case "gzip":
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: gzip: %v", errCut, err)
		}
		return cutReader{z, packing}, func() { z.Close() }, nil
	case "zstd":
		z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, nil, fmt.Errorf("%w: zstd: %v", errCut, err)
		}
		return cutReader{z, packing}, z.Close, nil
	}
	return r, func() {}, nil
}

// cutReader marks the errors of a packed stream as errCut.
type cutReader struct {
	r       io.Reader
	packing string
}

func (c cutReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%w: %s: %v", errCut, c.packing, err)
	}
	return n, err
}
