package github

import (
	"bytes"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"rollcall/connectors/api"
)

// unsaidWait is how long GitHub asks to wait after a secondary limit that
// names no time (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
const unsaidWait = time.Minute

// budget reads what is left of the token's hour.
func budget(header http.Header, now time.Time) (int, time.Time, bool) {
	return api.BudgetHeaders("X-RateLimit-Remaining", "X-RateLimit-Reset", api.EpochSeconds)(header, now)
}

// limited tells GitHub's rate limits: 403 or 429 with Retry-After (secondary),
// with no remaining budget (primary), or with only a message; and 200 with an
// error of type RATE_LIMITED from GraphQL.
func limited(status int, header http.Header, body []byte, now time.Time) (time.Duration, bool) {
	switch status {
	case http.StatusOK:
		if !graphqlLimited(body) {
			return 0, false
		}
	case http.StatusForbidden:
		if header.Get("Retry-After") == "" && header.Get("X-RateLimit-Remaining") != "0" && !speaksOfLimit(body) {
			return 0, false
		}
	case http.StatusTooManyRequests:
	default:
		return 0, false
	}
	return waitOf(header, body, now), true
}

func graphqlLimited(body []byte) bool {
	if !bytes.Contains(body, []byte("RATE_LIMITED")) || !gjson.ValidBytes(body) {
		return false
	}
	return gjson.GetBytes(body, `errors.#(type=="RATE_LIMITED")`).Exists()
}

// speaksOfLimit reads the message of a 403, the only sign some limits give.
func speaksOfLimit(body []byte) bool {
	lower := bytes.ToLower(body)
	return bytes.Contains(lower, []byte("secondary rate limit")) ||
		bytes.Contains(lower, []byte("api rate limit exceeded")) ||
		bytes.Contains(lower, []byte("abuse detection"))
}

func waitOf(header http.Header, body []byte, now time.Time) time.Duration {
	if wait := api.Wait(header, body, now); wait > 0 {
		return wait
	}
	if header.Get("X-RateLimit-Remaining") == "0" {
		if _, reset, ok := budget(header, now); ok && reset.After(now) {
			return reset.Sub(now)
		}
	}
	return unsaidWait
}
