package identity

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity/address"
)

// textFunction is the SQL function that says what a text identifies. It takes
// id type, namespace and text, and gives what a value is known by and, after
// describedMark, what else is known of it, both in fields joined by fieldMark;
// or nothing where the text identifies nobody.
const textFunction = "identity_text"

const (
	fieldMark     = "\x1f"
	describedMark = "\x1e"
)

// Offer lets SQL of the instance read identifying texts, for [Resolve]. A
// suppressed mailbox identifies nobody; suppressed may be nil.
func Offer(ctx context.Context, db *warehouse.DB, suppressed func(mailbox string) bool) error {
	if suppressed == nil {
		suppressed = func(string) bool { return false }
	}
	codes := newCodes()
	return errors.Join(
		db.OfferNumber(ctx, addressCode, func(raw string) uint64 { return codes.ofAddress(raw, suppressed) }),
		db.OfferNumber(ctx, subjectCode, codeOfSubject),
		db.OfferText(ctx, textFunction, 3, func(args []string) string {
			v, found := readText(args[0], args[1], args[2], suppressed)
			if !found || strings.ContainsAny(v.namespace, fieldMark+describedMark) {
				return ""
			}
			return v.idType + fieldMark + v.namespace + fieldMark + v.norm + describedMark +
				v.domain + fieldMark + v.company + fieldMark + v.class + fieldMark + v.reason + fieldMark + v.untagged
		}),
		prime(ctx, db.Lake))
}

func prime(ctx context.Context, lake *warehouse.File) error {
	tables := largeTables()
	for _, table := range sortedKeys(tables) {
		if err := lake.PrimeTemp(ctx, table, tables[table]); err != nil {
			return err
		}
	}
	return nil
}

// A text is an identifying text as it is compared.
type text struct {
	idType, namespace, norm        string
	domain, company, class, reason string
	untagged                       string // the mailbox without its tag
}

// The namespaces of what GitHub's no-reply addresses hold: the number of a user,
// which stays, and the login, which another user may take later. GitHub signs
// nobody on: one human may have several users there.
const (
	gitHub       = "github.com/"
	gitHubUsers  = gitHub + "user"
	gitHubLogins = gitHub + "login"
)

func readText(idType, namespace, raw string, suppressed func(string) bool) (text, bool) {
	switch idType {
	case "email":
		return readAddress(raw, suppressed)
	case "username", "name":
		return text{idType: idType, norm: strings.ToLower(cleaned(raw)), class: "unique"}, cleaned(raw) != ""
	}
	norm := cleaned(raw)
	if isBlocked(norm) {
		return text{idType: idType, namespace: namespace, norm: norm, class: "blocked", reason: "stands for nobody"}, norm != ""
	}
	if namespace == gitHubLogins {
		norm = strings.ToLower(norm)
	}
	return text{idType: idType, namespace: namespace, norm: norm, class: "unique"}, norm != ""
}

func isBlocked(norm string) bool {
	if len(norm) > longestFiller && norm[0] != '0' && norm[0] != '-' {
		return false
	}
	return blockedText.MatchString(norm)
}

// longestFiller allows for letters that fold to those of two and three bytes.
const longestFiller = 3 * len("undefined")

// blockedText is what systems write where they know nobody.
var blockedText = regexp.MustCompile(`(?i)^([0-]*|-1|null|none|nil|anonymous|undefined|test|user|n/a|unknown)$`)

func readAddress(raw string, suppressed func(string) bool) (text, bool) {
	a, found := address.Parse(raw)
	if !found || suppressed(a.Mailbox) {
		return text{}, false
	}
	switch {
	case a.GitHubID != "":
		return text{idType: "subject", namespace: gitHubUsers, norm: a.GitHubID, class: "unique"}, true
	case a.GitHubLogin != "":
		return text{idType: "subject", namespace: gitHubLogins, norm: a.GitHubLogin, class: "unique"}, true
	}
	domain := a.Mailbox[strings.LastIndexByte(a.Mailbox, '@')+1:]
	v := text{idType: "email", norm: a.Mailbox, domain: domain, company: a.Company, class: string(a.Class), reason: a.Reason, untagged: a.Untagged}
	if a.MixedScript && v.class == string(address.Unique) {
		v.class, v.reason = "mixed_script", "mixes scripts, and may imitate another"
	}
	return v, true
}

// cleaned is the text without control characters and outer blanks.
func cleaned(raw string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, raw))
}
