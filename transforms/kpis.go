package transforms

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/warehouse"
	"rollcall/transforms/kpi"
)

// Values are what a build does about KPIs, from the plan to what is written.
type values struct {
	run        kpi.Run
	entries    []kpi.Entry
	configured []kpi.Finished // those that are computed
	all        int            // that have values
	kept       []string       // ids of those that keep rows
}

// planValues finds which KPIs a source feeds, and from which day on each has to
// be computed.
func (b *Builder) planValues(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	past, err := readPast(ctx, tx)
	if err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	if past.moves, err = b.readMoves(ctx, tx, past); err != nil {
		return fmt.Errorf("find who was merged or erased: %w", err)
	}
	told, err := b.capabilities(ctx, tx)
	if err != nil {
		return err
	}
	entries, covered := b.entries(build, told)
	if err := b.readRules(ctx, tx, entries); err != nil {
		return err
	}
	kpi.Resolve(entries, past.versions, build.Started)
	b.reportBreaks(entries)
	var configured []kpi.Finished
	var kept []string
	for i := range entries {
		e := &entries[i]
		if e.Missing != "" {
			continue
		}
		kept = append(kept, e.ID)
		if !build.selected.includes(e.ID) {
			continue
		}
		configured = append(configured, kpi.Finished{Definition: e.Definition, Hash: e.Hash, Number: e.Number,
			Reason: b.reason(e, past, build), Covered: covered[e.ID], Witnessed: b.witnessedSince(e.Definition, told)})
	}
	v := &values{entries: entries, all: len(configured), kept: kept,
		run: kpi.Run{BuildID: build.ID, ComputedAt: build.Started, Today: b.today(), Zone: b.opts.Config.TimeZone}}
	build.values = v
	if err := kpi.Forget(ctx, tables{tx}, kept); err != nil {
		return err
	}
	v.configured, err = b.planKPIs(ctx, tx, build, v.run, configured)
	build.KPIs = v.all - len(v.configured)
	return err
}

// sharedSchema is where connections hand each other what they compute of KPIs.
// It is in memory: what is below the privacy threshold never reaches a file.
const sharedSchema = "work.kpi"

// computeValues computes the KPIs on as many connections as there are threads.
func (b *Builder) computeValues(ctx context.Context, build *Build, threads int) (err error) {
	v := build.values
	computed := func(took time.Duration, ids ...string) {
		for _, id := range ids {
			build.KPIs++
			b.opts.Events(Event{Step: "kpi", Name: id, Done: build.KPIs, Total: v.all, Took: took})
			took = 0
		}
	}
	if err := b.emptyWork(ctx, "kpi"); err != nil { // of a build that failed
		return err
	}
	if _, err := b.opts.DB.SQL().ExecContext(ctx, "create schema "+sharedSchema); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.emptyWork(context.WithoutCancel(ctx), "kpi")) }()
	setup := "set search_path = " + literal(searchPath()+","+sharedSchema)
	return b.opts.DB.Marts.Apart(ctx, threads, setup, func(connections []*warehouse.Tx) error {
		on := kpi.Connections{Main: tables{connections[0]}, Shared: sharedSchema}
		for _, c := range connections[1:] {
			on.Beside = append(on.Beside, tables{c})
		}
		return kpi.Compute(ctx, on, v.run, v.configured, computed)
	})
}

// finishValues writes the tables of schema kpi that are no plain selects.
func (b *Builder) finishValues(ctx context.Context, tx *warehouse.Tx, build *Build) error {
	v, began := build.values, b.opts.Now()
	for _, step := range []func() error{
		func() error { return kpi.WriteDictionary(ctx, tables{tx}, v.entries, build.Started) },
		func() error { return kpi.Finish(ctx, tables{tx}, v.run, v.configured) },
		func() error { return kpi.Describe(ctx, tables{tx}, v.entries) },
		func() error { return build.models.rememberKPIs(ctx, tx, v.configured, v.kept) },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	b.opts.Events(Event{Step: "finish", Name: "kpi.value", Done: 1, Total: 1, Took: b.opts.Now().Sub(began)})
	return nil
}

// entries says of every KPI whether a source feeds it, and what is missing
// where none does; covered is the event time complete in all its sources.
func (b *Builder) entries(build *Build, told map[string]time.Time) (entries []kpi.Entry, covered map[string][]kpi.Interval) {
	covered = map[string][]kpi.Interval{}
	for _, d := range b.kpis {
		entry := kpi.Entry{Definition: d, Parameters: b.params, IsPrimary: b.isPrimary(d), Person: b.opts.Config.Community.Owners[d.Owner]}
		covered[d.ID], entry.Missing = b.coveredBy(d, build, covered, told)
		if entry.Missing != "" {
			build.NotConfigured[d.ID] = entry.Missing
		}
		entries = append(entries, entry)
	}
	return entries, covered
}

// coveredBy is configured for every measure: a derived KPI is as complete as
// those it reads, and says nothing where one of them does not. Nothing is
// complete before the day from which a capability that it needs is told.
func (b *Builder) coveredBy(d *kpi.Definition, build *Build, covered map[string][]kpi.Interval, told map[string]time.Time) ([]kpi.Interval, string) {
	complete, lacking := b.configured(d, build)
	for _, capability := range d.Capabilities {
		since, isTold := told[capability]
		if !isTold {
			return nil, lackingCapability(capability)
		}
		complete = kpi.Intersect(complete, []kpi.Interval{{From: since, Until: b.opts.Now()}})
	}
	for _, id := range d.Depends {
		if lacking != "" {
			break
		}
		if reason := build.NotConfigured[id]; reason != "" {
			return nil, fmt.Sprintf("reads %s, which is not configured: %s", id, reason)
		}
		complete = kpi.Intersect(complete, covered[id])
	}
	return complete, lacking
}

// capabilityTable lists what the connected sources can tell.
const capabilityTable = "core.capability"

// capabilities are what the sources can tell, each with when that begins; the
// zero time where it reaches back as far as they do.
func (b *Builder) capabilities(ctx context.Context, tx *warehouse.Tx) (told map[string]time.Time, err error) {
	told = map[string]time.Time{}
	if !slices.ContainsFunc(b.models, func(m *model) bool { return m.name() == capabilityTable }) {
		return told, nil
	}
	rows, err := tx.Query(ctx, "select c.capability, c.since_on from "+capabilityTable+" as c")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		var since sql.NullTime
		if err := rows.Scan(&name, &since); err != nil {
			return nil, fmt.Errorf("read %s: %w", capabilityTable, err)
		}
		told[name] = time.Time{}
		if since.Valid {
			year, month, day := since.Time.Date()
			told[name] = time.Date(year, month, day, 0, 0, 0, 0, b.opts.Config.TimeZone)
		}
	}
	return told, rows.Err()
}

// lackingCapability says what no source tells, and what would.
func lackingCapability(capability string) string {
	words := map[string]string{
		"visits":        "no community says who visited, or not every one does: give each connector credentials that may read visits (an admin API key in Discourse), or disconnect the one that cannot",
		"accept":        "no community or category lets an answer be accepted: turn accepted answers on where questions are asked (the Solved plugin in Discourse, an answerable category in GitHub)",
		"attendance":    "no events tool reports who attended: connect one that does, or bring check-ins through files",
		"member_views":  "no source tells views by members: connect web analytics, or a community that reports them, or bring them through files",
		"helpful_votes": "no source tells reactions or votes: connect a stream of them, and name the helpful ones in an engagement_rule block",
		"training":      "nothing says what training is: mark events of the product in product_event blocks (training = true), or bring views of training content",
		"research":      "no source shows research: bring research acts or events of kind research through files or an events tool",
	}
	if text := words[capability]; text != "" {
		return text
	}
	return "no connected source tells " + strings.ReplaceAll(capability, "_", " ")
}

// reportBreaks logs definitions that changed without a higher version in their
// header: the series is cut all the same.
func (b *Builder) reportBreaks(entries []kpi.Entry) {
	for _, e := range entries {
		if e.Break == kpi.Unannounced {
			b.opts.Log.Warn("definition changed, its version was raised", "kpi", e.ID, "version", e.Number, "file", e.File, "is_rule", e.IsRule)
		}
	}
}
