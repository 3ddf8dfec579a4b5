package config

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"rollcall/connectors"
)

// MaxBytes bounds a configuration file.
const MaxBytes = 256 << 10

// LoadOptions are what a configuration file needs from outside itself.
type LoadOptions struct {
	// Types are the bundled connector types, for near misses.
	Types []string
	// Spec describes a connector: a bundled type (command empty), or whatever
	// answers when command is started.
	Spec func(typ string, command []string, checksum string) (connectors.Spec, error)
	// Getenv looks an environment variable up for env().
	Getenv func(name string) (string, bool)
	// MemoryBytes is what the machine or its cgroup grants this process;
	// 0: [MachineMemory].
	MemoryBytes int64
	// Dictionary is what may be said of KPIs; nil: primary KPIs and owners are
	// taken as they are.
	Dictionary func() Dictionary
	// Warn receives what is suspicious but not wrong; nil: dropped.
	Warn func(message string)
}

// Load reads and validates a configuration file. Its error is *[Diagnostics]
// and holds everything that is wrong with the file.
func Load(path string, opts LoadOptions) (*Config, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	src, err := readFile(path)
	if err != nil {
		return nil, cannotRead(path, err)
	}
	return Parse(path, src, opts)
}

func cannotRead(path string, err error) error {
	return &Diagnostics{list: hcl.Diagnostics{{
		Severity: hcl.DiagError,
		Summary:  "Configuration cannot be read",
		Detail:   fmt.Sprintf("%s: %v. `rollcall init TYPE` writes one; --config names another.", path, err),
	}}}
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, reason(err)
	}
	if info.Size() > MaxBytes {
		return nil, fmt.Errorf("the file is larger than %d KiB", MaxBytes>>10)
	}
	src, err := os.ReadFile(path)
	return src, reason(err)
}

// Parse is Load for a file already in memory. path, absolute, is what relative
// paths and messages refer to.
func Parse(path string, src []byte, opts LoadOptions) (*Config, error) {
	l := newLoader(path, src, opts)
	cfg := l.load()
	if l.diags.HasErrors() {
		return nil, l.diagnostics()
	}
	for _, diag := range l.diags {
		l.warn(diag)
	}
	return cfg, nil
}

// A loader gathers diagnostics while it reads one file.
type loader struct {
	opts   LoadOptions
	path   string
	src    []byte
	diags  hcl.Diagnostics
	ctx    *hcl.EvalContext
	public map[string]bool // attributes and blocks whose values may be shown
	secret map[string]bool // names that hold a secret anywhere: never shown

	outside []string // what env() and file() gave, kept out of messages
}

func newLoader(path string, src []byte, opts LoadOptions) *loader {
	if opts.Warn == nil {
		opts.Warn = func(string) {}
	}
	if opts.MemoryBytes == 0 {
		opts.MemoryBytes = MachineMemory()
	}
	l := &loader{opts: opts, path: path, src: src, public: map[string]bool{}, secret: map[string]bool{}}
	for _, names := range [][]string{topNames, topBlocks, privacyNames, communityNames, publishNames, logNames, memoryNames, metricsNames,
		hostNames, hostBlocks, streamNames, rateNames, ruleNames, ruleBlocks, engagementNames, productEventNames, excludeNames, questionNames} {
		for _, name := range names {
			l.public[name] = true
		}
	}
	l.ctx = &hcl.EvalContext{Functions: l.functions()}
	return l
}

// Names the host's own configuration uses.
var (
	topNames     = []string{"data_dir", "time_zone", "currency", "fiscal_year_start"}
	topBlocks    = []string{"privacy", "community", "publish", "log", "memory", "metrics", "connector"}
	privacyNames = []string{"identity_matching"}
	publishNames = []string{"person_level", "keep", "parquet"}
	logNames     = []string{"level", "format"}
	memoryNames  = []string{"sync", "build"}
	metricsNames = []string{"listen"}
)

func (l *loader) load() *Config {
	body, ok := l.parse()
	if !ok {
		return nil
	}
	top := l.section(body, "the top level", slices.Concat(topNames, ruleNames), slices.Concat(topBlocks, ruleBlocks))
	cfg := &Config{Path: l.path, DataDir: l.dataDir(top)}
	cfg.TimeZone = l.timeZone(top)
	cfg.Currency = l.currency(top)
	cfg.FiscalYearStart = l.fiscalYearStart(top)
	cfg.Privacy = l.privacy(top)
	cfg.Community = l.community(top)
	cfg.Publish = l.publish(top)
	cfg.Log = l.log(top)
	cfg.Memory = l.memory(top)
	cfg.Metrics = l.metrics(top)
	cfg.Connectors = l.connectors(top, cfg.TimeZone)
	l.rules(top, cfg)
	return cfg
}

// parse returns the file's body. Nesting is bounded first, because HCL's
// parser recurses without a limit of its own.
func (l *loader) parse() (*hclsyntax.Body, bool) {
	const maxDepth = 100
	tokens, _ := hclsyntax.LexConfig(l.src, l.path, hcl.InitialPos)
	depth := 0
	for _, token := range tokens {
		switch token.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOBrack, hclsyntax.TokenOParen, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
			depth++
		case hclsyntax.TokenCBrace, hclsyntax.TokenCBrack, hclsyntax.TokenCParen, hclsyntax.TokenTemplateSeqEnd:
			depth--
		}
		if depth > maxDepth {
			l.fail(token.Range, "Nested too deeply", "Braces, brackets and parentheses may nest %d levels.", maxDepth)
			return nil, false
		}
	}
	file, diags := hclsyntax.ParseConfig(l.src, l.path, hcl.InitialPos)
	l.diags = append(l.diags, diags...)
	if file == nil {
		return nil, false
	}
	body, ok := file.Body.(*hclsyntax.Body)
	return body, ok
}

func (l *loader) dataDir(top section) string {
	dir, rng, ok := top.text("data_dir")
	if !ok {
		top.require("data_dir", `data_dir = "/var/lib/rollcall"`)
		return ""
	}
	if dir == "" {
		l.fail(rng, "Empty data_dir", "Name the directory that holds the database files, published releases and keys.")
		return ""
	}
	return l.absolute(dir)
}

// absolute resolves a path against the configuration file's directory.
func (l *loader) absolute(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(l.path), path)
}

func (l *loader) privacy(top section) Privacy {
	bases := []string{"opt_in", "legitimate_interest"}
	s, ok := top.block("privacy", "block privacy", privacyNames, nil)
	if !ok {
		top.require("privacy", `privacy { identity_matching = "opt_in" }, or "legitimate_interest": the basis on which community identities may be joined to customer data. There is no default`)
		return Privacy{}
	}
	basis, _, ok := s.choice("identity_matching", bases)
	if !ok {
		s.require("identity_matching", `"opt_in" or "legitimate_interest": the basis on which community identities may be joined to customer data. There is no default`)
	}
	return Privacy{IdentityMatching: basis}
}

func (l *loader) publish(top section) Publish {
	out := Publish{PersonLevel: true, Keep: 3}
	s, ok := top.block("publish", "block publish", publishNames, nil)
	if !ok {
		return out
	}
	if v, _, ok := s.boolean("person_level"); ok {
		out.PersonLevel = v
	}
	if v, rng, ok := s.integer("keep"); ok {
		if v < 1 || v > 1000 {
			l.fail(rng, "Invalid keep", "Keep between 1 and 1000 releases.")
		}
		out.Keep = int(v)
	}
	out.Parquet = s.tables(out.PersonLevel)
	return out
}

// tables are those of core and mart to export. Whether there are such tables is
// known where the models are.
func (s section) tables(personLevel bool) []string {
	names, rng, ok := s.texts("parquet")
	if !ok {
		return nil
	}
	if len(names) > 0 && !personLevel {
		s.l.fail(rng, "Invalid parquet", "With person_level = false no table of core or mart is published.")
	}
	for _, name := range names {
		if !exportable.MatchString(name) {
			s.l.fail(rng, "Invalid parquet", "%q is no table of core or mart, such as \"core.thread\". The tables of kpi are always exported.", name)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(names)))
}

var exportable = regexp.MustCompile(`^(core|mart)\.[a-z0-9_]+$`)

func (l *loader) log(top section) Log {
	out := Log{Level: slog.LevelInfo, Format: "text"}
	s, ok := top.block("log", "block log", logNames, nil)
	if !ok {
		return out
	}
	levels := []string{"debug", "info", "warn", "error"}
	if v, _, ok := s.choice("level", levels); ok {
		out.Level = []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError}[slices.Index(levels, v)]
	}
	if v, _, ok := s.choice("format", []string{"text", "json"}); ok {
		out.Format = v
	}
	return out
}

// DataDir reads only data_dir of a configuration file, for commands that ask
// the daemon and so need none of its secrets. env() and file() work in it.
func DataDir(path string, getenv func(string) (string, bool)) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	src, err := readFile(path)
	if err != nil {
		return "", cannotRead(path, err)
	}
	l := newLoader(path, src, LoadOptions{Getenv: getenv, MemoryBytes: 1})
	if body, ok := l.parse(); ok && !l.diags.HasErrors() {
		top := section{l: l, body: body, what: "the top level", start: body.MissingItemRange()}
		if dir := l.dataDir(top); !l.diags.HasErrors() {
			return dir, nil
		}
	}
	return "", l.diagnostics()
}
