package github

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"rollcall/connectors"
)

var (
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$`)
	ownerName      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
)

const (
	defaultURL           = "https://api.github.com"
	defaultReactionsBack = 30 * 24 * time.Hour
)

// settings are one instance's configuration.
type settings struct {
	Token             string   `json:"token"`
	Organization      string   `json:"organization"`
	Repositories      []string `json:"repositories"`
	APIURL            string   `json:"api_url"`
	ReactionsLookback string   `json:"reactions_lookback"`

	reactionsBack time.Duration
	rest          string // base URLs
	graphql       string
}

func settingList() []connectors.Setting {
	return []connectors.Setting{
		{Name: "token", Type: connectors.TypeString, Required: true, Secret: true,
			Help: "personal access or installation token; read access to Metadata, Issues, Pull requests, Discussions, for members read:org, for traffic Administration (or push), for public e-mail addresses read:user"},
		{Name: "organization", Type: connectors.TypeString,
			Help: "organisation or user whose repositories are read; its members are read too"},
		{Name: "repositories", Type: connectors.TypeStringList,
			Help: `repositories to read, as "owner/name"; default: all of the organisation`},
		{Name: "api_url", Type: connectors.TypeString, Default: defaultURL,
			Help: "REST address; GitHub Enterprise Server: https://HOST/api/v3"},
		{Name: "reactions_lookback", Type: connectors.TypeDuration, Default: "720h",
			Help: "reactions leave no trace in a thread's change time: those of threads changed in this time are read again each time"},
	}
}

func parseSettings(given connectors.Settings) (settings, error) {
	var s settings
	if err := given.Decode(&s); err != nil {
		return s, &connectors.ErrConfig{Setting: "github", Reason: err.Error()}
	}
	if strings.TrimSpace(s.Token) == "" {
		return s, &connectors.ErrConfig{Setting: "token", Reason: "is empty"}
	}
	if s.Organization == "" && len(s.Repositories) == 0 {
		return s, &connectors.ErrConfig{Setting: "organization", Reason: "name an organization, repositories or both"}
	}
	if s.Organization != "" && !ownerName.MatchString(s.Organization) {
		return s, &connectors.ErrConfig{Setting: "organization", Reason: fmt.Sprintf("%q is not a login", s.Organization)}
	}
	for _, name := range s.Repositories {
		if !repositoryName.MatchString(name) {
			return s, &connectors.ErrConfig{Setting: "repositories", Reason: fmt.Sprintf(`%q is not "owner/name"`, name)}
		}
	}
	if err := s.parseLookback(); err != nil {
		return s, err
	}
	return s, s.parseURL()
}

func (s *settings) parseLookback() error {
	s.reactionsBack = defaultReactionsBack
	if s.ReactionsLookback == "" {
		return nil
	}
	d, err := time.ParseDuration(s.ReactionsLookback)
	if err != nil || d < 0 {
		return &connectors.ErrConfig{Setting: "reactions_lookback", Reason: fmt.Sprintf(`%q is not a duration such as "720h"`, s.ReactionsLookback)}
	}
	s.reactionsBack = d
	return nil
}

// parseURL derives both addresses. GitHub Enterprise Server has them at
// /api/v3 and /api/graphql, github.com and ghe.com at the root of api.*
// (https://docs.github.com/en/enterprise-server/graphql/guides/managing-enterprise-accounts).
func (s *settings) parseURL() error {
	if s.APIURL == "" {
		s.APIURL = defaultURL
	}
	u, err := url.Parse(strings.TrimRight(s.APIURL, "/"))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.User != nil {
		return &connectors.ErrConfig{Setting: "api_url", Reason: "is not an address such as " + defaultURL}
	}
	s.rest = u.String()
	if root, enterprise := strings.CutSuffix(s.rest, "/api/v3"); enterprise {
		s.graphql = root + "/api"
	} else {
		s.graphql = s.rest
	}
	return nil
}
