package identity

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/identity/address"
)

// What the code of an address says is what its text does.
func TestCodes_sayWhatTheTextDoes(t *testing.T) {
	codes, reasons := newCodes(), address.Reasons()
	none := func(string) bool { return false }
	coded := 0
	for _, raw := range []string{
		"ann@acme.com", "ann@mail.acme.co.uk", "ann@gmail.com", "a.nn@gmail.com", "ann+x@acme.com", "ann+x@hotmail.com", "support@acme.com", "noreply@acme.com",
		"ann@mailinator.com", "devnull@localhost", "null@acme.com", "ann@uni-bonn.de", "Ann@acme.com", "ann@acme.com.", "7+ann@users.noreply.github.com",
		"ann@users.noreply.github.com", "ann@site.github.io", "ann@[10.0.0.1]", `"a@b"@acme.com`, "аnn@acme.com", "ann", "", "j..d@acme.com",
	} {
		code := codes.ofAddress(raw, none)
		v, found := readAddress(raw, none)
		if code == 0 {
			continue
		}
		coded++
		require.True(t, found, raw)
		require.Equal(t, text{idType: "email", norm: raw, domain: raw[strings.IndexByte(raw, '@')+1:], company: raw[len(raw)-int(code>>companyShift):],
			class: string(classes()[code&255-1]), reason: reasons[code>>reasonShift&65535]}, v, raw)
	}
	require.Equal(t, 12, coded, "an address that is its own mailbox has a code")
	require.Zero(t, codes.ofAddress("ann@acme.com", func(string) bool { return true }), "one that was erased identifies nobody")
	require.EqualValues(t, 1, codeOfSubject("u-17"))
	require.Zero(t, codeOfSubject("anonymous"))
	require.Zero(t, codeOfSubject(" 7"))
}
