package warehouse

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCheckpoint_thatFindsTheDiskFullIsHealedByTheNextWrite(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	db := migrated(t, dir)
	put(t, db, 1)
	require.NoError(t, db.Lake.Checkpoint(ctx))
	require.NoError(t, db.Lake.Write(ctx, func(tx *Tx) error {
		return tx.Exec(ctx, "create table raw.big as select md5(i::varchar) as s from range(100000) r(i)")
	}))
	put(t, db, 2)
	info, err := os.Stat(LakePath(dir))
	require.NoError(t, err)
	var before syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before))
	signal.Ignore(syscall.SIGXFSZ)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(info.Size()), Max: before.Max}))
	err = db.Lake.Checkpoint(ctx)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before))
	require.True(t, IsDiskFull(err), "%v", err)
	require.True(t, db.Lake.invalid)
	put(t, db, 4)
	require.Equal(t, 7, sum(t, db))
	require.NoError(t, db.Lake.Checkpoint(ctx))
	require.NoError(t, db.Close())
	db = migrated(t, dir)
	require.Equal(t, 7, sum(t, db))
	require.NoError(t, db.Verify(ctx, LakeCatalog))
	require.NoError(t, db.Close())
}
