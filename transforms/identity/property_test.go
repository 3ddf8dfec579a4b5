package identity_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/internal/warehouse"
)

// A wanderer changes a lake at random: logins come, change their address and
// go; sources merge contacts; people decide; members answer; companies buy and
// leave; time passes; addresses are erased.
type wanderer struct {
	*lake
	random *rand.Rand
	kept   []string // logins that are staged
	next   int
}

func (w *wanderer) step() string {
	steps := []func() string{w.add, w.add, w.add, w.change, w.remove, w.mergeRecords, w.claimSubject, w.claimSubject, w.decide, w.decide, w.undo, w.answer, w.employ, w.employ, w.sell, w.claimMore, w.claimMore, w.wait, w.forget}
	return steps[w.random.IntN(len(steps))]()
}

func (w *wanderer) pick() string {
	if len(w.kept) == 0 {
		w.add()
	}
	return w.kept[w.random.IntN(len(w.kept))]
}

func (w *wanderer) address() string {
	n := w.random.IntN(40)
	if n == 0 { // one mailbox, which some spellings hide to be a function's
		return []string{"support@gmail.com", "sup.port@gmail.com", "support+x@googlemail.com"}[w.random.IntN(3)]
	}
	tag := []string{"", "", "", "+x"}[w.random.IntN(4)]
	return fmt.Sprintf("a%d%s@%s", n, tag, []string{"acme.com", "gmail.com"}[n%2])
}

func (w *wanderer) add() string {
	w.next++
	id := fmt.Sprintf("%s:main:%d", []string{"forum", "crm", "git", "github"}[w.random.IntN(4)], w.next)
	w.kept = append(w.kept, id)
	w.show(id, []string{"Ann Lee", "Bob Ray", ""}[w.random.IntN(3)])
	return "add " + id
}

func (w *wanderer) change() string {
	id := w.pick()
	w.show(id, "Ann Lee")
	return "change " + id
}

// show stages a login, some of them made long ago, some by two instances of a
// source and some as GitHub users have numbers.
func (w *wanderer) show(id, name string) {
	parts := strings.SplitN(id, ":", 3)
	w.put("identity", recordOf(id), map[string]string{"identity_id": quoted(id), "source": quoted(parts[0]), "source_instance": quoted(parts[1]), "source_user_id": quoted(parts[2]),
		"username": quoted("user" + parts[2]), "email": quoted(w.address()), "display_name": quoted(name), "is_bot": fmt.Sprint(w.random.IntN(30) == 0), "created_at": w.day()})
}

func (w *wanderer) day() string {
	return fmt.Sprintf("timestamp '2025-06-01' + interval %d day", w.random.IntN(400))
}

// claimMore has another record say of a login what addresses it had and when,
// which may be GitHub's made-up ones.
func (w *wanderer) claimMore() string {
	id, address := w.pick(), w.address()
	if w.random.IntN(3) == 0 {
		address = fmt.Sprintf("%d+user%[1]d@users.noreply.github.com", 100+w.random.IntN(w.next-99))
	}
	from, until := w.day(), "null"
	if w.random.IntN(2) == 0 {
		until = w.day()
	}
	w.put("identity_evidence", fmt.Sprintf("%s-%d", recordOf(id), w.random.IntN(2)), map[string]string{"identity_id": quoted(id), "id_type": "'email'", "value": quoted(address),
		"trust": []string{"null", "'verified'", "'staff'", "'self'"}[w.random.IntN(4)], "seen_from": from, "seen_until": until})
	return "claim " + address + " for " + id
}

// sell makes a company a customer, or loses it.
func (w *wanderer) sell() string {
	org := fmt.Sprint("crm:main:org:", w.random.IntN(3))
	w.put("org", "crm:main:orgs:"+org, map[string]string{"org_id": quoted(org), "is_customer": []string{"true", "false", "null"}[w.random.IntN(3)]})
	return "sell to " + org
}

// wait lets memberships begin and end.
func (w *wanderer) wait() string {
	w.now = w.now.AddDate(0, 0, w.random.IntN(5))
	return "wait"
}

func (w *wanderer) remove() string {
	id := w.pick()
	record := recordOf(id)
	w.put("identity", record, map[string]string{"identity_id": quoted(id), "email": quoted(w.address()), "deleted_at": "timestamp '2026-03-01'"})
	return "remove " + id
}

func (w *wanderer) mergeRecords() string {
	a, b := w.pick(), w.pick()
	w.put("merge", "crm:main:merges:"+a, map[string]string{"object": "'identity'", "merged_id": quoted(a), "surviving_id": quoted(b)})
	return "merge " + a + " into " + b
}

func (w *wanderer) claimSubject() string {
	id := w.pick()
	w.put("identity_evidence", recordOf(id), map[string]string{"identity_id": quoted(id), "id_type": "'subject'", "namespace": "'sso'",
		"value": quoted(fmt.Sprint("u", w.random.IntN(30))), "trust": []string{"'verified'", "'self'"}[w.random.IntN(2)]})
	return "subject " + id
}

func (w *wanderer) decide() string {
	a, b := w.pick(), w.pick()
	verb := []string{"same", "not_same"}[w.random.IntN(2)]
	w.next++
	w.exec("insert into lake.identity.decision values (?, ?, ?, ?, 'me', 'test', now())", fmt.Sprint("d", w.next), verb, a, b)
	w.exec("insert into lake.identity.pending values (?), (?)", a, b)
	return verb + " " + a + " " + b
}

func (w *wanderer) undo() string {
	w.exec("insert into lake.identity.pending select unnest([identity_id, other_identity_id]) from lake.identity.decision where decision_id = (select min(decision_id) from lake.identity.decision)")
	w.exec("delete from lake.identity.decision where decision_id = (select min(decision_id) from lake.identity.decision)")
	return "undo"
}

func (w *wanderer) answer() string {
	id := w.pick()
	w.put("consent", "forum:main:consents:"+id, map[string]string{"identity_id": quoted(id), "purpose": "'identity_matching'",
		"status": quoted([]string{"granted", "granted", "refused"}[w.random.IntN(3)]), "recorded_at": "timestamp '2026-02-01'"})
	return "answer " + id
}

func (w *wanderer) employ() string {
	id := w.pick()
	w.put("org_membership", "crm:main:memberships:"+id, map[string]string{"identity_id": quoted(id), "org_id": quoted(fmt.Sprint("crm:main:org:", w.random.IntN(3))), "basis": "'crm'",
		"valid_from": w.soon(), "valid_to": w.soon()})
	return "employ " + id
}

// soon is a day near the present one, or none.
func (w *wanderer) soon() string {
	if w.random.IntN(2) == 0 {
		return "null"
	}
	return "timestamp " + quoted(w.now.AddDate(0, 0, w.random.IntN(20)-10).Format(time.DateOnly))
}

// forget erases a login with all its records, as the erasure of a person does.
func (w *wanderer) forget() string {
	id := w.pick()
	w.kept = slices.DeleteFunc(w.kept, func(kept string) bool { return kept == id })
	for _, record := range []string{recordOf(id), recordOf(id) + "-0", recordOf(id) + "-1", "crm:main:merges:" + id, "forum:main:consents:" + id, "crm:main:memberships:" + id} {
		w.lake.remove(record)
	}
	return "forget " + id
}

func TestResolve_byStepsEqualsAllAtOnce(t *testing.T) {
	steps := 100
	if text := os.Getenv("ROLLCALL_STEPS"); text != "" {
		var err error
		steps, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	var ended [][]string
	for threads := range 2 {
		refused := false
		w := &wanderer{lake: newLake(t, threads+1), random: rand.New(rand.NewPCG(7, 8)), next: 100}
		for step := 0; step < steps/2; step++ {
			done := w.step()
			for range w.random.IntN(3) {
				done += "; " + w.step()
				step++
			}
			w.build()
			people, stored := w.people(), w.rows(storedQuery)
			refused = refused || len(w.rows("select * from lake.identity.refusal")) > 0
			w.resolve(true, func(tx *warehouse.Tx) {
				rows, err := tx.Query(t.Context(), peopleQuery)
				require.NoError(t, err)
				require.Equal(t, print(t, rows), people, "step %d: %s", step, done)
				rows, err = tx.Query(t.Context(), storedQuery)
				require.NoError(t, err)
				require.Equal(t, print(t, rows), stored, "step %d: %s", step, done)
			})
		}
		require.NotEmpty(t, w.rows("select * from lake.identity.person_merge"))
		require.True(t, refused)
		require.Empty(t, w.rows("select person_id from lake.identity.person group by 1 having count(*) > 1"))
		require.Empty(t, w.rows("select identity_id from lake.identity.person_identity where unlinked_at is null group by 1 having count(*) > 1"))
		ended = append(ended, w.people())
	}
	require.Equal(t, ended[0], ended[1], "on one thread and on two")
}

// storedQuery reads what does not depend on when something was done.
const storedQuery = `select 'login', p.identity_id, p.person_id, coalesce(p.match_tier, -1), p.is_linkable, '' from lake.identity.person_identity as p where p.unlinked_at is null
union all
select 'refusal', r.identity_id, r.other_identity_id, 0, false, r.rule from lake.identity.refusal as r
union all
select 'suggestion', s.identity_id, s.other_identity_id, 0, false, s.rule from lake.identity.suggestion as s where s.rule <> 'similar'
union all
select 'value', v.norm, v.class, 0, false, '' from lake.vault.value as v
union all
select 'component', cast(l.identity_key as varchar), cast(l.component as varchar), 0, false, '' from lake.identity.login as l
order by all`
