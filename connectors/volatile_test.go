package connectors

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func without(v *Volatile, data string) string {
	kept, at := "", 0
	for _, cut := range v.Cuts([]byte(data)) {
		kept += data[at:cut[0]]
		at = cut[1]
	}
	return kept + data[at:]
}

func TestVolatile_cutsNameValueAndComma(t *testing.T) {
	v := NewVolatile([]string{"v", "w", "a.b", "l.#.n", "e.#", "p.1", `d\.t`, "ü"})
	for data, want := range map[string]string{
		`{"x":1,"y":2}`:                               `{"x":1,"y":2}`,
		`{"v":1,"x":1,"y":2}`:                         `{"x":1,"y":2}`,
		`{"x":1,"v":1,"y":2}`:                         `{"x":1,"y":2}`,
		`{"x":1,"y":2,"v":1}`:                         `{"x":1,"y":2}`,
		`{"v":1,"w":2,"x":1,"v":3,"w":4,"y":2,"w":5}`: `{"x":1,"y":2}`,
		`{"v":1}`: `{}`,
		`{"v":"a \" } ,","w":{"x":"]}"},"x":"\\"}`:        `{"x":"\\"}`,
		"{\n  \"x\": 1,\n  \"v\": [1, 2],\n  \"y\": 2\n}": "{\n  \"x\": 1,\n  \"y\": 2\n}",
		"{ \"v\" : 1 , \"x\" : 1 }":                       "{ \"x\" : 1 }",
		`{"a":{"b":1,"c":2}}`:                             `{"a":{"c":2}}`,
		`{"a":{"c":2}}`:                                   `{"a":{"c":2}}`,
		`{"a":[{"b":1}],"b":1}`:                           `{"a":[{"b":1}],"b":1}`,
		`{"l":[{"n":1,"m":2},3,{"m":2,"n":{}}],"n":1}`:    `{"l":[{"m":2},3,{"m":2}],"n":1}`,
		`{"e":[1,{"x":2},"]"],"p":[1,2,3]}`:               `{"e":[],"p":[1,3]}`,
		`{"d.t":1,"d":{"t":1}}`:                           `{"d":{"t":1}}`,
		`{"\u00fc":1,"\u0076":2,"x":1}`:                   `{"x":1}`,
		`{"x":{"v":1}}`:                                   `{"x":{"v":1}}`,
		`[{"v":1}]`:                                       `[{"v":1}]`,
		`null`:                                            `null`,
		``:                                                ``,
	} {
		require.Equal(t, want, without(v, data), data)
	}
	require.Equal(t, "[{},{}]", without(NewVolatile([]string{"#.v"}), `[{"v":1},{}]`))
}

// FuzzVolatile holds the cuts against a record taken apart and put together
// again, and malformed records to coming to an end.
func FuzzVolatile(f *testing.F) {
	for _, seed := range []string{`{"v":1,"a":{"b":2,"c":[]},"l":[{"n":1},{}]}`, `{"a":[}`, `[`, `{"v`, `{"v":`, `{"v":1,`, `{"l":[:]}`, `{"v":"\`, `{"a" "b"}`, `{"l":[,]}`} {
		f.Add([]byte(seed))
	}
	v := NewVolatile([]string{"v", "a.b", "l.#.n"})
	f.Fuzz(func(t *testing.T, data []byte) {
		got := without(v, string(data))
		if !json.Valid(data) {
			return
		}
		var want, have any
		require.NoError(t, json.Unmarshal(data, &want))
		require.NoError(t, json.Unmarshal([]byte(got), &have), "%q", got)
		if record, ok := want.(map[string]any); ok {
			delete(record, "v")
			if a, ok := record["a"].(map[string]any); ok {
				delete(a, "b")
			}
			if list, ok := record["l"].([]any); ok {
				for _, element := range list {
					if member, ok := element.(map[string]any); ok {
						delete(member, "n")
					}
				}
			}
		}
		require.Equal(t, want, have, "%q", data)
	})
}
