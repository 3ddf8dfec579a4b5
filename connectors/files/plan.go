package files

import (
	"io"
	"os"

	"github.com/cespare/xxhash/v2"
)

// A job is a file to read, from state.Pos on.
type job struct {
	match
	state *fileState
}

// plan compares the files there are with those that were read, and returns
// what to read, oldest first. It brings state up to date: files that are gone
// leave it, renamed ones change their name.
//
// Rows of a later file count as newer. So when a file is read from its start,
// every later file of the set is read again after it, and the outcome is that
// of reading everything in order.
func (f *fileSet) plan(state *setState, found []match) []job {
	if f.Snapshot {
		return f.planSnapshot(state, found)
	}
	states := known{files: state.Files, stamps: state.Old.set(), there: map[string]bool{}}
	for _, m := range found {
		states.there[m.name] = true
	}
	state.Files, state.Old = nil, nil
	var jobs []job
	again := false
	for _, m := range found {
		mark := stampOf(m.name, m.size, m.mtime.UnixNano())
		if !again && states.stamps[mark] && states.named(m.name) == nil {
			state.Old = append(state.Old, mark[:]...)
			continue
		}
		var seen *fileState
		if !again {
			seen = f.recognise(m, &states)
		}
		if seen == nil {
			again = true
			jobs = append(jobs, job{m, &fileState{Name: m.name}})
			continue
		}
		state.Files = append(state.Files, seen)
		if !seen.Done {
			jobs = append(jobs, job{m, seen})
		}
	}
	return jobs
}

// planSnapshot reads the newest file alone, and always whole: only a listing
// emitted in one go can say what is gone.
func (f *fileSet) planSnapshot(state *setState, found []match) []job {
	if len(found) == 0 {
		return nil
	}
	newest := found[len(found)-1]
	for _, seen := range state.Files {
		if seen.Name == newest.name && seen.Done && !seen.Fresh && seen.sameStat(newest) {
			return nil
		}
	}
	*state = setState{Digest: state.Digest}
	return []job{{newest, &fileState{Name: newest.name}}}
}

// known are the files a cursor knows, and the names that exist now.
type known struct {
	files  []*fileState
	stamps map[stamp]bool
	there  map[string]bool
}

func (k *known) named(name string) *fileState {
	for _, file := range k.files {
		if file.Name == name {
			return file
		}
	}
	return nil
}

// gone are the known files that are no longer there under their names.
func (k *known) gone() []*fileState {
	var gone []*fileState
	for _, file := range k.files {
		if !k.there[file.Name] {
			gone = append(gone, file)
		}
	}
	return gone
}

// recognise returns what is known of a file: Done when it is read already,
// else with the place to read on from; nil when it must be read from its
// start. Size and time settle it where they can, the content where not.
func (f *fileSet) recognise(m match, k *known) *fileState {
	seen := k.named(m.name)
	if seen != nil && seen.sameStat(m) && !seen.Fresh {
		return seen
	}
	candidates := []*fileState{seen}
	if seen == nil {
		candidates = k.gone()
	}
	for _, candidate := range candidates {
		if candidate == nil || candidate.Pos == 0 && !candidate.Done {
			continue
		}
		same, whole := f.sameContent(m, candidate)
		if !same {
			continue
		}
		// A file that grew, or whose last line was unfinished, is read on.
		candidate.Done = candidate.Done && whole
		candidate.Fresh = candidate.Fresh && !whole
		candidate.Name, candidate.Size, candidate.MTime = m.name, m.size, m.mtime.UnixNano()
		return candidate
	}
	return nil
}

// sameContent reports whether what was read of a file is still how m begins
// (of a packed file or Parquet: whether all of it is the same), and whether
// that is the whole of m. A file that cannot be read is not the same; reading
// it will say why.
func (f *fileSet) sameContent(m match, seen *fileState) (same, whole bool) {
	opened, err := os.Open(m.path)
	if err != nil {
		return false, false
	}
	defer opened.Close()
	style, err := f.styleOf(m.name, opened)
	if err != nil {
		return false, false
	}
	length := seen.Pos
	if !style.plain() {
		length = seen.Size
	}
	if length > m.size || !style.plain() && length != m.size {
		return false, false
	}
	sum, err := hashPrefix(opened, length)
	if err != nil || sum.Sum64() != seen.Hash {
		return false, false
	}
	// An unfinished last line was read but lies behind Pos.
	renamed := seen.Size == m.size && seen.MTime == m.mtime.UnixNano()
	return true, length == m.size || renamed && !seen.Fresh
}

// hashPrefix hashes the first n bytes.
func hashPrefix(r io.ReaderAt, n int64) (*xxhash.Digest, error) {
	digest := xxhash.New()
	if n == 0 {
		return digest, nil
	}
	if _, err := io.CopyBuffer(digest, io.NewSectionReader(r, 0, n), make([]byte, 256<<10)); err != nil {
		return nil, err
	}
	return digest, nil
}
