package identity_test

import (
	"context"
	"fmt"
	"os"
	"runtime/metrics"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity"
)

// BenchmarkResolve reads observations of people with one to nine logins and one
// to four addresses, of whom three in ten have a subject, and twenty shared
// mailboxes; solves them whole, again, and with ten thousand more. The number of
// observations is that of RESOLVE_OBSERVATIONS, by default a million. The logins
// go to RESOLVE_EXPORT, if it is set, for splink/link.py.
func BenchmarkResolve(b *testing.B) {
	observations := 1_000_000
	if text := os.Getenv("RESOLVE_OBSERVATIONS"); text != "" {
		var err error
		observations, err = strconv.Atoi(text)
		require.NoError(b, err)
	}
	for range b.N {
		l := benchLake(b)
		people := observations * 30 / 100
		l.generate("lake.staging", 0, people)
		l.exec("checkpoint lake")
		// Who looks alike is asked once a day, and not measured here.
		l.exec("insert into lake.identity.solved (fingerprint, compared_at) values ('', timestamp '2026-06-01')")
		if path := os.Getenv("RESOLVE_EXPORT"); path != "" {
			l.export(path)
		}
		l.report(b, "whole", func() { l.resolveRows(nil, nil, "lake.staging") })
		require.InEpsilon(b, observations, l.number("select count(*) from lake.identity.observation"), 0.1)
		b.ReportMetric(l.number("select count(*) from lake.identity.observation"), "observations")
		b.ReportMetric(l.number("select count(distinct person_id) from lake.identity.person_identity"), "people")
		l.quality(b)

		l.exec("insert into lake.identity.pending select identity_id from lake.identity.person_identity")
		l.report(b, "again", func() { l.resolveRows(map[string]string{}, map[string]string{}, "lake.staging") })

		more := people + 10_000*people/observations
		l.generate("work.main", people-people/1000, more)
		rows, changes := map[string]string{}, map[string]string{}
		for _, shape := range []string{"identity", "identity_evidence"} {
			l.exec(fmt.Sprintf("insert into lake.staging.%[1]s select n.* from work.main.%[1]s as n where n.record not in (select s.record from lake.staging.%[1]s as s)", shape))
			rows[shape], changes[shape] = "work.main."+shape, "work.main.delta_"+shape
			_, err := l.db.SQL().Exec(fmt.Sprintf("create or replace table work.main.delta_%[1]s as select *, 1 as added_rows from work.main.%[1]s", shape))
			require.NoError(b, err)
		}
		b.ReportMetric(l.number("select count(*) from work.main.identity"), "more-logins")
		l.report(b, "more", func() { l.resolveRows(rows, changes, "work.main") })
	}
}

func benchLake(b *testing.B) *lake {
	l := newLake(b, 2)
	require.NoError(b, l.db.SetMemoryLimit(b.Context(), "2GB"))
	l.rules = identity.Rules{}
	for i, trust := range strings.Fields("verified staff verified staff verified self") {
		l.rules.Instances = append(l.rules.Instances, identity.InstanceRules{Source: fmt.Sprint("s", i), Name: "main", Trust: trust})
	}
	return l
}

// generate stages the logins and evidence of people of a range.
func (l *lake) generate(schema string, from, until int) {
	const logins = `create or replace temp table bench_login as
with
people as (
    select r.person, cast(md5_number_lower('a' || r.person) %% 100 as integer) as a, cast(md5_number_lower('e' || r.person) %% 10 as integer) as e, md5_number_lower('s' || r.person) %% 10 < 3 as has_subject
    from range(%d, %d) as r(person)
),

sized as (
    select p.*, 1 + case when a < 40 then 0 when a < 70 then 1 when a < 90 then 2 when a < 97 then 4 else 8 end as logins,
        1 + case when e < 6 then 0 when e < 9 then 1 else 3 end as addresses
    from people as p
)

select s.*, unnest(range(s.logins)) as login from sized as s`
	for _, statement := range []string{
		fmt.Sprintf(logins, from, until),
		fmt.Sprintf(`create table if not exists %[1]s.identity as select * from lake.staging.identity where false`, schema),
		fmt.Sprintf(`create table if not exists %[1]s.identity_evidence as select * from lake.staging.identity_evidence where false`, schema),
		fmt.Sprintf(`insert into %s.identity by name
select 's' || ((person + login) %% 6) || ':main:users:' || person || '-' || login as record, timestamp '2026-01-01' as first_seen_at,
    's' || ((person + login) %% 6) || ':main:' || person || '-' || login as identity_id, 'User ' || person as display_name,
    case when md5_number_lower('g' || person || '-' || login) %% 2000 = 0 then 'team' || (person %% 20) || '@shared.com'
        else 'user' || person || '.' || (login %% addresses) || '@d' || (person // 40) || '.com' end as email
from temp.bench_login`, schema),
		fmt.Sprintf(`insert into %s.identity_evidence by name
select 's' || ((person + login) %% 6) || ':main:users:' || person || '-' || login as record, timestamp '2026-01-01' as first_seen_at,
    's' || ((person + login) %% 6) || ':main:' || person || '-' || login as identity_id, 'email' as id_type,
    'user' || person || '.' || ((login + 1) %% addresses) || '@d' || (person // 40) || '.com' as value
from temp.bench_login where addresses > 1 and md5_number_lower('x' || person || '-' || login) %% 4 > 0
union all by name
select 's' || ((person + login) %% 6) || ':main:users:' || person || '-' || login as record, timestamp '2026-01-01' as first_seen_at,
    's' || ((person + login) %% 6) || ':main:' || person || '-' || login as identity_id, 'subject' as id_type, 'sso' as namespace, 'sub' || person as value
from temp.bench_login where has_subject and login < 3`, schema),
	} {
		if schema == "lake.staging" {
			l.exec(statement)
			continue
		}
		conn, err := l.db.SQL().Conn(context.Background())
		require.NoError(l.t, err)
		l.db.SQL().SetMaxOpenConns(0)
		_, err = conn.ExecContext(context.Background(), strings.ReplaceAll(statement, "temp table bench_login", "table work.main.bench_login"))
		if err != nil {
			_, err = conn.ExecContext(context.Background(), strings.ReplaceAll(statement, "temp.bench_login", "work.main.bench_login"))
		}
		require.NoError(l.t, err)
		require.NoError(l.t, conn.Close())
	}
}

// export writes a Parquet file of the logins, with who they are of.
func (l *lake) export(path string) {
	_, err := l.db.SQL().Exec(`copy (
    with
    shown as (
        select e.identity_id, list(e.value) as emails from lake.staging.identity_evidence as e where e.id_type = 'email' group by e.identity_id
    )

    select s.identity_id, split_part(split_part(s.identity_id, ':', 3), '-', 1) as person, s.display_name as name,
        list_distinct(list_concat([s.email], coalesce(h.emails, []))) as emails
    from lake.staging.identity as s
    left join shown as h on h.identity_id = s.identity_id
) to ` + warehouse.Literal(path) + ` (format parquet)`)
	require.NoError(l.t, err)
}

// resolveRows resolves by the rows that are given.
func (l *lake) resolveRows(rows, changes map[string]string, schema string) {
	l.builds++
	l.now = l.now.Add(time.Hour)
	_, err := l.db.SQL().Exec(fmt.Sprintf(`create or replace table work.main.new_login as
select distinct s.identity_id from %s.identity as s where s.identity_id not in (select p.identity_id from lake.identity.person_identity as p)`, schema))
	require.NoError(l.t, err)
	round := identity.Round{BuildID: fmt.Sprint("build", l.builds), Now: l.now, Rules: l.rules, Rows: rows, Changes: changes, NewLogins: "work.main.new_login"}
	if rows == nil {
		round.Rows = map[string]string{}
	}
	require.NoError(l.t, l.db.Lake.Write(context.Background(), func(tx *warehouse.Tx) error {
		_, err := identity.Resolve(context.Background(), tx, round)
		return err
	}))
	require.NoError(l.t, l.db.Lake.Checkpoint(context.Background()))
}

func (l *lake) number(query string) float64 {
	var n float64
	require.NoError(l.t, l.db.SQL().QueryRow("select cast(("+query+") as double)").Scan(&n))
	return n
}

// report gives wall and CPU seconds, and the greatest sizes on the way: of the
// process, and of that what Go holds.
func (l *lake) report(b *testing.B, name string, run func()) {
	began, before := time.Now(), cpuSeconds(b)
	done, sizes := make(chan struct{}), make(chan [2]float64)
	go func() { sizes <- greatest(b, done) }()
	run()
	close(done)
	peak := <-sizes
	b.ReportMetric(time.Since(began).Seconds(), name+"-s")
	b.ReportMetric(cpuSeconds(b)-before, name+"-cpu-s")
	b.ReportMetric(peak[0], name+"-peak-MB")
	b.ReportMetric(peak[1], name+"-go-MB")
}

// greatest looks ten times a second how much of the process is resident, and how
// much Go has of the system.
func greatest(b *testing.B, done <-chan struct{}) (peak [2]float64) {
	held := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	for {
		metrics.Read(held)
		peak[0] = max(peak[0], residentMB(b))
		peak[1] = max(peak[1], float64(held[0].Value.Uint64()-held[1].Value.Uint64())/(1<<20))
		select {
		case <-done:
			return peak
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func cpuSeconds(b *testing.B) float64 {
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

func residentMB(b *testing.B) float64 {
	text, err := os.ReadFile("/proc/self/statm")
	require.NoError(b, err)
	pages, err := strconv.ParseFloat(strings.Fields(string(text))[1], 64)
	require.NoError(b, err)
	return pages * float64(os.Getpagesize()) / (1 << 20)
}

// quality reports how many pairs of one person's logins are right.
func (l *lake) quality(b *testing.B) {
	const pairs = `with
logins as (
    select p.person_id, split_part(split_part(p.identity_id, ':', 3), '-', 1) as person from lake.identity.person_identity as p where p.unlinked_at is null
),
found as (select person_id, count(*) as n from logins group by 1),
meant as (select person, count(*) as n from logins group by 1),
right_ones as (select person_id, person, count(*) as n from logins group by all)
select (select sum(n * (n - 1)) from right_ones) / (select sum(n * (n - 1)) from %s)`
	b.ReportMetric(l.number(fmt.Sprintf(pairs, "found")), "precision")
	b.ReportMetric(l.number(fmt.Sprintf(pairs, "meant")), "recall")
}
