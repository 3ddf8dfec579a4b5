package transforms_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
)

// mergeLogins decides that two logins are one human's.
func (l *lake) mergeLogins(one, other string) {
	l.t.Helper()
	l.exec("insert into lake.identity.decision values ('d', 'same', ?, ?, 'me', 'one human', ?)", one, other, l.now.UTC())
	l.exec("insert into lake.identity.pending values (?), (?)", one, other)
}

// rebuild builds everything anew, an hour later.
func (l *lake) rebuild() {
	l.t.Helper()
	l.later(1)
	_, err := l.builder(board("main")).Build(l.t.Context(), transforms.BuildRequest{Full: true})
	require.NoError(l.t, err)
}

func TestBuild_callsPeopleWhoBecameOneAMerge(t *testing.T) {
	l := newHistory(t)
	l.now = l.now.AddDate(0, 0, 1)
	l.mergeLogins("board:main:m6", "board:main:m2")
	l.rebuild()
	require.Contains(t, l.rows(replaced), "community_mau|2026-02-01|6|5|true|merge|2")

	l.thread("late", "m2", "2026-02-09T10:00:00Z", nil)
	l.rebuild()
	require.Contains(t, l.rows(replaced), "community_post_volume|2026-02-01|11|12|true|late_data|1", "the merge was in the build before")
}

// Records of March arrived with the merge, and nobody who was merged did
// anything then.
func TestBuild_tellsLateRecordsFromAMerge(t *testing.T) {
	l := newHistory(t)
	l.now = l.now.AddDate(0, 0, 1)
	l.thread("march", "m9", "2026-03-10T10:00:00Z", nil)
	l.mergeLogins("board:main:m6", "board:main:m2")
	l.rebuild()
	require.Equal(t, []string{"community_mau|2026-02-01|merge", "community_mau|2026-03-01|late_data", "community_post_volume|2026-03-01|late_data"},
		l.rows(`select distinct kpi_id, period_start, reason from kpi.value_history
where grain = 'month' and segment_type = 'all' and kpi_id in ('community_mau', 'community_post_volume') order by all`))
}

func TestBuild_knowsAMergeBySplitAndMergeEvents(t *testing.T) {
	l := newHistory(t)
	for event, who := range map[string]string{"merged": "m6", "split": "m2"} {
		l.now = l.now.AddDate(0, 0, 1)
		l.thread(event, who, "2026-02-09T10:00:00Z", nil)
		l.exec(`insert into lake.identity.person_event by name
select ? as event, i.person_id, 'gone' as other_person_id, cast(? as timestamp) as happened_at
from lake.identity.person_identity as i where i.identity_id = 'board:main:' || ?`, event, l.now.UTC(), who)
		l.rebuild()
	}
	require.Equal(t, []string{"11|12|merge", "12|13|merge"}, l.rows(`select old_value, new_value, reason from kpi.value_history
where kpi_id = 'community_post_volume' and grain = 'month' and segment_type = 'all' and period_start = date '2026-02-01' order by all`))
}

func TestBuild_callsWhatAnErasureChangedErasure(t *testing.T) {
	l := newHistory(t)
	erase := func(buildID any) {
		l.exec("insert into lake.identity.person_event by name select 'erased' as event, 'gone' as person_id, cast(? as timestamp) as happened_at, cast(? as varchar) as build_id", l.now.UTC(), buildID)
	}
	l.now = l.now.AddDate(0, 0, 1)
	l.exec("delete from lake.raw.board__threads where key = 'T5'")
	erase(nil)
	l.rebuild()
	require.Contains(t, l.rows(replaced), "community_post_volume|2026-02-01|11|10|true|erasure|1")

	erase(l.rows("select build_id from kpi.build")[0])
	l.thread("late", "m2", "2026-02-09T10:00:00Z", nil)
	l.rebuild()
	require.Contains(t, l.rows(replaced), "community_post_volume|2026-02-01|10|11|true|late_data|1", "its values knew of that erasure")
}
