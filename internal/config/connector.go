package config

import (
	"encoding/hex"
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"rollcall/connectors"
)

// Names of a connector block that belong to the host, and so may not be
// settings of a connector.
var (
	hostNames = []string{"schedule", "command", "checksum", "kinds", "email_trust", "moved_from",
		"max_delete_share", "stall_timeout", "memory_limit", "census_every"}
	hostBlocks  = []string{"stream", "rate"}
	streamNames = []string{"schedule", "enabled"}
	rateNames   = []string{"limit", "per"}
)

var instanceName = regexp.MustCompile(`^[a-z0-9_-]+$`)

// Defaults of a connector block.
const (
	defaultEvery          = time.Hour
	defaultMaxDeleteShare = 0.2
	defaultStallTimeout   = 5 * time.Minute
	defaultMemoryLimit    = 512 << 20
	defaultCensusEvery    = 7 * 24 * time.Hour
)

func (l *loader) connectors(top section, zone *time.Location) []Connector {
	var list []Connector
	defined := map[string]*hclsyntax.Block{}
	for _, block := range top.body.Blocks {
		if block.Type != "connector" || !l.labels(block, 2) {
			continue
		}
		c := l.connector(block, zone)
		if first, ok := defined[c.Name]; ok {
			l.fail(block.LabelRanges[1], "Duplicate name", "There is already a connector named %q at line %d; names are unique over all types.",
				c.Name, first.DefRange().Start.Line)
			continue
		}
		defined[c.Name] = block
		list = append(list, c)
	}
	for _, c := range list {
		if other, ok := defined[c.MovedFrom]; ok {
			l.fail(defined[c.Name].DefRange(), "Invalid moved_from", "%q still stands at line %d; moved_from names an instance that is no longer configured.",
				c.MovedFrom, other.DefRange().Start.Line)
		}
	}
	return list
}

func (l *loader) connector(block *hclsyntax.Block, zone *time.Location) Connector {
	c := Connector{Type: block.Labels[0], Name: block.Labels[1]}
	c.DefRange = fmt.Sprintf("%s:%d", filepath.Base(l.path), block.DefRange().Start.Line)
	if len(c.Name) > 100 || !instanceName.MatchString(c.Name) {
		l.fail(block.LabelRanges[1], "Invalid name", "A connector's name consists of a-z, 0-9, \"_\" and \"-\", at most 100 of them.")
	}
	s := section{l: l, body: block.Body, what: fmt.Sprintf("connector %q %q", c.Type, c.Name), start: block.DefRange()}
	c.Command = l.command(s)
	c.Checksum = s.checksum(c.Command)
	spec, ok := l.spec(s, block, c)
	if !ok {
		return c
	}
	c.Spec = spec
	l.unknownNames(block.Body, s.what, slices.Concat(settingNames(spec.Settings, false), hostNames),
		slices.Concat(settingNames(spec.Settings, true), hostBlocks))
	c.Settings, c.Secrets = l.settings(s, spec.Settings)
	c.Named = l.named(s, spec, c.Settings)
	l.hostSettings(s, &c, zone)
	return c
}

// spec describes the connector and notes which names may be shown.
func (l *loader) spec(s section, block *hclsyntax.Block, c Connector) (connectors.Spec, bool) {
	if len(c.Command) == 0 && !slices.Contains(l.opts.Types, c.Type) {
		l.fail(block.LabelRanges[0], "Unknown connector", "There is no bundled connector %q, and the block names no command.%s", c.Type, known(c.Type, l.opts.Types))
		return connectors.Spec{}, false
	}
	spec, err := l.opts.Spec(c.Type, c.Command, c.Checksum)
	if err != nil {
		l.fail(block.LabelRanges[0], "Connector does not answer", "%v", err)
		return connectors.Spec{}, false
	}
	if spec.Type != c.Type {
		l.fail(block.LabelRanges[0], "Another connector", "%s is the connector %q, not %q.", strings.Join(c.Command, " "), spec.Type, c.Type)
		return connectors.Spec{}, false
	}
	l.show(spec.Settings)
	return spec, true
}

func (l *loader) show(settings []connectors.Setting) {
	for _, setting := range settings {
		l.public[setting.Name] = true
		if setting.Secret {
			l.secret[setting.Name] = true
		}
		l.show(setting.Block)
	}
}

// command is a program and its arguments; a relative path is meant from the
// configuration file's directory, a bare name is looked up in PATH.
func (l *loader) command(s section) []string {
	list, rng, ok := s.texts("command")
	if !ok {
		return nil
	}
	if len(list) == 0 || list[0] == "" {
		l.fail(rng, "Empty command", "Name a program and its arguments: command = [\"/usr/local/bin/acme\"].")
		return nil
	}
	if strings.ContainsRune(list[0], filepath.Separator) {
		list[0] = l.absolute(list[0])
	}
	return list
}

func (s section) checksum(command []string) string {
	sum, rng, ok := s.text("checksum")
	if !ok {
		return ""
	}
	if raw, err := hex.DecodeString(sum); err != nil || len(raw) != 32 {
		s.l.fail(rng, "Invalid checksum", "checksum is the SHA-256 of the command's file, 64 hexadecimal digits.")
		return ""
	}
	if len(command) == 0 {
		s.l.fail(rng, "Checksum without command", "checksum covers the file that command names.")
	}
	return strings.ToLower(sum)
}

func (l *loader) hostSettings(s section, c *Connector, zone *time.Location) {
	c.Schedule, c.MaxDeleteShare, c.StallTimeout = every(defaultEvery), defaultMaxDeleteShare, defaultStallTimeout
	c.MemoryLimit, c.CensusEvery = defaultMemoryLimit, defaultCensusEvery
	if schedule, ok := s.schedule(zone); ok {
		c.Schedule = schedule
	}
	if share, rng, ok := s.float("max_delete_share"); ok {
		if share < 0 || share > 1 {
			l.fail(rng, "Invalid max_delete_share", "A share lies between 0 and 1.")
		}
		c.MaxDeleteShare = share
	}
	if d, ok := s.duration("stall_timeout", time.Second); ok {
		c.StallTimeout = d
	}
	if d, ok := s.duration("census_every", time.Minute); ok {
		c.CensusEvery = d
	}
	if n, _, ok := s.size("memory_limit", 32<<20); ok {
		c.MemoryLimit = n
	}
	if from, rng, ok := s.text("moved_from"); ok {
		if !instanceName.MatchString(from) || from == c.Name {
			l.fail(rng, "Invalid moved_from", "moved_from is this instance's earlier name.")
		}
		c.MovedFrom = from
	}
	c.Kinds, c.EmailTrust = l.kinds(s, c.Spec), l.emailTrust(s, c.Spec)
	c.Streams, c.Rates = l.streams(s, c.Spec, zone), l.rates(s, c.Spec)
}

func every(d time.Duration) Schedule {
	schedule, err := ParseSchedule("@every "+d.String(), time.UTC)
	if err != nil {
		panic(err) // a constant
	}
	return schedule
}

func (l *loader) kinds(s section, spec connectors.Spec) []connectors.Kind {
	words, rng, ok := s.texts("kinds")
	if !ok {
		if len(spec.Kinds) == 0 {
			s.require("kinds", "kinds = [\"community\"]: what its data are, since a "+spec.Type+" can hold anything. Known are: "+strings.Join(kindNames(), ", "))
		}
		return spec.Kinds
	}
	if len(words) == 0 {
		l.fail(rng, "Empty kinds", "Name at least one of: %s.", strings.Join(kindNames(), ", "))
	}
	var kinds []connectors.Kind
	for _, word := range words {
		if !slices.Contains(kindNames(), word) {
			l.fail(rng, "Unknown kind", "%q is no kind of source.%s", word, known(word, kindNames()))
		}
		kinds = append(kinds, connectors.Kind(word))
	}
	return kinds
}

func kindNames() []string {
	var names []string
	for _, kind := range connectors.Kinds() {
		names = append(names, string(kind))
	}
	return names
}

func (l *loader) emailTrust(s section, spec connectors.Spec) connectors.Trust {
	grades := []string{string(connectors.TrustVerified), string(connectors.TrustStaff), string(connectors.TrustSelf)}
	word, _, ok := s.choice("email_trust", grades)
	if ok {
		return connectors.Trust(word)
	}
	if spec.EmailTrust == "" {
		s.require("email_trust", `email_trust = "verified", "staff" (entered by staff) or "self" (claimed): who vouches for its e-mail addresses`)
	}
	return spec.EmailTrust
}

func (l *loader) streams(s section, spec connectors.Spec, zone *time.Location) map[string]Stream {
	var names []string
	for _, stream := range spec.Streams {
		names = append(names, stream.Name)
	}
	streams := map[string]Stream{}
	for name, inner := range l.labelled(s, "stream", names, streamNames) {
		stream := Stream{Enabled: true}
		stream.Schedule, _ = inner.schedule(zone)
		if enabled, _, ok := inner.boolean("enabled"); ok {
			stream.Enabled = enabled
		}
		streams[name] = stream
	}
	return streams
}

func (l *loader) rates(s section, spec connectors.Spec) map[string]Rate {
	var names []string
	for _, bucket := range spec.Buckets {
		names = append(names, bucket.Name)
	}
	rates := map[string]Rate{}
	for name, inner := range l.labelled(s, "rate", names, rateNames) {
		limit, rng, ok := inner.integer("limit")
		if !ok {
			inner.require("limit", "limit = 60: requests in each window")
		} else if limit < 1 || limit > 1e9 {
			l.fail(rng, "Invalid limit", "A limit is at least 1.")
		}
		per, ok := inner.duration("per", time.Millisecond)
		if !ok {
			inner.require("per", `per = "1m": the window of limit`)
		}
		rates[name] = Rate{Limit: int(limit), Per: per}
	}
	return rates
}

// labelled opens the blocks of a type that carry one label out of names.
func (l *loader) labelled(s section, typ string, names, attrs []string) map[string]section {
	found := map[string]section{}
	for _, block := range s.body.Blocks {
		if block.Type != typ || !l.labels(block, 1) {
			continue
		}
		name := block.Labels[0]
		_, twice := found[name]
		switch {
		case twice:
			l.fail(block.DefRange(), "Duplicate block", "There is already a block %s %q.", typ, name)
		case !slices.Contains(names, name):
			l.fail(block.LabelRanges[0], "Unknown "+typ, "%s has no %s %q.%s", upperFirst(s.what), typ, name, known(name, names))
		}
		inner := l.section(block.Body, fmt.Sprintf("block %s %q", typ, name), attrs, nil)
		inner.start = block.DefRange()
		found[name] = inner
	}
	return found
}

func (l *loader) metrics(top section) Metrics {
	s, ok := top.block("metrics", "block metrics", metricsNames, nil)
	if !ok {
		return Metrics{}
	}
	listen, rng, ok := s.text("listen")
	if !ok {
		return Metrics{Listen: "127.0.0.1:9464"}
	}
	if _, _, err := net.SplitHostPort(listen); err != nil {
		l.fail(rng, "Invalid listen", "%q is no address: write \"127.0.0.1:9464\".", listen)
	}
	return Metrics{Listen: listen}
}
