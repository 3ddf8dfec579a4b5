package files

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

func TestDecodeCursor_refusesWhatIsNotItsOwn(t *testing.T) {
	for _, cursor := range []string{"{", `{"v":2,"sets":{}}`, `{"v":1,"sets":{"a":null}}`, `{"v":1,"sets":{"a":{"c":"","files":[null]}}}`,
		`{"v":1,"sets":{"a":{"c":"","old":"AAAA"}}}`, `{"v":1,"sets":{"a":{"c":"","files":[{"p":-1}]}}}`, `{"v":1,"sets":null}`, `{"page":3}`} {
		_, err := decodeCursor(connectors.Cursor(cursor))
		require.ErrorIs(t, err, connectors.ErrCursorExpired, cursor)
	}
}

func TestEncode_forgetsTheOldestWhenEvenStampsDoNotFit(t *testing.T) {
	p := &progress{Version: cursorVersion, Sets: map[string]*setState{"a": {}}}
	set := p.Sets["a"]
	for i := range 20_000 {
		set.Files = append(set.Files, &fileState{Name: fmt.Sprint(i), Done: true, Fresh: i%1000 == 0})
	}
	cursor, err := p.encode()
	require.NoError(t, err)
	require.LessOrEqual(t, len(cursor), cursorLimit)
	require.Greater(t, len(set.Old)/stampBytes, 7000)
	back, err := decodeCursor(cursor)
	require.NoError(t, err)
	known := back.Sets["a"].Old.set()
	require.True(t, known[stampOf("19998", 0, 0)])
	require.False(t, known[stampOf("1", 0, 0)])
}

func FuzzDecodeCursor(f *testing.F) {
	f.Add([]byte(`{"v":1,"sets":{"a":{"c":"x","files":[{"n":"a","s":1,"m":2,"p":3,"l":4,"h":5,"d":true}],"old":"AAAAAAAA"}}}`))
	f.Add([]byte(`{"rollcall_since":"2026-01-01T00:00:00Z"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodeCursor(b)
		if err != nil {
			require.ErrorIs(t, err, connectors.ErrCursorExpired)
			return
		}
		again, err := p.encode()
		require.NoError(t, err)
		require.LessOrEqual(t, len(again), cursorLimit)
		_, err = decodeCursor(again)
		require.NoError(t, err)
	})
}

// chunks splits text with small reads and a small limit.
func chunks(t *testing.T, text []byte, scan scan, at position) (all []chunk, s *splitter) {
	t.Helper()
	prefix := xxhash.New()
	_, _ = prefix.Write(text[:at.pos])
	s = newSplitter(iotest{bytes.NewReader(text[at.pos:])}, at, prefix, 16, scan)
	s.limit = 64
	for range len(text) + 2 {
		c, err := s.next()
		if err != nil {
			return all, s
		}
		c.raw = bytes.Clone(c.raw)
		all = append(all, c)
		if !c.ended {
			return all, s
		}
	}
	t.Fatal("the splitter does not end")
	return nil, nil
}

// iotest reads three bytes at a time.
type iotest struct{ r *bytes.Reader }

func (r iotest) Read(p []byte) (int, error) { return r.r.Read(p[:min(len(p), 3)]) }

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "\"a\"\"b\",c\r\n\"x\ny\",z", "\"open\nline\nline", "\xef\xbb\xbfa\n\n\n", "\"a\"x,\n\"\n\"\"\n", strings.Repeat("x", 200) + "\ny\n"} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	f.Fuzz(func(t *testing.T, text []byte, csv bool) {
		style := csvStyle{delimiter: ',', quote: '"'}
		scan := scanLine
		if csv {
			scan = style.scan
		}
		all, s := chunks(t, text, scan, position{})
		end := s.position()
		require.LessOrEqual(t, end.pos, int64(len(text)))
		require.Equal(t, xxhash.Sum64(text[:end.pos]), end.hash)
		require.Equal(t, int64(bytes.Count(text[:end.pos], []byte("\n"))), end.line)
		for _, c := range all {
			if csv && c.fault == "" {
				_, ok := style.cells(string(bytes.TrimSuffix(c.raw, []byte("\r"))), nil)
				require.True(t, ok || !c.ended, "%q", c.raw)
			}
			require.LessOrEqual(t, len(c.raw), 64+1)
		}
		rest, _ := chunks(t, text, scan, end)
		ended := 0
		for _, c := range rest {
			if c.ended {
				ended++
			}
		}
		require.Zero(t, ended, "nothing ended lies behind the position")
	})
}

func FuzzJSONRow(f *testing.F) {
	f.Add([]byte(`{"id":1,"a":{"b":[1,{"c":null}]}}`))
	f.Add([]byte(`{"id":"\ud800","id":2}`))
	f.Add([]byte(`[1`))
	sets, err := fileSets(connectors.Settings(`{"file":{"a":{"path":"/a","stream":"identity","mapping":{"source_user_id":"id","email":"a.b.1.c"}}}}`))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, raw []byte) {
		rows := newJSONRows(sets[0].wanted())
		row, fault := rows.parse(raw)
		if row == nil {
			require.NotEmpty(t, fault)
			return
		}
		m := newRowMaker(sets[0]).record(row, "a:1", 0)
		require.NotEmpty(t, m.record.Key)
		require.False(t, tooDeep(m.record.Data))
	})
}
