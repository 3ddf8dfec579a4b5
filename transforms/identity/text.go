package identity

import (
	"context"
	"regexp"
	"strings"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity/address"
)

// textFunction is the SQL function that says what a text identifies. It takes
// id type, namespace and text, and gives the fields of a value joined by
// fieldMark, or nothing where the text identifies nobody.
const textFunction = "identity_text"

const fieldMark = "\x1f"

// Offer lets SQL of the instance read identifying texts, for [Resolve]. A
// suppressed mailbox identifies nobody; suppressed may be nil.
func Offer(ctx context.Context, db *warehouse.DB, suppressed func(mailbox string) bool) error {
	if suppressed == nil {
		suppressed = func(string) bool { return false }
	}
	return db.OfferText(ctx, textFunction, 3, func(args []string) string {
		v, found := readText(args[0], args[1], args[2], suppressed)
		if !found {
			return ""
		}
		return strings.Join([]string{v.idType, v.namespace, v.norm, v.domain, v.company, v.class, v.reason, v.untagged}, fieldMark)
	})
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
	if blockedText.MatchString(norm) {
		return text{idType: idType, namespace: namespace, norm: norm, class: "blocked", reason: "stands for nobody"}, norm != ""
	}
	if namespace == gitHubLogins {
		norm = strings.ToLower(norm)
	}
	return text{idType: idType, namespace: namespace, norm: norm, class: "unique"}, norm != ""
}

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
	v := text{idType: "email", norm: a.Mailbox, domain: a.Domain, company: a.Company, class: string(a.Class), reason: a.Reason, untagged: a.Untagged}
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
