package transforms_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"rollcall/transforms"
)

// threadsWhileBuilding builds with two threads at hand and says how many the
// first model, and what came after the build, were run on.
func (l *lake) threadsWhileBuilding() (during, after int) {
	l.t.Helper()
	count := func() (threads int) {
		require.NoError(l.t, l.db.SQL().QueryRowContext(context.Background(), "select current_setting('threads')").Scan(&threads))
		return threads
	}
	options := l.options(overlay(l.t, nil), board("main"))
	options.Events = func(e transforms.Event) {
		if e.Step == "model" && during == 0 {
			during = count()
		}
	}
	require.NoError(l.t, l.db.WithThreads(context.Background(), 2, func() error {
		builder, err := transforms.New(context.Background(), options)
		if err == nil {
			_, err = builder.Build(context.Background(), transforms.BuildRequest{})
		}
		after = count()
		return err
	}))
	return during, after
}

func TestBuild_leavesOneThreadToASmallCommunity(t *testing.T) {
	t.Parallel()
	l := newLake(t)
	l.fixtureT()
	during, after := l.threadsWhileBuilding()
	require.Equal(t, 1, during)
	require.Equal(t, 2, after)

	l.exec("insert into lake.staging.survey_invitation by name select 'files:all:invitations:' || i as record, 'files:all:invitation:' || i as invitation_id from range(200000) as r(i)")
	during, after = l.threadsWhileBuilding()
	require.Equal(t, 2, during)
	require.Equal(t, 2, after)
}
