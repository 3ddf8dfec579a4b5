package world

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
)

// Places are where the parts of a served world are found.
type Places struct {
	Forum, Lab, GitHub string // addresses; GitHub's is that of its REST API
	ForumKey           string // file with the API key of both forums
	GitHubToken        string // file with the token
	Limit              int    // requests a minute of each API; 0: the connectors' defaults
	BookmarksQuery     int    // id of the forums' Data Explorer query of bookmarks; 0: bookmarks are not read
	Exports            string // directory that Export writes to
	KeySecret          string // file with the secret that hides addresses in keys
	Settle             string // how long an export must lie untouched; "": the default
}

// Config is the part of a configuration that reads the world's sources and
// tells what they cannot: whose domain is Tidewater's, which logins are test
// accounts, what the product's events mean.
func (w *World) Config(p Places) string {
	var b strings.Builder
	fmt.Fprintf(&b, "exclude {\n  staff_domains = [%q]\n  identities    = [%s]\n}\n\n", Domain, strings.Join(w.testLogins(), ", "))
	for _, event := range ProductEvents() {
		fmt.Fprintf(&b, "product_event %q {\n  feature    = %q\n  key_action = %t\n  login      = %t\n  training   = %t\n}\n",
			event.Name, event.Feature, event.Feature != "" && !event.IsTraining, event.IsLogin, event.IsTraining)
	}
	p.discourse(&b, Forum, p.Forum)
	p.discourse(&b, Lab, p.Lab)
	fmt.Fprintf(&b, "\nconnector \"github\" %q {\n  token        = file(%q)\n  organization = \"tidewater\"\n  api_url      = %q\n", GitHub.Instance(), p.GitHubToken, p.GitHub)
	p.rates(&b, "rest", "graphql")
	b.WriteString("}\n")
	for s := CRMWest; s < sourceCount; s++ {
		p.files(&b, s.Instance(), strconv.Quote(s.Kind()), s.EmailTrust(), exportSets(s))
	}
	p.files(&b, Programme, `"crm", "referral"`, "staff", []exportSet{
		{name: "consent.csv", stream: "consent"},
		{name: "referrals.csv", stream: "community_event"},
	})
	return b.String()
}

// discourse writes the connector of a forum.
func (p Places) discourse(b *strings.Builder, s Source, url string) {
	fmt.Fprintf(b, "\nconnector \"discourse\" %q {\n  url     = %q\n  api_key = file(%q)\n", s.Instance(), url, p.ForumKey)
	if p.BookmarksQuery > 0 {
		fmt.Fprintf(b, "\n  bookmarks_query = %d\n", p.BookmarksQuery)
	}
	p.rates(b, "api", "explorer")
	b.WriteString("}\n")
}

// rates lets a connector ask as often as the places allow.
func (p Places) rates(b *strings.Builder, buckets ...string) {
	for _, bucket := range buckets {
		if p.Limit > 0 {
			fmt.Fprintf(b, "\n  rate %q {\n    limit = %d\n    per   = \"1m\"\n  }\n", bucket, p.Limit)
		}
	}
}

// testLogins are the quoted identity ids of test accounts.
func (w *World) testLogins() []string {
	var ids []string
	for i := range w.Logins {
		if w.People[w.Logins[i].Person].Kind == Test {
			ids = append(ids, fmt.Sprintf("%q", w.IdentityID(LoginID(i))))
		}
	}
	return ids
}

// An exportSet is one file block: a file, the stream it fills, and how; without
// a mapping the file has the product's own columns.
type exportSet struct {
	label, name, stream string
	settings            string // further lines
	mapping             string
}

// files writes a files connector that reads sets from the instance's folder.
func (p Places) files(b *strings.Builder, instance, kinds, trust string, sets []exportSet) {
	fmt.Fprintf(b, "\nconnector \"files\" %q {\n  kinds       = [%s]\n  email_trust = %q\n  key_secret  = file(%q)\n", instance, kinds, trust, p.KeySecret)
	for _, set := range sets {
		label := set.label
		if label == "" {
			label = strings.TrimSuffix(strings.TrimSuffix(set.name, ".csv"), ".jsonl")
		}
		fmt.Fprintf(b, "\n  file %q {\n    path    = %q\n    stream  = %q\n", label, filepath.Join(p.Exports, instance, set.name), set.stream)
		if p.Settle != "" {
			fmt.Fprintf(b, "    settle  = %q\n", p.Settle)
		}
		b.WriteString(set.settings)
		if set.mapping == "" {
			b.WriteString("    canonical = true\n  }\n")
			continue
		}
		mapping := set.mapping
		if strings.Contains(set.settings, changedRow) {
			mapping += `, source_updated_at = "updated_at"`
		}
		fmt.Fprintf(b, "    mapping = { %s }\n  }\n", mapping)
	}
	b.WriteString("}\n")
}

const (
	changedRow = "    changed = \"updated_at\"\n"
	deletedRow = changedRow + "    deleted = \"is_deleted\"\n"
	keyedRow   = changedRow + "    key     = [\"id\"]\n"
)

// exportSets are the file blocks of a source. Tickets, contracts and the like
// are written to files that no block reads yet.
func exportSets(s Source) []exportSet {
	people, companies := contactSets(s)
	sets := []exportSet{{name: people + ".csv", stream: "identity", settings: deletedRow,
		mapping: `source_user_id = "id", display_name = "name", email = "email", created_at = "created_at"`}}
	if companies != "" {
		sets = append(sets, exportSet{name: companies + ".csv", stream: "org", settings: deletedRow + "    key     = [\"id\"]\n",
			mapping: `org_id = "id", name = "name", domain = "domain", reference_org_id = "crm_company", created_at = "created_at"`},
			exportSet{name: "memberships.csv", stream: "org_membership", settings: keyedRow,
				mapping: `identity_id = "owner", org_id = "company_id", is_primary = "is_primary", valid_from = "from", valid_to = "until"`})
	}
	history := exportSet{name: "addresses.csv", stream: "identity_evidence", settings: keyedRow,
		mapping: `identity_id = "owner", id_type = "=email", value = "email", seen_from = "from", seen_until = "until"`}
	switch s {
	case CRMWest, CRMEast:
		sets = append(sets, history,
			exportSet{label: "contact_merges", name: people + ".csv", stream: "merge", settings: keyedRow,
				mapping: `object = "=identity", merged_id = "id", surviving_id = "merged_into", merged_at = "updated_at"`},
			exportSet{name: "company_merges.csv", stream: "merge", mapping: `object = "=org", merged_id = "merged_id", surviving_id = "surviving_id", merged_at = "merged_at"`})
	case Helpdesk:
		sets = append(sets, history, exportSet{name: "roles.csv", stream: "identity_role",
			mapping: `identity_id = "owner", role_name = "role", valid_from = "from"`})
	case Surveys:
		sets = append(sets, exportSet{name: "surveys.jsonl", stream: "survey"}, exportSet{name: "questions.jsonl", stream: "survey_question"},
			exportSet{name: "invitations.csv", stream: "survey_invitation",
				mapping: `invitation_id = "id", survey_id = "survey", identity_id = "respondent", sent_at = "sent_at", is_bounced = "bounced", channel = "=email"`},
			exportSet{name: "responses.jsonl", stream: "survey_response",
				mapping: `response_id = "response", question_id = "question", survey_id = "survey", identity_id = "respondent", responded_at = "at", score_raw = "score", is_complete = "complete", ticket_id = "ticket"`})
	case Product:
		sets = append(sets, productSets()...)
	case Meetups:
		sets = append(sets, exportSet{name: "gatherings.jsonl", stream: "community_gathering"},
			exportSet{name: "attendance.csv", stream: "event_attendance", settings: changedRow,
				mapping: `attendance_id = "id", gathering_id = "event", identity_id = "attendee", registered_at = "registered_at", cancelled_at = "cancelled_at", first_joined_at = "joined_at", last_left_at = "left_at", minutes_attended = "minutes", is_host = "is_host"`})
	}
	return sets
}

func productSets() []exportSet {
	return []exportSet{
		{label: "product_users", name: "users.csv", stream: "product_user", settings: changedRow,
			mapping: `identity_id = "id", org_id = "workspace_id", created_at = "created_at", deactivated_at = "deactivated_at"`},
		{label: "sign_ins", name: "users.csv", stream: "identity_evidence", settings: keyedRow,
			mapping: fmt.Sprintf(`identity_id = "id", id_type = "=subject", namespace = "=%s", value = "subject"`, Issuer)},
		{name: "roles.csv", stream: "identity_role", mapping: `identity_id = "owner", role_name = "role", valid_from = "from"`},
		{label: "events", name: "events-*.jsonl", stream: "product_event",
			mapping: `event_id = "id", event_name = "name", feature = "feature", identity_id = "user", org_id = "workspace", occurred_at = "at"`},
	}
}
