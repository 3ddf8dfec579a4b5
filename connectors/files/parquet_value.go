package files

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/format"
	"github.com/tidwall/gjson"
)

type render = func([]byte, parquet.Value) []byte

// groupKind tells lists and maps from structures.
func groupKind(e *format.SchemaElement) (list, isMap bool) {
	switch e.LogicalType.Value.(type) {
	case *format.ListType:
		return true, false
	case *format.MapType:
		return false, true
	}
	if e.ConvertedType.Valid {
		converted := e.ConvertedType.V
		return converted == deprecated.List, converted == deprecated.Map || converted == deprecated.MapKeyValue
	}
	return false, false
}

// renderer returns how values of a leaf column become JSON: exact whole
// numbers and decimals as numbers with all their digits, times in ISO 8601,
// with "Z" only when the file says they are UTC.
// https://github.com/apache/parquet-format/blob/master/LogicalTypes.md
func renderer(e *format.SchemaElement) render {
	if r := logicalRenderer(e); r != nil {
		return r
	}
	if r := convertedRenderer(e); r != nil {
		return r
	}
	switch e.Type.V {
	case format.Boolean:
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendBool(b, v.Boolean()) }
	case format.Int32:
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendInt(b, int64(v.Int32()), 10) }
	case format.Int64:
		return func(b []byte, v parquet.Value) []byte { return strconv.AppendInt(b, v.Int64(), 10) }
	case format.Int96:
		return renderInt96
	case format.Float:
		return func(b []byte, v parquet.Value) []byte { return appendFloat(b, float64(v.Float()), 32) }
	case format.Double:
		return func(b []byte, v parquet.Value) []byte { return appendFloat(b, v.Double(), 64) }
	}
	return renderBytes
}

func logicalRenderer(e *format.SchemaElement) render {
	switch t := e.LogicalType.Value.(type) {
	case *format.StringType, *format.EnumType:
		return renderText
	case *format.JsonType:
		return renderJSON
	case *format.UUIDType:
		return renderUUID
	case *format.Float16Type:
		return renderFloat16
	case *format.DecimalType:
		return renderDecimal(int(t.Scale))
	case *format.DateType:
		return renderDate
	case *format.TimeType:
		return renderClock(unitOf(t.Unit))
	case *format.TimestampType:
		return renderTimestamp(unitOf(t.Unit), t.IsAdjustedToUTC)
	case *format.IntType:
		if !t.IsSigned {
			return renderUnsigned
		}
	}
	return nil
}

// convertedRenderer reads the annotations of older writers. Their timestamps
// are UTC by definition.
func convertedRenderer(e *format.SchemaElement) render {
	if !e.ConvertedType.Valid {
		return nil
	}
	switch e.ConvertedType.V {
	case deprecated.UTF8, deprecated.Enum:
		return renderText
	case deprecated.Json:
		return renderJSON
	case deprecated.Decimal:
		return renderDecimal(int(e.Scale.V))
	case deprecated.Date:
		return renderDate
	case deprecated.TimeMillis:
		return renderClock(time.Millisecond)
	case deprecated.TimeMicros:
		return renderClock(time.Microsecond)
	case deprecated.TimestampMillis:
		return renderTimestamp(time.Millisecond, true)
	case deprecated.TimestampMicros:
		return renderTimestamp(time.Microsecond, true)
	case deprecated.Uint8, deprecated.Uint16, deprecated.Uint32, deprecated.Uint64:
		return renderUnsigned
	case deprecated.Interval:
		return renderInterval
	}
	return nil
}

func unitOf(u format.TimeUnit) time.Duration {
	if u.Value == nil {
		return time.Nanosecond
	}
	return u.Value.Duration()
}

func renderText(b []byte, v parquet.Value) []byte { return appendString(b, string(v.ByteArray())) }

// renderBytes writes bytes of no stated type as text if they are, else in
// base64.
func renderBytes(b []byte, v parquet.Value) []byte {
	if raw := v.ByteArray(); !utf8.Valid(raw) {
		return append(base64.StdEncoding.AppendEncode(append(b, '"'), raw), '"')
	}
	return renderText(b, v)
}

func renderJSON(b []byte, v parquet.Value) []byte {
	if raw := v.ByteArray(); !tooDeep(raw) && gjson.ValidBytes(raw) {
		return append(b, raw...)
	}
	return renderText(b, v)
}

func renderUUID(b []byte, v parquet.Value) []byte {
	raw := v.ByteArray()
	if len(raw) != 16 {
		return renderBytes(b, v)
	}
	s := hex.EncodeToString(raw)
	return appendString(b, strings.Join([]string{s[:8], s[8:12], s[12:16], s[16:20], s[20:]}, "-"))
}

func renderUnsigned(b []byte, v parquet.Value) []byte {
	if v.Kind() == parquet.Int32 {
		return strconv.AppendUint(b, uint64(v.Uint32()), 10)
	}
	return strconv.AppendUint(b, v.Uint64(), 10)
}

// appendFloat writes a number without an exponent where readers expect none:
// ids that a tool made a float stay readable as ids. JSON has no NaN or
// infinity, so these are text.
func appendFloat(b []byte, f float64, bits int) []byte {
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return appendString(b, strconv.FormatFloat(f, 'g', -1, bits))
	case f != 0 && (math.Abs(f) < 1e-6 || math.Abs(f) >= 1e21):
		return strconv.AppendFloat(b, f, 'e', -1, bits)
	}
	return strconv.AppendFloat(b, f, 'f', -1, bits)
}

func renderFloat16(b []byte, v parquet.Value) []byte {
	raw := v.ByteArray()
	if len(raw) != 2 {
		return renderBytes(b, v)
	}
	half := binary.LittleEndian.Uint16(raw)
	exponent, fraction := int(half>>10&31), float64(half&1023)
	var f float64
	switch exponent {
	case 0:
		f = math.Ldexp(fraction, -24)
	case 31:
		if f = math.Inf(1); fraction != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(1024+fraction, exponent-25)
	}
	if half>>15 == 1 {
		f = -f
	}
	return appendFloat(b, f, 32)
}

// maxScale bounds what a damaged footer may ask for; the largest decimal of
// any tool has 76 digits.
const maxScale = 255

// renderDecimal writes a decimal as a number with exactly its digits.
func renderDecimal(scale int) render {
	return func(b []byte, v parquet.Value) []byte {
		var digits string
		switch v.Kind() {
		case parquet.Int32:
			digits = strconv.FormatInt(int64(v.Int32()), 10)
		case parquet.Int64:
			digits = strconv.FormatInt(v.Int64(), 10)
		default:
			digits = twosComplement(v.ByteArray()).String()
		}
		digits, negative := strings.CutPrefix(digits, "-")
		if negative {
			b = append(b, '-')
		}
		if scale <= 0 || scale > maxScale {
			return append(b, digits...)
		}
		if short := scale + 1 - len(digits); short > 0 {
			digits = strings.Repeat("0", short) + digits
		}
		point := len(digits) - scale
		return append(append(append(b, digits[:point]...), '.'), digits[point:]...)
	}
}

// twosComplement reads a big-endian signed number.
func twosComplement(raw []byte) *big.Int {
	n := new(big.Int).SetBytes(raw)
	if len(raw) > 0 && raw[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
	}
	return n
}

func renderDate(b []byte, v parquet.Value) []byte {
	t := time.Unix(int64(v.Int32())*86400, 0).UTC()
	if !inRange(t) {
		return strconv.AppendInt(b, int64(v.Int32()), 10)
	}
	return append(t.AppendFormat(append(b, '"'), time.DateOnly), '"')
}

func renderClock(unit time.Duration) render {
	return func(b []byte, v parquet.Value) []byte {
		n := v.Int64()
		if v.Kind() == parquet.Int32 {
			n = int64(v.Int32())
		}
		t := time.Unix(0, n*int64(unit)).UTC()
		return append(t.AppendFormat(append(b, '"'), "15:04:05.999999999"), '"')
	}
}

const zonelessLayout = "2006-01-02T15:04:05.999999999"

func renderTimestamp(unit time.Duration, utc bool) render {
	layout := zonelessLayout
	if utc {
		layout = time.RFC3339Nano
	}
	perSecond := int64(time.Second / unit)
	return func(b []byte, v parquet.Value) []byte {
		n := v.Int64()
		t := time.Unix(n/perSecond, n%perSecond*int64(unit)).UTC()
		if !inRange(t) {
			return strconv.AppendInt(b, n, 10)
		}
		return append(t.AppendFormat(append(b, '"'), layout), '"')
	}
}

// renderInt96 writes the timestamps of old Hive, Impala and Spark files:
// nanoseconds of the day and the Julian day, without a zone.
func renderInt96(b []byte, v parquet.Value) []byte {
	const julianEpoch = 2440588
	raw := v.Int96()
	nanos := int64(uint64(raw[1])<<32 | uint64(raw[0]))
	t := time.Unix((int64(raw[2])-julianEpoch)*86400, nanos).UTC()
	if !inRange(t) {
		return appendString(b, raw.String())
	}
	return append(t.AppendFormat(append(b, '"'), zonelessLayout), '"')
}

// renderInterval writes months, days and milliseconds as an ISO 8601 duration.
func renderInterval(b []byte, v parquet.Value) []byte {
	raw := v.ByteArray()
	if len(raw) != 12 {
		return renderBytes(b, v)
	}
	number := binary.LittleEndian.Uint32
	ms := number(raw[8:])
	return fmt.Appendf(b, `"P%dM%dDT%d.%03dS"`, number(raw), number(raw[4:]), ms/1000, ms%1000)
}
