package api_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"rollcall/connectors/api"
)

func TestOnStatus_readsTheVendorsForm(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	discourse := api.OnStatus(429, api.WaitBody("extras.wait_seconds", api.Seconds))
	for name, test := range map[string]struct {
		limited api.LimitedFunc
		header  []string
		body    string
		want    time.Duration
	}{
		"seconds":            {api.OnStatus(429), []string{"Retry-After", "7"}, "", 7 * time.Second},
		"fraction":           {api.OnStatus(429), []string{"Retry-After", " 0.25 "}, "", 250 * time.Millisecond},
		"date":               {api.OnStatus(429), []string{"Retry-After", "Sun, 01 Mar 2026 12:01:00 GMT"}, "", time.Minute},
		"date, skewed clock": {api.OnStatus(429), []string{"Retry-After", "Sun, 01 Mar 2026 13:01:00 GMT", "Date", "Sun, 01 Mar 2026 13:00:00 GMT"}, "", time.Minute},
		"date, absurd clock": {api.OnStatus(429), []string{"Retry-After", "Sun, 01 Mar 2026 12:01:00 GMT", "Date", "Sun, 01 Mar 2020 12:00:00 GMT"}, "", time.Minute},
		"date passed":        {api.OnStatus(429), []string{"Retry-After", "Sun, 01 Mar 2026 11:00:00 GMT"}, "", 0},
		"negative":           {api.OnStatus(429), []string{"Retry-After", "-5"}, "", 0},
		"nonsense":           {api.OnStatus(429), []string{"Retry-After", "soon"}, "", 0},
		"not a number":       {api.OnStatus(429), []string{"Retry-After", "NaN"}, "", 0},
		"absurd":             {api.OnStatus(429), []string{"Retry-After", "1e300"}, "", 366 * 24 * time.Hour},
		"epoch seconds":      {api.OnStatus(429, api.WaitHeader("X-RateLimit-Reset", api.EpochSeconds)), []string{"X-Ratelimit-Reset", "1772366430"}, "", 30 * time.Second},
		"epoch ms":           {api.OnStatus(429, api.WaitHeader("X-RateLimit-Reset", api.EpochMilliseconds)), []string{"X-Ratelimit-Reset", "1772366401500"}, "", 1500 * time.Millisecond},
		"milliseconds":       {api.OnStatus(429, api.WaitHeader("Retry-Ms", api.Milliseconds)), []string{"Retry-Ms", "1500"}, "", 1500 * time.Millisecond},
		"body":               {discourse, nil, `{"extras":{"wait_seconds":9}}`, 9 * time.Second},
		"body, as text":      {discourse, nil, `{"extras":{"wait_seconds":"9"}}`, 9 * time.Second},
		"body before header": {discourse, []string{"Retry-After", "7"}, `{"extras":{"wait_seconds":9}}`, 9 * time.Second},
		"plain text body":    {discourse, []string{"Retry-After", "7"}, "Slow down", 7 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			for i := 0; i < len(test.header); i += 2 {
				header.Set(test.header[i], test.header[i+1])
			}
			wait, limited := test.limited(429, header, []byte(test.body), now)
			require.True(t, limited)
			require.Equal(t, test.want, wait)
		})
	}
}

func TestAnyLimit_takesTheFirstWayThatApplies(t *testing.T) {
	quota := func(status int, header http.Header, body []byte, now time.Time) (time.Duration, bool) {
		return api.Wait(header, body, now, api.WaitHeader("Reset", api.Seconds)), status == 403 && header.Get("Remaining") == "0"
	}
	limited := api.AnyLimit(api.OnStatus(429), quota)
	wait, ok := limited(403, http.Header{"Remaining": {"0"}, "Reset": {"60"}}, nil, time.Time{})
	require.True(t, ok)
	require.Equal(t, time.Minute, wait)
	_, ok = limited(403, http.Header{}, nil, time.Time{})
	require.False(t, ok)
}

func TestBudgetHeaders_tellsTheHost(t *testing.T) {
	b := serve(t, answer(200, `{}`, "X-Remaining", "41", "X-Reset", "20", "Date", "Sun, 01 Mar 2026 12:00:00 GMT"), func(o *api.Options) {
		o.Budget = api.BudgetHeaders("X-Remaining", "X-Reset", api.Seconds)
	})
	_, err := b.Do(t.Context(), api.Request{Path: "/x"})
	require.NoError(t, err)
	require.Equal(t, []string{"api:41:2026-03-01T12:00:20Z"}, b.host.reports)
	_, _, ok := api.BudgetHeaders("A", "B", api.Seconds)(http.Header{"A": {"-1"}, "B": {"3"}}, time.Time{})
	require.False(t, ok)
}
