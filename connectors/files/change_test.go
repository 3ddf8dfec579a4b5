package files

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors"
)

func TestRead_readsAppendedLinesAlone(t *testing.T) {
	for _, c := range []struct{ name, head, first, second string }{
		{"a.csv", "id,email\n", "1,a\n", "2,b\n"},
		{"a.jsonl", "", `{"id":1,"email":"a"}` + "\n", `{"id":2,"email":"b"}` + "\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := open(t, contacts("a.*"))
			l.write(c.name, c.head+c.first)
			require.NoError(t, l.read("identity"))
			l.clock.time = l.clock.time.Add(time.Hour)
			l.write(c.name, c.head+c.first+c.second)
			require.NoError(t, l.read("identity"))
			require.Equal(t, 1, l.emitted)
			require.Equal(t, []string{"a", "b"}, l.live("email"))
		})
	}
}

func TestRead_readsRewrittenFileFromItsStart(t *testing.T) {
	long := strings.Repeat("x", 20_000)
	l := open(t, contacts("a.csv"))
	l.write("a.csv", "id,email\n1,"+long+"\n2,b\n3,"+long+"\n")
	require.NoError(t, l.read("identity"))
	l.clock.time = l.clock.time.Add(time.Hour)
	l.write("a.csv", "id,email\n1,"+long+"\n2,c\n3,"+long+"\n") // as long as before, another cell in the middle
	require.NoError(t, l.read("identity"))
	require.Equal(t, 3, l.emitted)
	require.Equal(t, 1, l.appended)
	require.Contains(t, l.live("email"), "c")
}

func TestRead_noticesAChangeWithinTheResolutionOfFileTimes(t *testing.T) {
	l := open(t, contacts("a.csv"))
	at := l.clock.time.Add(-time.Millisecond)
	l.writeAt("a.csv", "id,email\n1,a\n", at)
	require.NoError(t, l.read("identity"))
	l.clock.time = l.clock.time.Add(time.Hour)
	l.writeAt("a.csv", "id,email\n1,b\n", at) // same name, size and time
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"b"}, l.live("email"))
	require.NoError(t, l.read("identity"))
	require.Zero(t, l.emitted)
}

func TestRead_recognisesRenamedFiles(t *testing.T) {
	for _, name := range []string{"a.csv", "a.csv.gz"} {
		t.Run(name, func(t *testing.T) {
			content := "id,email\n1,a\n"
			if strings.HasSuffix(name, ".gz") {
				content = packed(t, content)
			}
			l := open(t, contacts("*"))
			path := l.write(name, content)
			require.NoError(t, l.read("identity"))
			require.NoError(t, os.Rename(path, filepath.Join(l.dir, "old-"+name)))
			require.NoError(t, l.read("identity"))
			require.Zero(t, l.emitted)
			touched := l.clock.time
			require.NoError(t, os.Chtimes(filepath.Join(l.dir, "old-"+name), touched, touched))
			l.clock.time = l.clock.time.Add(time.Hour)
			require.NoError(t, l.read("identity"))
			require.Zero(t, l.emitted)
		})
	}
}

func TestRead_leavesHalfWrittenLastLineUntilItEnds(t *testing.T) {
	l := open(t, contacts("a.csv"))
	l.writeAt("a.csv", "id,email\n1,a\n2,b", l.clock.time)
	l.clock.hook = func() { l.writeAt("a.csv", "id,email\n1,a\n2,bob@x", l.clock.time) }
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"a"}, l.live("email"))
	require.Positive(t, l.clock.slept)
	l.clock.hook = nil
	l.writeAt("a.csv", "id,email\n1,a\n2,bob@x.org\n", l.clock.time)
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"a", "bob@x.org"}, l.live("email"))
	require.Equal(t, 1, l.emitted)
}

func TestRead_takesNoHalfNumberForALine(t *testing.T) {
	l := open(t, contacts("a.jsonl"))
	l.writeAt("a.jsonl", "{\"id\":1}\n{\"id\":2}", l.clock.time)
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"1", "2"}, l.live("source_user_id"), "an object shows where it ends")
	require.Zero(t, l.clock.slept)
	l.writeAt("a.jsonl", "{\"id\":1}\n{\"id\":2}\n12", l.clock.time)
	l.clock.hook = func() { l.writeAt("a.jsonl", "{\"id\":1}\n{\"id\":2}\n123", l.clock.time) }
	require.NoError(t, l.read("identity"))
	require.Len(t, l.rows, 2)
}

func TestRead_believesALastLineThatDoesNotEndOnceTheFileSettles(t *testing.T) {
	l := open(t, contacts("a.csv", `"settle": "3s"`))
	l.writeAt("a.csv", "id,email\n1,a\n2,b", l.clock.time.Add(-time.Second))
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"a", "b"}, l.live("email"))
	require.Equal(t, 2*time.Second, l.clock.slept)
	l.clock.time = l.clock.time.Add(time.Hour)
	require.NoError(t, l.read("identity"))
	l.write("a.csv", "id,email\n1,a\n2,bob\n3,c\n") // it grew after all
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"a", "bob", "c"}, l.live("email"))
	require.Equal(t, 2, l.emitted)
}

func TestRead_goesOnBehindAQuoteThatNeverCloses(t *testing.T) {
	l := open(t, contacts("a.csv"))
	l.write("a.csv", "id,email\n1,\"a\n2,b\n3,c")
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"b", "c"}, l.live("email"))
	require.Equal(t, map[string]string{"contacts#a.csv:2": `1,"a`}, l.rejects)
}

func TestRead_waitsForACutFileToBeWhole(t *testing.T) {
	whole := packed(t, "id,email\n"+strings.Repeat("1,aaaaaaaaaaaa\n2,b\n", 500))
	l := open(t, contacts("*.gz"))
	l.write("a.csv.gz", whole[:len(whole)-6])
	l.write("b.csv.gz", packed(t, "id,email\n9,i\n"))
	err := l.read("identity")
	var transient *connectors.Transient
	require.ErrorAs(t, err, &transient)
	require.ErrorContains(t, err, "a.csv.gz")
	require.Contains(t, l.live("email"), "i", "the other file is read")
	l.clock.time = l.clock.time.Add(time.Hour)
	l.write("a.csv.gz", whole)
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"aaaaaaaaaaaa", "b", "i"}, l.live("email"))
}

func TestRead_takesAFileBeingWrittenForNoFault(t *testing.T) {
	whole := packed(t, "id,email\n1,a\n")
	l := open(t, contacts("*.gz"))
	l.writeAt("a.csv.gz", whole[:12], l.clock.time)
	l.clock.hook = func() { l.writeAt("a.csv.gz", whole, l.clock.time) }
	require.NoError(t, l.read("identity"))
	require.Empty(t, l.rows)
	l.clock.hook = nil
	require.NoError(t, l.read("identity"))
	require.Len(t, l.rows, 1)
}

func TestRead_marksWhatANewListingOmits(t *testing.T) {
	l := open(t, contacts("c-*.csv", `"snapshot": true`))
	l.write("c-1.csv", "id,email\n1,a\n2,b\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"file_set=contacts"}, l.scopes)
	l.clock.time = l.clock.time.Add(time.Hour)
	l.write("c-2.csv", "id,email\n2,b\n3,c\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"b", "c"}, l.live("email"))
	require.NoError(t, l.read("identity"))
	require.Empty(t, l.scopes)
	require.Zero(t, l.emitted)
}

func TestRead_declaresNoListingThatMayBePartial(t *testing.T) {
	for name, c := range map[string]struct {
		content string
		grows   bool
	}{
		"malformed": {"id,email\n1,a\nx\n", false},
		"keyless":   {"id,email\n1,a\n,b\n", false},
		"empty":     {"", false},
		"growing":   {"id,email\n1,a\n", true},
		"gz":        {packed(t, "id,email\n1,a\n")[:20], false},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, contacts("c-*", `"snapshot": true`, `"format": "csv"`))
			l.write("c-1", "id,email\n1,a\n2,b\n")
			require.NoError(t, l.read("identity"))
			l.clock.time = l.clock.time.Add(time.Hour)
			l.writeAt("c-2", c.content, l.clock.time.Add(-time.Second))
			if c.grows {
				l.clock.hook = func() { l.writeAt("c-2", c.content+"2,", l.clock.time) }
			}
			err := l.read("identity")
			require.Equal(t, name == "gz", err != nil, "%v", err)
			require.Empty(t, l.scopes)
			require.Contains(t, l.live("email"), "b")
		})
	}
}

func TestRead_endsAsAFullReadWouldWhateverComesInBetween(t *testing.T) {
	l := open(t, contacts("*.csv", `"order": "name"`))
	l.write("2.csv", "id,email\n1,two\n2,b\n")
	require.NoError(t, l.read("identity"))
	l.write("1.csv", "id,email\n1,one\n3,c\n") // an older file arrives late
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"b", "c", "two"}, l.live("email"))
	l.clock.time = l.clock.time.Add(time.Hour)
	l.write("1.csv", "id,email\n1,uno\n3,d\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"b", "d", "two"}, l.live("email"))
}

func TestRead_ordersNumbersInNamesByValue(t *testing.T) {
	l := open(t, contacts("*.csv", `"order": "name"`, `"snapshot": true`))
	l.write("c-10.csv", "id,email\n1,ten\n")
	l.write("c-9.csv", "id,email\n1,nine\n")
	require.NoError(t, l.read("identity"))
	require.Equal(t, []string{"ten"}, l.live("email"))
}

func TestRead_losesAndDoublesNothingFromAnyCursor(t *testing.T) {
	for _, ending := range []string{".csv", ".csv.gz", ".jsonl"} {
		t.Run(ending, func(t *testing.T) {
			l := open(t, contacts("*"+ending))
			for f := range 3 {
				var b strings.Builder
				if ending != ".jsonl" {
					b.WriteString("id,email\n")
				}
				for i := range 2500 {
					if ending == ".jsonl" {
						fmt.Fprintf(&b, "{\"id\":%d,\"email\":\"e%d\"}\n", f*2500+i, i)
					} else {
						fmt.Fprintf(&b, "%d,e%d\n", f*2500+i, i)
					}
				}
				content := b.String()
				if ending == ".csv.gz" {
					content = packed(t, content)
				}
				l.writeAt(fmt.Sprintf("f%d%s", f, ending), content, noon.Add(time.Duration(f-5)*time.Hour))
			}
			require.NoError(t, l.read("identity"))
			require.Len(t, l.rows, 7500)
			full, cursors := l.rows, l.cursors
			require.Greater(t, len(cursors), 6)
			for i, cursor := range cursors {
				l.rows = map[string]connectors.Record{}
				require.NoError(t, l.readFrom("identity", cursor))
				require.Len(t, l.rows, l.emitted, "rows behind a cursor come once")
				require.Equal(t, max(0, 7500-1000*(i+1)), l.emitted, "cursor %d", i)
				for key, row := range l.rows {
					require.Equal(t, string(full[key].Data), string(row.Data))
				}
			}
		})
	}
}
