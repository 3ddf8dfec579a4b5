package transforms_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// seen makes a visit on a day, stored when the lake's other rows are.
func seen(l *lake, community, who, day string) {
	l.row("community_event", fmt.Sprintf("event_id=%[1]s:v:%[2]s-%[3]s community_id=%[1]s identity_id=%[1]s:%[2]s event_type=visit occurred_at=%[3]sT00:00:00Z", community, who, day))
}

func TestModels_knowSinceWhenVisitsAreWitnessed(t *testing.T) {
	l := newLake(t)
	for i := range 20 { // when everybody was last seen, as a forum's user list says it
		seen(l, "c:m", fmt.Sprint("u", i), fmt.Sprintf("2026-0%d-1%d", 1+i%5, i%10))
	}
	l.canonBuild()
	require.Equal(t, []string{"visits|2026-06-01"}, l.rows("select capability, since_on from core.capability"), "asked on 1 June for the first time")
	for i := range 20 { // a log
		seen(l, "c:m", fmt.Sprint("u", i), "2026-02-28")
	}
	l.canonBuild()
	require.Equal(t, []string{"visits|2026-01-10"}, l.rows("select capability, since_on from core.capability"))
}
