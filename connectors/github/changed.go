package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors"
	"rollcall/connectors/api"
)

// maxTiePasses bounds the passes over records that share one second.
const maxTiePasses = 10

// errDisabled is a feature that a repository has switched off or has nothing
// of: read, and empty.
var errDisabled = errors.New("switched off in this repository")

// A listed is a REST list that takes since and sorts by change time.
type listed struct {
	path  string // below the repository
	query url.Values
	// read makes a page's records, with the scopes it completes.
	read func(ctx context.Context, items []gjson.Result) ([]connectors.Record, []string, error)
}

// changedSince reads a list oldest change first. Pages of such a list shift
// when a record changes and moves to its end, so each page is asked for anew
// from the last time seen instead of by number. Only where a whole page shares
// one second the numbered pages are followed.
func (r *reading) changedSince(ctx context.Context, repo repository, at place, l listed) error {
	for {
		resp, err := r.get(ctx, l.request(repo, at.Floor))
		if errors.Is(err, errDisabled) {
			return nil
		}
		if err != nil {
			return err
		}
		items, last, err := changes(resp)
		if err != nil {
			return err
		}
		_, done, err := api.Link{Request: resp.Request}.Next(resp)
		if err != nil {
			return err
		}
		if !done && last <= at.Floor {
			if last, done, err = r.ties(ctx, repo, at, l); err != nil {
				return err
			}
			items = nil
		}
		at.Floor = max(at.Floor, last)
		if err := r.pageOf(ctx, repo, at, l, items); err != nil || done {
			return err
		}
	}
}

func (r *reading) pageOf(ctx context.Context, repo repository, at place, l listed, items []gjson.Result) error {
	records, scopes, err := l.read(ctx, items)
	if err != nil {
		return err
	}
	return r.page(repo, at, records, scopes)
}

// ties reads the pages of records that all changed in the second at.Floor,
// again and again until a pass brings nothing new: one that changes meanwhile
// shifts another past the page being read. It returns the first later time,
// or that there is none.
func (r *reading) ties(ctx context.Context, repo repository, at place, l listed) (later int64, done bool, err error) {
	seen := map[string]bool{}
	for range maxTiePasses {
		fresh := 0
		later, done, err = r.tiePass(ctx, repo, at, l, func(items []gjson.Result) error {
			var some []gjson.Result
			for _, item := range items {
				if id := item.Get("node_id").String(); !seen[id] {
					seen[id] = true
					some = append(some, item)
				}
			}
			fresh += len(some)
			return r.pageOf(ctx, repo, at, l, some)
		})
		if err != nil || fresh == 0 {
			return later, done, err
		}
	}
	return later, done, err
}

// tiePass follows the numbered pages up to the first later time.
func (r *reading) tiePass(ctx context.Context, repo repository, at place, l listed, page func([]gjson.Result) error) (int64, bool, error) {
	request, last := l.request(repo, at.Floor), at.Floor
	for {
		resp, err := r.get(ctx, request)
		if err != nil {
			return 0, false, err
		}
		items, latest, err := changes(resp)
		if err != nil {
			return 0, false, err
		}
		if err := page(items); err != nil {
			return 0, false, err
		}
		last = max(last, latest)
		next, done, err := api.Link{Request: request}.Next(resp)
		if err != nil || done || last > at.Floor {
			return last, done, err
		}
		if next.Path == request.Path {
			return 0, false, &connectors.Transient{Err: fmt.Errorf("%s: the next page is the same page", l.path)}
		}
		request = next
	}
}

func (l listed) request(repo repository, since int64) api.Request {
	query := url.Values{"sort": {"updated"}, "direction": {"asc"}, "per_page": {strconv.Itoa(pageSize)}}
	for name, values := range l.query {
		query[name] = values
	}
	if since > 0 {
		query.Set("since", time.Unix(since, 0).UTC().Format(time.RFC3339))
	}
	return api.Request{Path: "/repos/" + repo.name + l.path, Query: query, Items: "@this"}
}

// changes returns a page's items and its latest change time.
func changes(resp *api.Response) (items []gjson.Result, last int64, _ error) {
	err := api.Items(resp.Body, "@this", func(item gjson.Result) error {
		at, err := time.Parse(time.RFC3339, item.Get("updated_at").String())
		if err != nil || item.Get("node_id").String() == "" {
			return &connectors.Transient{Err: fmt.Errorf("%s: an item without node_id or updated_at", resp.URL.Path)}
		}
		items, last = append(items, item), max(last, at.Unix())
		return nil
	})
	return items, last, err
}

// get makes a REST request. What concerns one repository only is an
// errUnreadable, or errDisabled when there is nothing to read.
func (r *reading) get(ctx context.Context, request api.Request) (*api.Response, error) {
	request.Stream = r.stream.Name
	resp, err := r.source.rest.Do(ctx, request)
	var status *api.StatusError
	var forbidden *connectors.ErrForbidden
	switch {
	case errors.As(err, &forbidden):
		return nil, &errUnreadable{messageOf(forbidden.Reason)}
	case !errors.As(err, &status):
		return resp, err
	}
	switch status.Status {
	case http.StatusGone, http.StatusConflict: // issues switched off; an empty repository
		return nil, errDisabled
	case http.StatusNotFound:
		return nil, &errUnreadable{notVisible}
	case http.StatusUnavailableForLegalReasons:
		return nil, &errUnreadable{"blocked for legal reasons"}
	}
	return nil, err
}

// messageOf takes the message out of an error's body.
func messageOf(body string) string {
	if message := gjson.Get(body, "message").String(); message != "" {
		return message
	}
	return body
}
