package transforms

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity"
	"rollcall/transforms/identity/suppress"
)

// An Erasure is what somebody asked to be erased.
type Erasure struct {
	ID      string
	Bearer  identity.Bearer
	Records int // about the person or made by them
}

// Asking is what is to be erased, who wants it and why.
type Asking struct {
	Bearer        identity.Bearer // found by people as they are resolved now
	Actor, Reason string
}

// AskErasure notes in one transaction what is to be erased: keyed hashes and
// nothing in clear. From then on it is suppressed; what is stored already goes by
// [Builder.EraseLake].
func (b *Builder) AskErasure(ctx context.Context, ask Asking) (*Erasure, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.prepareStaged(ctx, nil); err != nil {
		return nil, err
	}
	bearer := ask.Bearer
	records, err := b.recordsOf(ctx, bearer.Logins)
	if err != nil {
		return nil, fmt.Errorf("find what is stored of the person: %w", err)
	}
	e := &Erasure{ID: uuid.Must(uuid.NewV7()).String(), Bearer: bearer, Records: len(records)}
	hashes := map[string]suppress.Kind{}
	add := func(kind suppress.Kind, text string) { hashes[suppress.Hash(b.idKey, kind, text)] = kind }
	for _, mailbox := range bearer.Mailboxes {
		add(suppress.Mailbox, mailbox)
		if bearer.Alone == "" {
			add(suppress.Person, mailbox)
		}
	}
	for _, login := range bearer.Logins {
		add(suppress.Login, login)
	}
	for record, kind := range records {
		add(kind, record)
	}
	list, err := suppress.NewList(b.idKey, hashes)
	if err != nil {
		return nil, err
	}
	reason, _ := list.CutText(ask.Reason)
	now := b.opts.Now().UTC()
	err = b.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		if err := tx.Exec(ctx, "insert into lake.identity.erasure (erasure_id, actor, reason, asked_at) values (?, ?, ?, ?)", e.ID, ask.Actor, reason, now); err != nil {
			return err
		}
		if err := tx.Exec(ctx, "insert into lake.identity.person_event (event, actor, reason, happened_at) values ('erased', ?, ?, ?)", ask.Actor, reason, now); err != nil {
			return err
		}
		return b.insertHashes(ctx, tx, hashes, e.ID, now)
	})
	if err != nil {
		return nil, fmt.Errorf("note the erasure: %w", err)
	}
	return e, nil
}

func (b *Builder) insertHashes(ctx context.Context, tx *warehouse.Tx, hashes map[string]suppress.Kind, erasureID string, now time.Time) error {
	var sums, kinds []string
	for _, sum := range sortedKeys(hashes) {
		sums, kinds = append(sums, sum), append(kinds, string(hashes[sum]))
	}
	return tx.Exec(ctx, `insert into lake.identity.suppression (hmac, suppressed_at, kind, erasure_id)
select h.hmac, cast(? as timestamp), h.kind, ?
from (select unnest(?::varchar[]) as hmac, unnest(?::varchar[]) as kind) as h
where not exists (select 1 from lake.identity.suppression as s where s.hmac = h.hmac)`, now, erasureID, sums, kinds)
}

// CountRecords counts the records that an erasure of these logins would reach,
// by what the last build staged.
func (b *Builder) CountRecords(ctx context.Context, logins []string) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.prepareStaged(ctx, nil); err != nil {
		return 0, err
	}
	records, err := b.recordsOf(ctx, logins)
	return len(records), err
}

// recordsOf lists the records that show these logins: those about them, which
// go, and those of what they made, which stay without what is personal. One
// about other logins as well is neither.
func (b *Builder) recordsOf(ctx context.Context, logins []string) (map[string]suppress.Kind, error) {
	records := map[string]suppress.Kind{}
	if len(logins) == 0 {
		return records, nil
	}
	people, err := b.peopleStreams(ctx)
	if err != nil {
		return nil, err
	}
	var quoted []string
	for _, login := range logins {
		quoted = append(quoted, literal(login))
	}
	theirs := "(" + strings.Join(quoted, ", ") + ")"
	for _, name := range sortedKeys(b.shapes) {
		var shows []string
		for _, c := range loginColumns(b.shapes[name]) {
			shows = append(shows, "s."+ident(c)+" in "+theirs)
		}
		if len(shows) == 0 {
			continue
		}
		rows, err := b.opts.DB.SQL().QueryContext(ctx, "select distinct s.record from lake.staging."+ident(name)+" as s where "+strings.Join(shows, " or "))
		if err != nil {
			return nil, err
		}
		found, err := scanStrings(rows)
		if err != nil {
			return nil, err
		}
		for _, record := range found {
			parts := strings.SplitN(record, ":", 4)
			if len(parts) == 4 && people[[2]string{parts[0], parts[2]}] {
				records[record] = suppress.Record
			} else {
				records[record] = suppress.Content
			}
		}
	}
	return records, b.keepSharedRecords(ctx, records, theirs)
}

// keepSharedRecords takes out records about logins that are not theirs as well.
func (b *Builder) keepSharedRecords(ctx context.Context, records map[string]suppress.Kind, theirs string) error {
	rows, err := b.opts.DB.SQL().QueryContext(ctx, `select s.record from lake.staging.identity as s
group by s.record
having bool_or(s.identity_id in `+theirs+") and bool_or(s.identity_id not in "+theirs+")")
	if err != nil {
		return err
	}
	shared, err := scanStrings(rows)
	for _, record := range shared {
		if records[record] == suppress.Record {
			delete(records, record)
		}
	}
	return err
}

// peopleStreams are the streams of which records are about logins and nothing
// else, those of connectors that are no longer configured included.
func (b *Builder) peopleStreams(ctx context.Context) (map[[2]string]bool, error) {
	people := map[[2]string]bool{}
	rows, err := b.opts.DB.SQL().QueryContext(ctx, "select distinct s.type || ':' || s.stream || ':' || s.shapes from lake.staged.stream as s")
	if err != nil {
		return nil, err
	}
	known, err := scanStrings(rows)
	for _, text := range known {
		parts := strings.SplitN(text, ":", 3)
		people[[2]string{parts[0], parts[1]}] = isOfPeople(strings.Split(parts[2], ","))
	}
	return people, err
}

// PendingErasures counts the erasures that are not finished.
func PendingErasures(ctx context.Context, db *warehouse.DB) (pending int, err error) {
	err = db.SQL().QueryRowContext(ctx, "select count(*) from lake.identity.erasure where finished_at is null").Scan(&pending)
	return pending, err
}

// SettleErasures notes that all erasures are finished.
func (b *Builder) SettleErasures(ctx context.Context) error {
	return b.opts.DB.Lake.Write(ctx, func(tx *warehouse.Tx) error {
		return tx.Rewrite(ctx, "lake.identity.erasure", "cast(? as timestamp) as finished_at", "t.finished_at is null", b.opts.Now().UTC())
	})
}
