package api

import (
	"context"
	"net/http"
)

// Auth adds credentials to a request. What it adds to the header or the query
// is kept out of logs and errors. See Bearer, Basic, HeaderKey, QueryKey and
// OAuth.
type Auth interface {
	Apply(ctx context.Context, r *http.Request) error
}

// Bearer sends "Authorization: Bearer <Token>".
type Bearer struct{ Token string }

// Apply implements Auth.
func (a Bearer) Apply(_ context.Context, r *http.Request) error {
	r.Header.Set("Authorization", "Bearer "+a.Token)
	return nil
}

// Basic sends HTTP basic authentication. Vendors that take an API key this
// way want it as the user, with an empty or a fixed password.
type Basic struct{ User, Password string }

// Apply implements Auth.
func (a Basic) Apply(_ context.Context, r *http.Request) error {
	r.SetBasicAuth(a.User, a.Password)
	return nil
}

// HeaderKey sends a key in a header of the vendor's own: "Api-Key".
type HeaderKey struct{ Name, Key string }

// Apply implements Auth.
func (a HeaderKey) Apply(_ context.Context, r *http.Request) error {
	r.Header.Set(a.Name, a.Key)
	return nil
}

// QueryKey sends a key as a query parameter.
type QueryKey struct{ Name, Key string }

// Apply implements Auth.
func (a QueryKey) Apply(_ context.Context, r *http.Request) error {
	query := r.URL.Query()
	query.Set(a.Name, a.Key)
	r.URL.RawQuery = query.Encode()
	return nil
}
