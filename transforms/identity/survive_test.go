package identity_test

import (
	"cmp"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms/identity"
)

func TestSurvive_keepsIDsWhenNothingChanged(t *testing.T) {
	s := survive([]int32{0, 2}, []int32{0, 0, 1}, []int32{1, 1, 0})
	require.Equal(t, []int32{1, 0}, s.Of)
	require.Equal(t, []int32{1, 0}, s.Into)
}

func TestSurvive_redirectsWhoWasMerged(t *testing.T) {
	s := survive([]int32{0, 1}, []int32{0, 1, 1}, []int32{0, 0, 0})
	require.Equal(t, []int32{1}, s.Of, "both anchors are there, the second brings more logins")
	require.Equal(t, []int32{0, 0}, s.Into)
	s = survive([]int32{0, 1}, []int32{0, 1}, []int32{0, 0})
	require.Equal(t, []int32{0}, s.Of, "else the older")
}

func TestSurvive_givesTheIDToTheHalfWithTheAnchor(t *testing.T) {
	s := survive([]int32{0}, []int32{0, 0, 0}, []int32{1, 0, 0})
	require.Equal(t, []int32{-1, 0}, s.Of, "one login, but the anchor")
	s = survive([]int32{-1}, []int32{0, 0, 0}, []int32{1, 0, 0})
	require.Equal(t, []int32{0, -1}, s.Of, "without anchor the greater half")
}

func TestSurvive_forgetsWhoHasNoLoginLeft(t *testing.T) {
	s := survive([]int32{-1, 0}, []int32{1, -1}, []int32{0, 1})
	require.Equal(t, []int32{1, -1}, s.Of)
	require.Equal(t, []int32{-1, 0}, s.Into)
}

func survive(anchors, was, now []int32) identity.Survival {
	return identity.Survive(anchors, was, now, cmp.Compare[int32], cmp.Compare[int32])
}
