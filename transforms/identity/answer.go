package identity

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
)

// The functions by which SQL asks what came out, about a login of temp.login or
// temp.newcomer. A table of that would be filled by one thread and joined; these
// are asked by all threads at once. They take where the login probably stands
// among those that were read, and its key.
const (
	standingFunction  = "identity_standing"   // see [answers.standing]
	componentFunction = "identity_component"  // the key of its component
	newPersonFunction = "identity_new_person" // the id of its person, which is a new one
)

// Flags of a login's standing, beside linkableFlag and standsFlag; its tier and
// instance stand where they do in [selectLogins], and the number of its person of
// now in the place of its company.
const (
	changedFlag = 1 << iota // its row in identity.person_identity changes
	placedFlag              // its row in identity.login does
	_                       // linkableFlag
	firstFlag               // by it a person is known of whom all logins are new
)

// answers are what came out while SQL may ask for it.
type answers struct {
	*loading
	solution *Solution
	settled  *settling
	ids      newIDs
}

// answer lets SQL ask what came out, until the answers are withdrawn.
func (r *round) answer(l *loading, s *Solution, t *settling) (*answers, error) {
	ids, err := makeIDs(r.Now.UnixMilli())
	if err != nil {
		return nil, err
	}
	// Their memory is needed now.
	l.values, l.Values, l.Claims, l.ends, l.NamesAgree = nil, nil, nil, nil, nil
	a := &answers{l, s, t, ids}
	return a, errors.Join(
		r.tx.OfferNumberOfRow(standingFunction, func(row int64, key uint64) (uint64, error) {
			login, err := a.at(row, key)
			if err != nil {
				return 0, err
			}
			return a.standing(login), nil
		}),
		r.tx.OfferNumberOfRow(componentFunction, func(row int64, key uint64) (uint64, error) {
			login, err := a.at(row, key)
			if err != nil {
				return 0, err
			}
			return a.Logins[a.solution.Reach[login]].Key, nil
		}),
		r.tx.OfferIDOfRow(newPersonFunction, func(row int64, key uint64) ([16]byte, error) {
			login, err := a.at(row, key)
			if err != nil {
				return [16]byte{}, err
			}
			return a.ids.of(a.settled.clusters[login]), nil
		}))
}

func (a *answers) withdraw() { *a = answers{} }

// at is the number of a login, which most often is that of its row.
func (a *answers) at(row int64, key uint64) (int32, error) {
	if a.loading == nil {
		return 0, errors.New("nobody is being resolved")
	}
	if row >= 0 && row < int64(len(a.Logins)) && a.Logins[row].Key == key {
		return int32(row), nil
	}
	login := a.logins.find(key)
	if login < 0 {
		return 0, fmt.Errorf("the login of key %d was not read: report this", key)
	}
	return login, nil
}

// standing packs in one number what SQL writes of a login.
func (a *answers) standing(i int32) uint64 {
	login, cluster := &a.Logins[i], a.settled.clusters[i]
	isChanged, isPlaced := a.differs(a.solution, a.settled, int(i))
	isFirst := a.settled.isFresh[cluster] && a.settled.labels[cluster] == i
	return uint64(cluster)<<32 | uint64(login.Instance)<<16 | uint64(a.solution.Tier[i])<<8 | uint64(a.stood[i].flags&standsFlag) |
		flag(!login.NoLink, linkableFlag) | flag(isChanged, changedFlag) | flag(isPlaced, placedFlag) | flag(isFirst, firstFlag)
}

func flag(isSet bool, bit uint64) uint64 {
	if isSet {
		return bit
	}
	return 0
}

// ofLogin is, as SQL, what a function says of a row l of temp.login.
func (l *loading) ofLogin(function string) string {
	return fmt.Sprintf("%s(coalesce(case when l.was_person is null then l.place + %d end, -1), l.identity_key)", function, l.known)
}

// ofNewcomer is, as SQL, what a function says of a row n of temp.newcomer.
func (r *round) ofNewcomer(l *loading, function string) string {
	return fmt.Sprintf("%s(coalesce(%s + %d, -1), n.identity_key)", function, r.newcomers.placeOf("n.rowid"), l.known)
}

// newIDs make ids of version 7 (RFC 9562) for people that are new, by their
// numbers: the time, and what a key that nobody keeps makes of the number.
type newIDs struct {
	cipher.Block
	milliseconds uint64
}

func makeIDs(milliseconds int64) (newIDs, error) {
	key := make([]byte, 16)
	if _, err := rand.Read(key); err != nil {
		return newIDs{}, err
	}
	block, err := aes.NewCipher(key)
	return newIDs{block, uint64(milliseconds)}, err
}

func (n newIDs) of(number int32) (id [16]byte) {
	binary.BigEndian.PutUint32(id[:], uint32(number))
	n.Encrypt(id[:], id[:])
	binary.BigEndian.PutUint16(id[:], uint16(n.milliseconds>>32))
	binary.BigEndian.PutUint32(id[2:], uint32(n.milliseconds))
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}
