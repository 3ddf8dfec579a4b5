package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// An EngagementRule gives acts of a type their tier.
type EngagementRule struct {
	EventType string    // the block's label
	Source    string    // connector type; empty: all
	Reaction  string    // lower case; empty: all
	MinChars  int       // of the text
	Tier      int       // -1 to 3
	Helpful   bool      // such a reaction says that a reply helped
	From      time.Time // first local day; zero: always
}

// A ProductEvent says what an event of the product's own tracking means.
type ProductEvent struct {
	Name       string // the block's label
	Feature    string
	KeyAction  bool
	ValueEvent bool
	Login      bool
	Training   bool
	From       time.Time // first local day; zero: always
}

// Exclude names logins that are not members: by id, or by the domain of the
// address.
type Exclude struct {
	Identities   []string // source:instance:user; they are test people
	StaffDomains []string // lower case; subdomains as well
	TestDomains  []string
}

// Questions tell questions from other threads.
type Questions struct {
	Source     string   // connector type; empty: all
	Categories []string // lower case
	Tags       []string // lower case
	Default    *bool    // what other threads are; nil: as shipped
}

// Names of the blocks that say what acts, events and threads mean.
var (
	ruleNames         = []string{"parameters"}
	ruleBlocks        = []string{"engagement_rule", "product_event", "exclude", "questions"}
	engagementNames   = []string{"source", "reaction", "tier", "helpful", "min_chars", "from"}
	productEventNames = []string{"feature", "key_action", "value_event", "login", "training", "from"}
	excludeNames      = []string{"identities", "staff_domains", "test_domains"}
	questionNames     = []string{"categories", "tags", "default"}
)

// eventTypes are the acts that a rule can be about: those of the shape
// community_event, and those that the models make of content, events and
// surveys.
var eventTypes = []string{
	"thread", "reply", "reply_helpful", "solution", "attend", "survey",
	"join", "visit", "view", "search", "reaction", "vote", "poll", "bookmark", "share", "flag", "training_view", "feedback",
	"referral_share", "talk", "guide", "case_study", "research_beta", "research_interview", "research_test", "system",
}

// rules reads what acts, events and threads mean. The connectors are read
// before: a rule may be of a configured type.
func (l *loader) rules(top section, cfg *Config) {
	types := slices.Clone(l.opts.Types)
	for _, c := range cfg.Connectors {
		if !slices.Contains(types, c.Type) {
			types = append(types, c.Type)
		}
	}
	cfg.Parameters = l.parameters(top)
	cfg.EngagementRules = l.engagementRules(top, types)
	cfg.ProductEvents = l.productEvents(top)
	cfg.Exclude = l.exclude(top)
	cfg.Questions = l.questions(top, types)
}

// parameters reads numbers, words and truth values as text. Which names exist
// is known where definitions are.
func (l *loader) parameters(top section) map[string]string {
	value, rng, ok := top.value("parameters")
	if !ok {
		return nil
	}
	if !value.Type().IsObjectType() && !value.Type().IsMapType() {
		top.mistyped("parameters", rng, "a map: { activation_window_days = 14 }")
		return nil
	}
	found := map[string]string{}
	for name, v := range value.AsValueMap() {
		switch {
		case v.IsNull():
		case v.Type() == cty.Number:
			found[name] = v.AsBigFloat().Text('g', 17)
		case v.Type() == cty.String:
			found[name] = v.AsString()
		case v.Type() == cty.Bool:
			found[name] = strconv.FormatBool(v.True())
		default:
			l.fail(rng, "Wrong type", "Parameter %s must be a number, a string or true or false.", name)
		}
	}
	return found
}

// namedBlocks opens every block of a type that has one label.
func (l *loader) namedBlocks(top section, typ string, names []string) []section {
	var list []section
	for _, block := range top.body.Blocks {
		if block.Type != typ || !l.labels(block, 1) {
			continue
		}
		s := l.section(block.Body, fmt.Sprintf("%s %q", typ, block.Labels[0]), names, nil)
		s.start, s.label = block.DefRange(), block.Labels[0]
		list = append(list, s)
	}
	return list
}

func (l *loader) engagementRules(top section, types []string) []EngagementRule {
	var list []EngagementRule
	defined := map[EngagementRule]int{}
	for _, s := range l.namedBlocks(top, "engagement_rule", engagementNames) {
		r := l.engagementRule(s, types)
		key := EngagementRule{EventType: r.EventType, Source: r.Source, Reaction: r.Reaction, MinChars: r.MinChars, From: r.From}
		if line, ok := defined[key]; ok {
			l.fail(s.start, "Duplicate rule", "The rule at line %d is of the same acts, length and day.", line)
			continue
		}
		defined[key] = s.start.Start.Line
		list = append(list, r)
	}
	return list
}

func (l *loader) engagementRule(s section, types []string) EngagementRule {
	r := EngagementRule{EventType: s.label}
	if !slices.Contains(eventTypes, s.label) {
		l.fail(s.start, "Unknown type of act", "There is no type of act %q.%s", s.label, known(s.label, eventTypes))
	}
	r.Source, _, _ = s.choice("source", types)
	if reaction, _, ok := s.text("reaction"); ok {
		r.Reaction = strings.ToLower(strings.TrimSpace(reaction))
	}
	r.Helpful, _, _ = s.boolean("helpful")
	if tier, rng, ok := s.integer("tier"); ok {
		if tier < -1 || tier > 3 {
			l.fail(rng, "Invalid tier", "A tier is -1 (done by software), 0 (passive), 1 (light), 2 (meaningful) or 3 (high).")
		}
		r.Tier = int(tier)
	} else {
		s.require("tier", "tier = -1 to 3")
	}
	if chars, rng, ok := s.integer("min_chars"); ok {
		if chars < 0 || chars > 1_000_000 {
			l.fail(rng, "Invalid min_chars", "min_chars is between 0 and 1000000.")
		}
		r.MinChars = int(chars)
	}
	r.From, _ = s.date("from")
	return r
}

func (l *loader) productEvents(top section) []ProductEvent {
	var list []ProductEvent
	type key struct {
		name string
		from time.Time
	}
	defined := map[key]int{}
	for _, s := range l.namedBlocks(top, "product_event", productEventNames) {
		e := ProductEvent{Name: s.label}
		e.Feature, _, _ = s.text("feature")
		e.KeyAction, _, _ = s.boolean("key_action")
		e.ValueEvent, _, _ = s.boolean("value_event")
		e.Login, _, _ = s.boolean("login")
		e.Training, _, _ = s.boolean("training")
		e.From, _ = s.date("from")
		if line, ok := defined[key{e.Name, e.From}]; ok {
			l.fail(s.start, "Duplicate block", "The block at line %d is of the same event and day.", line)
			continue
		}
		defined[key{e.Name, e.From}] = s.start.Start.Line
		list = append(list, e)
	}
	return list
}

func (l *loader) exclude(top section) Exclude {
	s, ok := top.block("exclude", "block exclude", excludeNames, nil)
	if !ok {
		return Exclude{}
	}
	var out Exclude
	ids, rng, _ := s.texts("identities")
	for _, id := range ids {
		if parts := strings.SplitN(id, ":", 3); len(parts) < 3 || slices.Contains(parts, "") {
			l.fail(rng, "Invalid identity", "%q is no login: write \"discourse:forum:17\", that is connector type, name and the source's user id.", id)
		}
	}
	out.Identities = ids
	out.StaffDomains = s.domains("staff_domains")
	out.TestDomains = s.domains("test_domains")
	return out
}

// domains reads mail domains in lower case.
func (s section) domains(name string) []string {
	list, rng, _ := s.texts(name)
	var domains []string
	for _, text := range list {
		domain := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(text), "@"))
		if strings.ContainsAny(domain, "@%_* \\/") || !strings.Contains(strings.Trim(domain, "."), ".") {
			s.l.fail(rng, "Invalid "+name, "%q is no domain: write \"acme.com\"; its subdomains are meant as well.", text)
			continue
		}
		domains = append(domains, strings.Trim(domain, "."))
	}
	return domains
}

func (l *loader) questions(top section, types []string) []Questions {
	var list []Questions
	defined := map[string]int{}
	for _, block := range top.body.Blocks {
		if block.Type != "questions" {
			continue
		}
		if len(block.Labels) > 1 {
			l.fail(block.DefRange(), "Wrong number of labels", "Write questions { … } or questions \"discourse\" { … }.")
			continue
		}
		q := Questions{Source: strings.Join(block.Labels, "")}
		if len(block.Labels) == 1 && !slices.Contains(types, q.Source) {
			l.fail(block.LabelRanges[0], "Unknown connector", "There is no connector %q.%s", q.Source, known(q.Source, types))
		}
		if line, ok := defined[q.Source]; ok {
			l.fail(block.DefRange(), "Duplicate block", "There is already such a block at line %d.", line)
			continue
		}
		defined[q.Source] = block.DefRange().Start.Line
		s := l.section(block.Body, "block questions", questionNames, nil)
		q.Categories, q.Tags = s.lower("categories"), s.lower("tags")
		if v, _, ok := s.boolean("default"); ok {
			q.Default = &v
		}
		list = append(list, q)
	}
	return list
}

// lower reads a list of words in lower case.
func (s section) lower(name string) []string {
	list, rng, _ := s.texts(name)
	for i, word := range list {
		list[i] = strings.ToLower(strings.TrimSpace(word))
		if list[i] == "" {
			s.l.fail(rng, "Invalid "+name, "An empty name matches nothing.")
		}
	}
	return list
}

// date reads "2026-01-31".
func (s section) date(name string) (time.Time, bool) {
	word, rng, ok := s.text(name)
	if !ok {
		return time.Time{}, false
	}
	day, err := time.Parse(time.DateOnly, word)
	if err != nil {
		s.l.fail(rng, "Invalid "+name, "%q is no date: write \"2026-01-31\".", word)
		return time.Time{}, false
	}
	return day, true
}
