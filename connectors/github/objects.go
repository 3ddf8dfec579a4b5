package github

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/tidwall/gjson"
)

// objects reads objects by node id, up to a hundred for a point, and calls
// each for those that are still there. inner is as in connection.
func (r *reading) objects(ctx context.Context, c connection, ids []string, each func(object gjson.Result) error) error {
	size := shrinking{}
	for len(ids) > 0 {
		some := ids[:min(len(ids), halved(c.first, size.halvings))]
		got, err := r.ask(ctx, r.chosen(c, some, size.halvings))
		if err == nil {
			err = r.allGiven(c, got, some, size)
		}
		if again, err := size.adjust(c, err); err != nil {
			return err
		} else if again {
			continue
		}
		for _, object := range got.data.Get("nodes").Array() {
			if !object.IsObject() {
				continue
			}
			if err := each(object); err != nil {
				return err
			}
		}
		ids = ids[len(some):]
	}
	return nil
}

func (r *reading) chosen(c connection, ids []string, halvings int) query {
	variables := maps.Clone(c.variables)
	if variables == nil {
		variables = map[string]any{}
	}
	variables["ids"] = ids
	for name, inner := range c.inner {
		variables[name] = halved(inner, halvings)
	}
	return query{stream: r.stream.Name, document: c.document, variables: variables, cost: 1 + len(ids)*c.weight/100}
}

// allGiven says whether each id was answered: with its object, or with word
// that it is gone or not for these credentials.
func (r *reading) allGiven(c connection, got answer, ids []string, size shrinking) error {
	objects := got.data.Get("nodes").Array()
	if len(objects) != len(ids) {
		return &errHeavy{fmt.Errorf("graphql %s: %d objects asked for, %d given", c.document, len(ids), len(objects))}
	}
	missing := map[string]fault{}
	for _, f := range got.faults {
		missing[f.path] = f
	}
	for i, object := range objects {
		f, said := missing[fmt.Sprintf("nodes.%d", i)]
		switch {
		case object.IsObject() && holes(object) == 0:
		case said && f.kind == "NOT_FOUND": // deleted since it was listed
		case said && f.denied():
			r.skipPart(c, f.message)
		case size.smallest(c) && size.last == lastTries-1 && !object.IsObject():
			r.skipPart(c, "GitHub answers null for an object it listed")
		default:
			return &errHeavy{errors.New("graphql " + c.document + ": objects are missing from the answer")}
		}
	}
	return nil
}
