package kpi

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// A link is one hypothesis: the influencer is thought to move the result.
type link struct {
	result, influencer string
	sign               any // 1, -1, or nil where the header does not say and the directions do not tell
	maxLag             int
	origin             string
	isStated           bool // sign and lag stand in the header
}

// defaultLag is how many periods an influencer may lead where nobody says.
const defaultLag = 3

// writeInfluences replaces kpi.influence_link by what the headers say and the
// hypotheses of ref.influence, of ids that exist. Where both speak of one pair
// the header wins if it states sign and lag, else ref.influence.
func writeInfluences(ctx context.Context, tx Execer, entries []Entry) error {
	for _, statement := range []string{
		"create or replace temp table header_link (result_kpi_id varchar, influencer_kpi_id varchar, expected_sign integer, max_lag integer, grain varchar, origin varchar, is_stated boolean)",
	} {
		if err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	byID := map[string]*Entry{}
	for i := range entries {
		byID[entries[i].ID] = &entries[i]
	}
	for i := range entries {
		for _, text := range entries[i].Influences {
			l, err := entries[i].link(text, byID)
			if err != nil {
				return err
			}
			if byID[l.result] == nil {
				continue // named for later; a test holds that it is known
			}
			if err := tx.Exec(ctx, "insert into header_link values (?, ?, ?, ?, ?, ?, ?)", l.result, l.influencer, l.sign, l.maxLag,
				entries[i].linkGrain(), l.origin, l.isStated); err != nil {
				return err
			}
		}
	}
	return tx.Exec(ctx, createInfluences)
}

// link reads "id" or "id:sign:maxlag". Without a sign it is that of the two
// directions: what is good for one is taken to be good for the other.
func (e *Entry) link(text string, byID map[string]*Entry) (link, error) {
	parts := strings.Split(text, ":")
	l := link{result: parts[0], influencer: e.ID, maxLag: defaultLag, origin: "header of " + e.ID}
	if len(parts) == 1 {
		if result := byID[parts[0]]; result != nil && result.Direction != "either" && e.Direction != "either" {
			l.sign = -1
			if result.Direction == e.Direction {
				l.sign = 1
			}
		}
		return l, nil
	}
	sign := map[string]int{"+": 1, "-": -1, "+1": 1, "-1": -1, "1": 1}[parts[1]]
	if len(parts) != 3 || sign == 0 {
		return l, fmt.Errorf("%s: influences has %q: write \"id\" or \"id:+:3\" with the expected sign and the largest lag", e.File, text)
	}
	lag, err := strconv.Atoi(parts[2])
	if err != nil || lag < 0 {
		return l, fmt.Errorf("%s: influences has %q: the largest lag is a number of periods", e.File, text)
	}
	l.sign, l.maxLag, l.isStated = sign, lag, true
	return l, nil
}

// linkGrain is the periods that are compared: those of the review, by month at
// the latest.
func (e *Entry) linkGrain() string {
	if e.Cadence == "quarterly" {
		return "quarter"
	}
	return "month"
}

const createInfluences = `create or replace table marts.kpi.influence_link as
with
candidates as (
    select l.result_kpi_id, l.influencer_kpi_id, l.expected_sign, l.max_lag, l.grain, l.origin,
        case when l.is_stated then 1 else 3 end as place
    from header_link as l
    union all
    select i.result_kpi_id, i.influencer_kpi_id, i.expected_sign, i.max_lag, i.grain, i.origin, 2 as place
    from ref.influence as i
    inner join kpi.dictionary as r on r.kpi_id = i.result_kpi_id and r.is_current
    inner join kpi.dictionary as x on x.kpi_id = i.influencer_kpi_id and x.is_current
),

placed as (
    select
        c.*,
        row_number() over (
            partition by c.result_kpi_id, c.influencer_kpi_id order by c.place nulls last, c.origin nulls last
        ) as choice
    from candidates as c
)

select p.result_kpi_id, p.influencer_kpi_id, p.expected_sign, p.max_lag, p.grain, p.origin
from placed as p
where p.choice = 1
order by p.result_kpi_id nulls last, p.influencer_kpi_id nulls last`
