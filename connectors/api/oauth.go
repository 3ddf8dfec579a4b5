package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"rollcall/connectors"
)

// expiryMargin is how long before its expiry a token is refreshed.
const expiryMargin = time.Minute

// OAuth sends an OAuth2 access token and refreshes it. A new token is stored
// through Host.SaveToken before it is used, since many vendors void the old
// refresh token with the first use of the new one. Without a refresh token it
// uses the client credentials grant. Use it by pointer; it is safe for
// concurrent use.
type OAuth struct {
	ClientID     string
	ClientSecret string
	TokenURL     string
	Scopes       []string
	InParams     bool              // client credentials go in the form rather than the Authorization header
	RefreshToken string            // the operator's, for the first time
	Saved        []byte            // what SaveToken was last given; nil: nothing. Wins over RefreshToken
	Host         connectors.Host   // required
	Clock        Clock             // default the system's
	Transport    http.RoundTripper // default http.DefaultTransport
	Timeout      time.Duration     // of a refresh; default 30 s

	mu    sync.Mutex
	token *oauth2.Token // in use
	fresh *oauth2.Token // obtained but not yet saved
}

// Apply implements Auth. It returns connectors.ErrUnauthorized when the
// refresh is refused.
func (a *OAuth) Apply(ctx context.Context, r *http.Request) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.renew(ctx); err != nil {
		return err
	}
	a.token.SetAuthHeader(r)
	return nil
}

// drop forgets the access token, so that the next Apply fetches one.
func (a *OAuth) drop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.token != nil {
		a.token.AccessToken = ""
	}
}

// renew makes a.token usable: loaded, not about to expire, and saved.
func (a *OAuth) renew(ctx context.Context) error {
	if err := a.load(); err != nil {
		return err
	}
	if a.fresh == nil {
		if a.usable() {
			return nil
		}
		fresh, err := a.fetch(ctx)
		if err != nil {
			return err
		}
		a.fresh = fresh
	}
	saved, err := json.Marshal(a.fresh)
	if err != nil {
		return fmt.Errorf("encode the refreshed token: %w", err)
	}
	// Kept in a.fresh when this fails: the refresh token that fetched it may
	// be void by now, so the next call must save this one, not fetch again.
	if err := a.Host.SaveToken(ctx, saved); err != nil {
		return fmt.Errorf("save the refreshed token: %w", err)
	}
	a.token, a.fresh = a.fresh, nil
	return nil
}

func (a *OAuth) load() error {
	if a.token != nil {
		return nil
	}
	if a.Host == nil {
		return errors.New("api.OAuth: Host is required")
	}
	a.token = &oauth2.Token{RefreshToken: a.RefreshToken}
	if len(a.Saved) == 0 {
		return nil
	}
	saved := &oauth2.Token{}
	if err := json.Unmarshal(a.Saved, saved); err != nil {
		return fmt.Errorf("%w: the saved token cannot be read: authorise the connector again", connectors.ErrUnauthorized)
	}
	a.token = saved
	return nil
}

func (a *OAuth) usable() bool {
	return a.token.AccessToken != "" && (a.token.Expiry.IsZero() || a.now().Add(expiryMargin).Before(a.token.Expiry))
}

func (a *OAuth) now() time.Time {
	if a.Clock == nil {
		return time.Now()
	}
	return a.Clock.Now()
}

func (a *OAuth) fetch(ctx context.Context) (*oauth2.Token, error) {
	timeout := a.Timeout
	setDefault(&timeout, 30*time.Second)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{
		Transport: a.Transport,
		// A token endpoint that redirects would be handed the client's secret.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	})
	style := oauth2.AuthStyleInHeader
	if a.InParams {
		style = oauth2.AuthStyleInParams
	}
	started := time.Now()
	token, err := a.source(ctx, style).Token()
	if err != nil {
		return nil, fetchFault(err)
	}
	if !token.Expiry.IsZero() { // the library reckons with the system's clock
		token.Expiry = a.now().Add(token.Expiry.Sub(started))
	}
	return token, nil // with the old refresh token where no new one came
}

func (a *OAuth) source(ctx context.Context, style oauth2.AuthStyle) oauth2.TokenSource {
	if a.token.RefreshToken == "" {
		config := clientcredentials.Config{ClientID: a.ClientID, ClientSecret: a.ClientSecret,
			TokenURL: a.TokenURL, Scopes: a.Scopes, AuthStyle: style}
		return config.TokenSource(ctx)
	}
	config := oauth2.Config{ClientID: a.ClientID, ClientSecret: a.ClientSecret, Scopes: a.Scopes,
		Endpoint: oauth2.Endpoint{TokenURL: a.TokenURL, AuthStyle: style}}
	return config.TokenSource(ctx, &oauth2.Token{RefreshToken: a.token.RefreshToken})
}

// fetchFault types a failed refresh. The library's own text holds the answer's
// body, which may echo secrets, so only the status and the standard error code
// are kept.
func fetchFault(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		return &connectors.Transient{Err: fmt.Errorf("refresh the access token: %s", withoutURL(err))}
	}
	status := refused.Response.StatusCode
	reason := fmt.Sprintf("refresh the access token: status %d %s", status, standardCode(refused.ErrorCode))
	if status == http.StatusTooManyRequests || status >= 500 || status < 300 || refused.ErrorCode == "temporarily_unavailable" {
		wait, _ := retryAfter(refused.Response.Header, nil, time.Now())
		return &connectors.Transient{After: wait, Err: errors.New(reason)}
	}
	return fmt.Errorf("%s: %w: authorise the connector again", reason, connectors.ErrUnauthorized)
}

// standardCode passes the codes of RFC 6749 §5.2 and §4.1.2.1 only.
func standardCode(code string) string {
	switch code {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client",
		"unsupported_grant_type", "invalid_scope", "temporarily_unavailable", "access_denied", "server_error":
		return code
	}
	return "without a standard error code"
}

// authFault makes a failure of Auth one that Do understands: it is tried again
// unless it is typed as final.
func authFault(call *call, err error) error {
	var transient *connectors.Transient
	switch {
	case errors.As(err, &transient):
		return &fault{err: fmt.Errorf("%s: %w", call.name(), transient.Err), wait: transient.After}
	case typed(err):
		return fmt.Errorf("%s: %w", call.name(), err)
	}
	return &fault{err: fmt.Errorf("%s: %s", call.name(), redact(err.Error(), call.secrets))}
}
