// Package suppress knows what was erased: keyed hashes of addresses, logins and
// records, and nothing in clear. It finds erased addresses in texts and JSON, in
// whatever way they are written there, and cuts them out.
package suppress

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strings"
	gosync "sync"

	"rollcall/transforms/identity/address"
)

// A Kind says what a hash on the list stands for.
type Kind string

const (
	Mailbox Kind = "mailbox" // an address, in all forms that reach its inbox
	Person  Kind = "person"  // a mailbox that was one person's: records about it are not stored
	Login   Kind = "login"   // an identity id
	Record  Kind = "record"  // type:instance:stream:key of a record about an erased login
	Content Kind = "content" // the same of what an erased login made, kept without what is personal
)

// Hash is the keyed hash by which something erased is recognised. That of a
// mailbox is of its bare text; other kinds cannot be taken for it, since their
// name comes first with a byte that no address holds.
func Hash(key string, kind Kind, text string) string {
	mac := hmac.New(sha256.New, []byte(key))
	write(mac, kind, text)
	return hex.EncodeToString(mac.Sum(nil))
}

func write(w interface{ Write([]byte) (int, error) }, kind Kind, text string) {
	if kind != Mailbox {
		_, _ = w.Write([]byte(kind + "\x00")) // a hash's Write never fails
	}
	_, _ = w.Write([]byte(text))
}

// A List is everything that was erased. Its methods may be called from several
// goroutines; a nil List is empty.
type List struct {
	key    string
	hashes map[[sha256.Size]byte]bool
	counts map[Kind]int
	former map[string][]string // "source:instance:" -> the same by names it had before
	macs   gosync.Pool         // of hash.Hash: the key's part of one is computed once

	mu     gosync.Mutex
	seen   map[string]bool // texts between an at sign's neighbours -> erased; bounded
	logins map[string]bool // identity ids -> erased; bounded
}

// NewList makes a list of hexadecimal hashes by kind.
func NewList(key string, hashes map[string]Kind) (*List, error) {
	l := &List{key: key, hashes: map[[sha256.Size]byte]bool{}, counts: map[Kind]int{}, former: map[string][]string{}, seen: map[string]bool{}, logins: map[string]bool{}}
	for text, kind := range hashes {
		var sum [sha256.Size]byte
		if _, err := hex.Decode(sum[:], []byte(text)); err != nil {
			return nil, err
		}
		l.hashes[sum] = true
		l.counts[kind]++
	}
	return l, nil
}

// Renamed has the list know what was erased of an instance by the name it had
// then. Renamings are told in their order, before the list is asked.
func (l *List) Renamed(source, former, instance string) {
	before, now := source+":"+former+":", source+":"+instance+":"
	l.former[now] = append(append(l.former[now], before), l.former[before]...)
}

// instanceOf is the beginning of an id or record that names source and instance.
func instanceOf(text string) string {
	first := strings.IndexByte(text, ':')
	second := strings.IndexByte(text[first+1:], ':')
	return text[:first+1+second+1]
}

// Has reports whether something was erased.
func (l *List) Has(kind Kind, text string) bool {
	if l == nil || l.counts[kind] == 0 {
		return false
	}
	if l.has(kind, text) {
		return true
	}
	if len(l.former) == 0 || kind == Mailbox || kind == Person {
		return false
	}
	instance := instanceOf(text)
	return slices.ContainsFunc(l.former[instance], func(before string) bool { return l.has(kind, before+text[len(instance):]) })
}

// has reports whether the hash is on the list.
func (l *List) has(kind Kind, text string) bool {
	mac, reused := l.macs.Get().(hash.Hash)
	if !reused {
		mac = hmac.New(sha256.New, []byte(l.key))
	}
	defer l.macs.Put(mac)
	mac.Reset()
	write(mac, kind, text)
	var sum [sha256.Size]byte
	mac.Sum(sum[:0])
	return l.hashes[sum]
}

// maxSeen bounds what is remembered of addresses and of logins that were looked
// up.
const maxSeen = 100_000

// hasAddress reports whether the text is an erased address, of a tag of its own
// or none.
func (l *List) hasAddress(text string) bool {
	return l.remembered(l.seen, text, func() bool {
		a, found := address.Parse(text)
		return found && (l.Has(Mailbox, a.Mailbox) || a.Untagged != "" && l.Has(Mailbox, a.Untagged))
	})
}

// hasLogin is Has of a login: few make most records.
func (l *List) hasLogin(id string) bool {
	return l.remembered(l.logins, id, func() bool { return l.Has(Login, id) })
}

func (l *List) remembered(seen map[string]bool, text string, isErased func() bool) bool {
	l.mu.Lock()
	erased, known := seen[text]
	l.mu.Unlock()
	if known {
		return erased
	}
	erased = isErased()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(seen) >= maxSeen {
		clear(seen)
	}
	seen[text] = erased
	return erased
}

// IsPerson reports whether the whole text is the address of somebody erased.
func (l *List) IsPerson(text string) bool {
	if l == nil || l.counts[Person] == 0 || len(text) > maxAddress {
		return false
	}
	a, found := address.Parse(text)
	return found && (l.Has(Person, a.Mailbox) || a.Untagged != "" && l.Has(Person, a.Untagged))
}
