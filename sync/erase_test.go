package sync

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// hush is a suppression of one word; a record whose key begins with it is not
// stored.
type hush string

func (h hush) Keep(_, _, _, key string, data []byte) ([]byte, bool) {
	if strings.HasPrefix(key, string(h)) {
		return nil, false
	}
	return bytes.ReplaceAll(data, []byte(h), []byte("-")), true
}

func (h hush) CutText(text string) (string, bool) {
	return strings.ReplaceAll(text, string(h), "-"), strings.Contains(text, string(h))
}

func TestErase_cutsWhatIsStoredAndNothingComesBack(t *testing.T) {
	r := newRig(t)
	page := []item{obj("secret1", `{"id":1}`), obj("b", `{"id":2,"secret":"x secret"}`), obj("c", `{"id":3}`), obj("bad", `{"secret`)}
	r.read("posts", page...)
	r.read("views", obj("v", `{"id":1,"views":7,"by":"secret"}`))
	deleted, cut, err := r.engine.Erase(context.Background(), hush("secret"))
	require.NoError(t, err)
	require.Equal(t, map[string]int64{"raw.feed__posts": 1, "ops.rejected_record": 1}, deleted)
	require.EqualValues(t, 1, cut["raw.feed__posts"])
	require.EqualValues(t, 1, cut["raw.feed__views"])
	want := []string{`b 1 {"id":2,"-":"x -"}`, `c 1 {"id":3}`}
	require.Equal(t, want, r.versions("posts"))
	require.Equal(t, []string{"2"}, r.column("select live_count from lake.ops.cursor where stream = 'posts'"))
	require.Equal(t, []string{"0"}, r.column("select count(*) from lake.ops.field where contains(path, 'secret')"))

	again := r.read("posts", page...)
	require.EqualValues(t, 1, again.Suppressed)
	require.EqualValues(t, 2, again.Unchanged, "hashes are of what was kept")
	require.EqualValues(t, 1, again.Rejected)
	require.EqualValues(t, 1, r.read("views", obj("v", `{"id":1,"views":7,"by":"secret"}`)).Unchanged)
	require.Equal(t, want, r.versions("posts"))
	require.Equal(t, []string{`{"-`}, r.column("select sample from lake.ops.rejected_record"))
	require.Equal(t, []string{"1"}, r.column("select sum(suppressed_count) from lake.ops.run"))
}
