package config

import (
	"bytes"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// mask returns src with the same length and lines, in which every literal is
// asterisks unless it is the value of a public attribute, the argument of
// env() or file(), or the label of a public block; a name that is secret in
// any connector is never public. It works on tokens, so that a file which does
// not parse hides its secrets too.
func mask(src []byte, path string, public, secret map[string]bool) []byte {
	out := bytes.Clone(src)
	tokens, _ := hclsyntax.LexConfig(src, path, hcl.InitialPos)
	m := masker{tokens: tokens, public: public, secret: secret}
	for i := range tokens {
		if m.step(i) {
			hide(out, tokens[i].Range)
		}
	}
	return out
}

func hide(out []byte, rng hcl.Range) {
	for i := rng.Start.Byte; i < rng.End.Byte && i < len(out); i++ {
		if out[i] != '\n' && out[i] != '\r' {
			out[i] = '*'
		}
	}
}

type masker struct {
	tokens hclsyntax.Tokens
	public map[string]bool
	secret map[string]bool

	inValue bool // between "=" and the end of the attribute
	show    bool // the literals here may be seen
	depth   int  // brackets open since the value began
	call    int  // depth of the env( or file( we are in; 0: none
	midLine bool // something stood on this line before
}

// step advances over token i and says whether it must be hidden.
func (m *masker) step(i int) bool {
	token := m.tokens[i]
	if !m.midLine && !m.inValue && token.Type == hclsyntax.TokenIdent {
		m.midLine = true
		m.show = m.public[string(token.Bytes)] && !m.secret[string(token.Bytes)]
		return false
	}
	switch token.Type {
	case hclsyntax.TokenEqual:
		m.assign(i)
	case hclsyntax.TokenNewline:
		m.newline()
	case hclsyntax.TokenOBrace:
		m.open(!m.inValue)
	case hclsyntax.TokenOParen, hclsyntax.TokenOBrack, hclsyntax.TokenTemplateInterp, hclsyntax.TokenTemplateControl:
		m.open(false)
		if m.call == 0 && token.Type == hclsyntax.TokenOParen && i > 0 && isSource(m.tokens[i-1]) {
			m.call = m.depth
		}
	case hclsyntax.TokenCBrace, hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenTemplateSeqEnd:
		m.close()
	case hclsyntax.TokenIdent:
		return !m.show && m.call == 0 && !isSource(token)
	case hclsyntax.TokenComment:
		m.newline() // a comment takes its line's end with it
		return true
	case hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit, hclsyntax.TokenNumberLit:
		m.midLine = true
		return !m.show && m.call == 0
	case hclsyntax.TokenInvalid, hclsyntax.TokenBadUTF8, hclsyntax.TokenQuotedNewline:
		return true
	}
	return false
}

// assign begins a value. An assignment inside a value is an object's member,
// or what a missing bracket makes of the next attribute.
func (m *masker) assign(i int) {
	if !m.inValue {
		m.inValue, m.depth, m.call = true, 0, 0
	} else if i > 0 && m.secret[string(m.tokens[i-1].Bytes)] {
		m.show = false
	}
}

func (m *masker) newline() {
	if m.inValue && m.depth > 0 {
		return
	}
	m.inValue, m.show, m.midLine, m.depth, m.call = false, false, false, 0, 0
}

// open counts a bracket; the brace of a block starts a fresh line.
func (m *masker) open(block bool) {
	if block {
		m.newline()
		return
	}
	m.depth++
}

func (m *masker) close() {
	if m.depth > 0 {
		if m.depth == m.call {
			m.call = 0
		}
		m.depth--
		return
	}
	m.inValue, m.show = false, false
}

func isSource(token hclsyntax.Token) bool {
	return string(token.Bytes) == "env" || string(token.Bytes) == "file"
}
