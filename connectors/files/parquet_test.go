package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"os"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/stretchr/testify/require"
	"github.com/tidwall/gjson"

	"rollcall/connectors"
)

// rowsOf are the rows of a Parquet file as JSON, all columns wanted.
func rowsOf(t *testing.T, content []byte, columns ...string) []string {
	t.Helper()
	rows, names, err := openParquet(bytes.NewReader(content), int64(len(content)), 0, columns)
	require.NoError(t, err)
	if len(columns) == 0 {
		rows.close()
		return rowsOf(t, content, names...)
	}
	defer rows.close()
	var out []string
	for {
		p, err := rows.next()
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		out = append(out, string(p.raw))
	}
}

// testdata/duckdb.parquet was written by DuckDB 1.5.5 (session zone
// Asia/Tokyo, which must not show).
func TestParquet_keepsEveryTypeAnotherToolWrites(t *testing.T) {
	content, err := os.ReadFile("testdata/duckdb.parquet")
	require.NoError(t, err)
	rows := rowsOf(t, content)
	require.Len(t, rows, 2)
	for member, want := range map[string]string{
		"id": `1`, "big": `9007199254740993`, "ubig": `18446744073709551615`, "money": `1234567890123.45`, "cents": `-0.05`,
		"ts": `"2026-01-02T03:04:05.123456"`, "tstz": `"2026-01-02T01:04:05Z"`, "d": `"2026-02-03"`, "tm": `"04:05:06"`,
		"xs": `[1,null,3]`, "st": `{"a":"x","b":[{"c":1.5}]}`, "mp": `{"k":1,"l":null}`, "uid": `"9b2b6c1e-0000-4000-8000-000000000001"`,
		"js": `{"j": [1,2]}`, "txt": `"ä\"\\"`, "bin": `"qgE="`, "yes": `true`, "f": `1.5`, "fid": `42`,
		"tsns": `"2026-01-02T03:04:05.123456789"`, "iv": `"P1M2DT0.000S"`, "empty": `[]`, "nested": `[[1],[],null]`,
	} {
		require.Equal(t, want, gjson.Get(rows[0], member).Raw, member)
	}
	require.Equal(t, `"NaN"`, gjson.Get(rows[1], "f").Raw)
	require.Equal(t, `12345678`, gjson.Get(rows[1], "fid").Raw)
	require.Equal(t, `null`, gjson.Get(rows[1], "st").Raw)
}

// written is a Parquet file of these rows.
func written(t *testing.T, node parquet.Node, rowsPerGroup int64, rows ...parquet.Row) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewWriter(&b, parquet.NewSchema("t", node), parquet.MaxRowsPerRowGroup(rowsPerGroup))
	_, err := w.WriteRows(rows)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestParquet_keepsTheTypesOfOlderAndOtherWriters(t *testing.T) {
	wide := new(big.Int)
	wide.SetString("-12345678901234567890123456789012345678", 10)
	negative := new(big.Int).Add(wide, new(big.Int).Lsh(big.NewInt(1), 128)).FillBytes(make([]byte, 16))
	for name, c := range map[string]struct {
		node  parquet.Node
		value parquet.Value
		want  string
	}{
		"int96":        {parquet.Leaf(parquet.Int96Type), parquet.ValueOf(deprecated.Int96{0x1000, 0, 2440589}), `"1970-01-02T00:00:00.000004096"`},
		"decimal 32":   {parquet.Decimal(2, 9, parquet.Int32Type), parquet.Int32Value(-5), `-0.05`},
		"decimal wide": {parquet.Decimal(10, 38, parquet.FixedLenByteArrayType(16)), parquet.FixedLenByteArrayValue(negative), `-1234567890123456789012345678.9012345678`},
		"millis zoned": {parquet.Timestamp(parquet.Millisecond), parquet.Int64Value(-1), `"1969-12-31T23:59:59.999Z"`},
		"far time":     {parquet.Timestamp(parquet.Millisecond), parquet.Int64Value(1 << 60), `1152921504606846976`},
		"uint8":        {parquet.Uint(8), parquet.Int32Value(200), `200`},
		"uint32":       {parquet.Uint(32), parquet.Int32Value(-1), `4294967295`},
		"enum":         {parquet.Enum(), parquet.ByteArrayValue([]byte("RED")), `"RED"`},
		"bytes":        {parquet.Leaf(parquet.ByteArrayType), parquet.ByteArrayValue([]byte("plain")), `"plain"`},
		"bad json":     {parquet.JSON(), parquet.ByteArrayValue([]byte("{x")), `"{x"`},
		"infinity":     {parquet.Leaf(parquet.DoubleType), parquet.DoubleValue(math.Inf(1)), `"+Inf"`},
		"small":        {parquet.Leaf(parquet.DoubleType), parquet.DoubleValue(0.1), `0.1`},
	} {
		t.Run(name, func(t *testing.T) {
			content := written(t, parquet.Group{"v": c.node}, 10, parquet.Row{c.value.Level(0, 0, 0)})
			require.Equal(t, []string{`{"v":` + c.want + `}`}, rowsOf(t, content))
		})
	}
}

func TestParquet_readsOldListForms(t *testing.T) {
	bare := parquet.Group{"v": parquet.Repeated(parquet.Leaf(parquet.Int32Type))}
	content := written(t, bare, 10, parquet.Row{parquet.Int32Value(1).Level(0, 1, 0), parquet.Int32Value(2).Level(1, 1, 0)}, parquet.Row{parquet.Value{}.Level(0, 0, 0)})
	require.Equal(t, []string{`{"v":[1,2]}`, `{"v":[]}`}, rowsOf(t, content))
}

// people is a Parquet file of n identities in row groups of 700.
func people(t *testing.T, n int) string {
	t.Helper()
	node := parquet.Group{"id": parquet.Int(64), "email": parquet.Optional(parquet.String()), "seen": parquet.TimestampAdjusted(parquet.Microsecond, false)}
	var rows []parquet.Row
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	for i := range n {
		rows = append(rows, parquet.Row{parquet.ValueOf(fmt.Sprintf("e%d", i)).Level(0, 1, 0), parquet.Int64Value(int64(i)).Level(0, 0, 1), parquet.Int64Value(at).Level(0, 0, 2)})
	}
	return string(written(t, node, 700, rows...))
}

func TestParquet_resumesInsideRowGroups(t *testing.T) {
	l := open(t, contacts("*", `"mapping": {"source_user_id": "id", "email": "email", "created_at": "seen"}`, `"time_zone": "Asia/Tokyo"`))
	l.write("a.parquet", people(t, 2500))
	require.NoError(t, l.read("identity"))
	require.Len(t, l.rows, 2500)
	require.Equal(t, `{"file_set":"contacts","identity_id":"7","source_user_id":"7","email":"e7","created_at":"2026-01-01T00:00:00+09:00"}`, l.row("contacts:7"))
	cursors := l.cursors
	require.Len(t, cursors, 3)
	for i, cursor := range cursors {
		require.NoError(t, l.readFrom("identity", cursor))
		require.Equal(t, max(0, 2500-1000*(i+1)), l.emitted)
	}
}

func TestParquet_reportsCutAndDamagedFiles(t *testing.T) {
	whole := people(t, 2000)
	for name, content := range map[string]string{
		"cut":     whole[:len(whole)-10],
		"empty":   "",
		"garbage": "PAR1" + string(bytes.Repeat([]byte{0xff}, 100)) + "PAR1",
		"damaged": whole[:200] + string(bytes.Repeat([]byte{0xff}, 4000)) + whole[4200:],
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, contacts("*.parquet", `"snapshot": true`))
			l.write("a.parquet", content)
			var transient *connectors.Transient
			require.ErrorAs(t, l.read("identity"), &transient)
			require.Empty(t, l.scopes)
		})
	}
}

func TestParquet_namesTheMissingColumn(t *testing.T) {
	l := open(t, contacts("*.parquet", `"mapping": {"source_user_id": "id", "email": "E-mail"}`))
	l.write("a.parquet", people(t, 1))
	require.ErrorContains(t, l.read("identity"), `a.parquet has no column "E-mail"; did you mean "email"?; it has email, id, seen`)
}
