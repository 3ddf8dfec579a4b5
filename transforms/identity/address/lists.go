package address

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/net/publicsuffix"
)

//go:generate go run ./makelists

// shipped holds the lists that makelists gathered: a line for each list with
// its name, version, licence and number of entries, then sections.
//
//go:embed lists.gz
var shipped []byte

// A kind is what a list says of a domain.
type kind uint8

const (
	unlisted kind = iota
	freeDomain
	disposableDomain
	relayDomain
	noReplyHost
	companyDomain // taken off the free-mail lists: a company that also hosts
)

func (k kind) String() string {
	return [...]string{"", "free-mail", "disposable", "relay", "no-reply", "company"}[k]
}

// An entry is a kind and the place of the list that says so.
type entry struct {
	kind kind
	list uint8
}

type lists struct {
	names    []string // "name version", in the file's order
	reasons  map[entry]string
	versions string
	domains  map[string]entry
	roles    map[string]uint8
	fillers  map[string]struct{}

	roleHeads map[string]bool // the first letters of roles that may be joined
}

// roleHead is how many letters a role has at least that another may follow
// without anything between.
const roleHead = 4

var shippedLists = sync.OnceValue(readLists)

// ListVersions gives the names and versions of everything that classifies an
// address, so that a run can say by which lists it went.
func ListVersions() string {
	return shippedLists().versions
}

// IsRole is true of a word that names a function or fills a form, so that it
// stands for nobody wherever it is used: support, info, null.
func IsRole(word string) bool {
	l := shippedLists()
	role, _ := l.role(word)
	return role || l.filler(word)
}

// host is what the lists say of a domain or of the nearest one above it.
func (l *lists) host(domain string) entry {
	for {
		if found, ok := l.domains[domain]; ok {
			return found
		}
		dot := strings.IndexByte(domain, '.')
		if dot < 0 {
			return entry{}
		}
		domain = domain[dot+1:]
	}
}

// role is true of a function's local part: a word of the list, or several of
// them joined, as in sales-support.
func (l *lists) role(local string) (isRole bool, list uint8) {
	if list, ok := l.roles[local]; ok {
		return true, list
	}
	if !strings.ContainsAny(local, ".-_") {
		return false, 0
	}
	for rest := local; rest != ""; {
		word := rest
		if end := strings.IndexAny(rest, ".-_"); end >= 0 {
			word, rest = rest[:end], rest[end+1:]
		} else {
			rest = ""
		}
		found, ok := l.roles[word]
		if !ok {
			return false, 0
		}
		list = found
	}
	return true, list
}

// joinedRoles is true of several functions' words written as one, as Gmail reads
// sales.support. Words of two or three letters may begin anybody's name.
func (l *lists) joinedRoles(local string) (isRole bool, list uint8) {
	if len(local) < 2*roleHead || !l.roleHeads[local[:roleHead]] {
		return false, 0
	}
	for end := roleHead; end <= len(local)-roleHead; end++ {
		if _, isWord := l.roles[local[:end]]; !isWord {
			continue
		}
		rest := local[end:]
		if list, isWord := l.roles[rest]; isWord {
			return true, list
		}
		if isRole, list := l.joinedRoles(rest); isRole {
			return true, list
		}
	}
	return false, 0
}

// filler is true of what forms are filled with where there is no address.
func (l *lists) filler(local string) bool {
	_, ok := l.fillers[local]
	return ok
}

// readLists panics on a file that makelists did not write: it is part of the
// program.
func readLists() *lists {
	unzipped, err := gzip.NewReader(bytes.NewReader(shipped))
	if err != nil {
		panic(fmt.Sprintf("lists.gz of package address: %v", err))
	}
	l := &lists{reasons: map[entry]string{}, domains: map[string]entry{}, roles: map[string]uint8{}, fillers: map[string]struct{}{}, roleHeads: map[string]bool{}}
	kinds := map[string]kind{}
	for k := freeDomain; k <= companyDomain; k++ {
		kinds[k.String()] = k
	}
	var section string
	var list uint8
	lines := bufio.NewScanner(unzipped)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "list\t"):
			fields := strings.Split(line, "\t")
			l.names = append(l.names, fields[1]+" "+fields[2])
		case strings.HasPrefix(line, "section\t"):
			fields := strings.Split(line, "\t")
			section, list = fields[1], fields[2][0]-'0'
		case section == "role":
			l.roles[line] = list
			if len(line) >= roleHead {
				l.roleHeads[line[:roleHead]] = true
			}
		case section == "filler":
			l.fillers[line] = struct{}{}
		default:
			says := entry{kind: kinds[section], list: list}
			l.domains[line] = says
			if _, named := l.reasons[says]; !named {
				l.reasons[says] = section + ": " + l.names[list]
			}
		}
	}
	if err := lines.Err(); err != nil {
		panic(fmt.Sprintf("lists.gz of package address: %v", err))
	}
	l.versions = strings.Join(l.names, ", ") + ", " + publicsuffix.List.String()
	return l
}
