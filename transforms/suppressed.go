package transforms

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/warehouse"
	"rollcall/transforms/identity"
	"rollcall/transforms/identity/suppress"
)

// A Suppression knows what was erased, and what of a record may be stored
// therefore.
type Suppression struct {
	list    *suppress.List
	streams map[[2]string]suppress.Stream // by type and stream
}

// Keep gives what of a record may be stored; false: nothing. Data are valid JSON
// or empty.
func (s *Suppression) Keep(typ, instance, stream, key string, data []byte) (kept []byte, isKept bool) {
	known, isConfigured := s.streams[[2]string{typ, stream}]
	known.IsGone = !isConfigured
	return s.list.Keep(typ+":"+instance+":"+stream+":"+key, key, data, known)
}

// CutText masks every erased address in a text.
func (s *Suppression) CutText(text string) (cut string, found bool) { return s.list.CutText(text) }

// Suppression gives what was erased; nil where nothing was. It needs the key by
// which erased addresses are recognised, whose loss is an error.
func (b *Builder) Suppression(ctx context.Context) (*Suppression, error) {
	var erased int
	if err := b.opts.DB.SQL().QueryRowContext(ctx, "select count(*) from lake.identity.suppression").Scan(&erased); err != nil || erased == 0 {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.prepareStaged(ctx, nil); err != nil {
		return nil, err
	}
	s := &Suppression{list: b.suppressed, streams: map[[2]string]suppress.Stream{}}
	for _, source := range b.opts.Sources {
		for _, stream := range source.Streams {
			shapes := b.shapesFed(source.Type, stream.Name)
			s.streams[[2]string{source.Type, stream.Name}] = suppress.Stream{Personal: stream.Personal, Logins: b.loginsIn(source.Type, stream.Name), IsPeople: isOfPeople(shapes), IDOf: b.hashedID}
		}
	}
	return s, nil
}

// loadSuppressed reads what was erased, where something was.
func (b *Builder) loadSuppressed(ctx context.Context, tx *warehouse.Tx) error {
	hashes := map[string]suppress.Kind{}
	err := scanRows(ctx, tx, "select s.hmac, coalesce(s.kind, 'mailbox') from lake.identity.suppression as s", func(scan func(...any) error) error {
		var hash, kind string
		err := scan(&hash, &kind)
		hashes[hash] = suppress.Kind(kind)
		return err
	})
	b.suppressed = nil
	if err != nil || len(hashes) == 0 {
		return err
	}
	if b.suppressed, err = suppress.NewList(b.idKey, hashes); err != nil {
		return err
	}
	return scanRows(ctx, tx, "select r.source, r.former_instance, r.source_instance from lake.identity.renamed as r order by r.renamed_at", func(scan func(...any) error) error {
		var source, former, instance string
		err := scan(&source, &former, &instance)
		b.suppressed.Renamed(source, former, instance)
		return err
	})
}

// shapesFed lists the shapes that a stream feeds.
func (b *Builder) shapesFed(typ, stream string) []string {
	var fed []string
	for _, name := range sortedKeys(b.shapes) {
		if slices.ContainsFunc(b.shapes[name].branches, func(br *branch) bool { return br.stream.Type == typ && br.stream.Name == stream }) {
			fed = append(fed, name)
		}
	}
	return fed
}

// isOfPeople reports whether records that feed these shapes are about logins
// and nothing else: no post, event or answer is lost with one.
func isOfPeople(shapes []string) bool {
	people := append(identity.Shapes(), "identity_role", "community_member", "product_user")
	return slices.Contains(shapes, "identity") && !slices.ContainsFunc(shapes, func(name string) bool { return !slices.Contains(people, name) })
}

// loginColumns are the columns of a shape that name logins.
func loginColumns(s *shape) []string {
	var columns []string
	for _, c := range s.columns {
		if c.Name == "identity_id" || strings.HasSuffix(c.Name, "_identity_id") || s.Table == "merge" && (c.Name == "merged_id" || c.Name == "surviving_id") {
			columns = append(columns, c.Name)
		}
	}
	return columns
}

// SQL functions that say 'yes' of what was erased, and nothing of all else: an
// identity id, also one that an address was cut out of; a record's
// type:instance:stream:key; a text that holds an address; and one that gives a
// text without such addresses.
const (
	erasedLogin  = "erased_login"
	erasedRecord = "erased_record"
	erasedHolds  = "erased_holds"
	erasedMasked = "erased_masked"
)

// offerErased lets SQL call them, where anything was erased. A transaction that
// is open already does not see them.
func (b *Builder) offerErased(ctx context.Context) error {
	list := b.suppressed
	if list == nil {
		return nil
	}
	yes := func(is func(string) bool) func([]string) string {
		return func(args []string) string {
			if is(args[0]) {
				return "yes"
			}
			return ""
		}
	}
	for name, call := range map[string]func([]string) string{
		erasedLogin:  yes(func(id string) bool { return list.Has(suppress.Login, id) || strings.Contains(id, suppress.Mask) }),
		erasedRecord: yes(func(record string) bool { return list.Has(suppress.Record, record) }),
		erasedHolds:  yes(list.Holds),
		erasedMasked: func(args []string) string {
			masked, _ := list.CutText(args[0])
			return masked
		},
	} {
		if err := b.opts.DB.OfferText(ctx, name, 1, call); err != nil {
			return err
		}
	}
	return nil
}

// leaveOutErased takes erased logins out of what was staged: rows about them go,
// what they made stays and names nobody.
func (b *Builder) leaveOutErased(ctx context.Context, conn *sql.Conn, s *shape) error {
	columns := loginColumns(s)
	if b.suppressed == nil || len(columns) == 0 {
		return nil
	}
	table := "work.staging." + ident(s.Table)
	isAboutPeople := isOfPeople([]string{"identity", s.Table})
	var conditions, replaced []string
	for _, c := range columns {
		conditions = append(conditions, fmt.Sprintf("%s(s.%s) = 'yes'", erasedLogin, ident(c)))
		replaced = append(replaced, fmt.Sprintf("case when %[1]s(s.%[2]s) = 'yes' then null else s.%[2]s end as %[2]s", erasedLogin, ident(c)))
	}
	if isAboutPeople {
		_, err := conn.ExecContext(ctx, fmt.Sprintf("delete from %s as s where %s", table, strings.Join(conditions, " or ")))
		return err
	}
	_, err := conn.ExecContext(ctx, fmt.Sprintf("create or replace table %[1]s as select s.* replace (%[2]s) from %[1]s as s", table, strings.Join(replaced, ", ")))
	return err
}
